"""Redaction: no secrets and no forged lines in anything that is logged.

Masking goes by name: whatever stands after `access_token`, `password`, `Bearer` and
their like is replaced, be it in a query string, a form, JSON, a repr or a traceback.
When in doubt too much is masked. Every pattern starts with a fixed word and never
reads the same text twice, so hostile input costs no more than its length.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import quote

from integrations.http.observability import trace
from integrations.http.observability.steering import CHARACTERS
from integrations.http.secrets import MASK, Secret

# Shorter values would mask ordinary words.
MIN_EXACT: Final = 8

_STRONG = (
    r"token|secret|passw(?:or)?d\d?|passphrase|secret_?key|token_?keys|api[_-]?key"
    r"|private_?key|verifier|session_?id|csrf|credentials?|assertion|signature"
)
_GAP = (
    r"(?:\\{0,8}[\"']|%2[27])?+\s{0,4}+(?:=>|[:=]|%3[ADad]|(?<=[\"'])\s{0,4},)\s{0,4}+"
)
# Each name above and below contains one of these.
_STEMS: Final = (
    *("token", "secret", "passw", "passphrase", "key", "verifier", "session", "csrf"),
    *("credential", "assertion", "signature", "code", "state"),
)
# Short words that are no secret in "exit code: 137" or "state=needs_reconnect"; a
# state or a code of OAuth is longer or has other characters.
_END = r"(?![\w.~+/=%\"'-])"
_WEAK = (
    r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))(?:"
    rf"code(?!{_GAP}(?:[\"']\d{{1,3}}[\"']|\d{{1,3}}{_END}))"
    rf"|state(?!{_GAP}(?:[\"'][A-Za-z_]{{1,16}}[\"']|[A-Za-z_]{{1,16}}{_END})))"
)
_NOTHING = r"(?!(?:None|null|[Tt]rue|[Ff]alse)(?![\w-]))"
_QUOTED = (
    r"[bBuUrR]{0,2}(?:\"(?:[^\"\\]|\\.)*+|'(?:[^'\\]|\\.)*+"
    r"|\\{1,8}\"(?:[^\"\\]|\\++(?![\"\\]))*+|\\{1,8}'(?:[^'\\]|\\++(?!['\\]))*+)"
)
# A closing mark belongs to an unquoted value when more of it follows.
_BARE = r"(?:[^\s&\"'<>,;)\]}\\]|[,;)\]}]++(?![\s&\"'<>\\]|\Z))++"
_LISTED = r"\[[^\[\]]*+|\([^()]*+"

_NAMED = re.compile(
    rf"((?:{_STRONG}|{_WEAK}){_GAP})"
    rf"{_NOTHING}({_LISTED}|{_QUOTED}|{_BARE})",
    re.IGNORECASE | re.DOTALL,
)
_HEADER = re.compile(
    rf"((?:authorization|cookie){_GAP})({_LISTED}|{_QUOTED}|[^\r\n]++)",
    re.IGNORECASE | re.DOTALL,
)
_OPENING = re.compile(r"[bBuUrR]{0,2}\\{0,8}[\"']|[\[(]")
_SCHEME = re.compile(
    r"(?<!type=)\b(Bearer\s{1,4}+(?!tokens?\b|auth|realm\b)|Basic\s{1,4}+(?!auth|realm\b))"
    r"[\w.~+/=\-]{4,}+",
    re.IGNORECASE,
)
_USER_INFO = re.compile(r"(://)[^\s/\"'<>]*@")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]++(?:\.[\w-]*+)?")
# The one-time keys of the account pages, and those of feeds, stand in the path itself.
_PATH_KEY = re.compile(
    r"(/(?:reset/key|confirm-email|feeds|unsubscribe)/)[^\s/\"'<>?]++"
)
_PATHS: Final = ("/reset/key/", "/confirm-email/", "/feeds/", "/unsubscribe/")
# Tokens that say by their beginning what they are.
_PREFIXED = re.compile(r"\b(?:ntn_\w{8,}+|pat-[a-z]{2}\d-[\w-]{8,}+)", re.IGNORECASE)
# Line breaks of every kind, terminal control, text direction, lone surrogates.
_CONTROL = re.compile(f"[\t\n{CHARACTERS}\ud800-\udfff]")


def _masked(match: re.Match[str]) -> str:
    opening = _OPENING.match(match[2])
    return match[1] + (opening[0] if opening else "") + MASK


_Replacement: TypeAlias = str | Callable[[re.Match[str]], str]
_STEPS: Final[tuple[tuple[Iterable[str], re.Pattern[str], _Replacement], ...]] = (
    (("authorization", "cookie"), _HEADER, _masked),
    (("bearer", "basic"), _SCHEME, rf"\1{MASK}"),
    (_STEMS, _NAMED, _masked),
    (("://",), _USER_INFO, rf"\1{MASK}@"),
    (_PATHS, _PATH_KEY, rf"\1{MASK}"),
    (("eyj",), _JWT, MASK),
    (("ntn_", "pat-"), _PREFIXED, MASK),
)

_exact: re.Pattern[str] | None = None
_known: set[str] = set()


def register_secrets(*values: Secret) -> None:
    """Mask these values wherever they appear, whatever stands before them.

    Call it at start-up with the secrets of the process: client secrets, SECRET_KEY,
    token keys. Values shorter than 8 characters are left out.
    """
    global _exact  # noqa: PLW0603 - logging is process-wide, and so is this list
    for value in values:
        plain = value.reveal()
        if len(plain) >= MIN_EXACT:
            _known.update((plain, quote(plain, safe="")))
    if _known:
        longest_first = sorted(_known, key=len, reverse=True)
        _exact = re.compile("|".join(re.escape(each) for each in longest_first))


def redact(text: str) -> str:
    """Return `text` with every secret that can be recognised replaced by `***`."""
    if _exact is not None:
        text = _exact.sub(MASK, text)
    # Looking for a word costs far less than trying a pattern at every character.
    lower = text.lower()
    for words, pattern, replacement in _STEPS:
        if any(word in lower for word in words):
            text = pattern.sub(replacement, text)
    return text


def escape(text: str) -> str:
    """Return `text` on one line, with control characters written out as escapes."""
    return _CONTROL.sub(_escaped, text)


def one_line(text: str, *, limit: int = 300) -> str:
    """Return `text` redacted, on one line, cut after `limit` characters."""
    clean = escape(redact(text))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


class RedactingFormatter(logging.Formatter):
    """Log formatter: one line a record, in UTC, no secrets, no forged lines.

    A traceback follows on lines of its own, each of them marked with `  | `, so no
    text inside it can pass for a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text; never raises."""
        head = f"{self.formatTime(record)} {record.levelname} {record.name} "
        ids = "".join(f" {name}={each}" for name, each in trace.ids().items())
        lines = [head + escape(redact(_message(record))) + ids]
        if record.exc_info:
            lines += _block(self.formatException(record.exc_info))
        elif record.exc_text:
            lines += _block(record.exc_text)
        if record.stack_info:
            lines += _block(record.stack_info)
        return "\n".join(lines)

    def formatTime(  # noqa: N802 - the name that logging calls
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return the time of the record in UTC, ISO 8601, with milliseconds."""
        when = datetime.fromtimestamp(record.created, UTC)
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JsonFormatter(RedactingFormatter):
    """Log formatter for machines: one JSON object a line, its traceback inside."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON; never raises."""
        told: dict[str, object] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": escape(redact(_message(record))),
            **trace.ids(),
        }
        if record.exc_info:
            told["error"] = redact(self.formatException(record.exc_info))
        elif record.exc_text:
            told["error"] = redact(record.exc_text)
        if record.stack_info:
            told["stack"] = redact(record.stack_info)
        return json.dumps(told)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as exc:  # noqa: BLE001 - logging would print the raw arguments
        return f"{record.msg} [arguments left out: {type(exc).__name__}]"


def _block(text: str) -> list[str]:
    return ["  | " + escape(line) for line in redact(text).split("\n")]


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")

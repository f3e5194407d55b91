"""Parse the inline marks of Markdown into spans, in one go over a line.

What looks like a mark and is none stays. Each kind of mark is open once at most and
all lengths are bounded, so that a line of nothing but openings costs no minute.
"""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.providers.text.rich_text import Span, Spans, Style, trim_spans

MAX_LINE: Final = 10_000

# What follows a backslash is itself, and code is literal: both are set aside while
# marks are read.
_LITERAL: Final = re.compile(
    r"\\(?P<escaped>[\\*~`$\[\]<>{}|^_#+\-.!()])|(?P<ticks>`+)(?P<code>.{1,2000}?)(?P=ticks)"
)
_ASIDE: Final = 0xE000
_MOST_PIECES: Final = 0xF8FF - _ASIDE
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_BREAK: Final = re.compile(r"[ \t]*<br\s*/?>[ \t]*", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[^\S\n]+")
_URL: Final = r"[^()\s]{0,2000}(?:\([^()\s]{0,2000}\)[^()\s]{0,2000}){0,8}"
_TOKEN: Final = re.compile(
    rf"!?\[(?P<label>[^\[\]]*)\]\((?P<url>{_URL})(?:\s+\"[^\"]{{0,300}}\")?\)"
    r"|<(?P<auto>(?:https?://|mailto:)[^\s<>]{1,2000})>"
    r"|(?P<run>\*+|~+|_+)"
)
_STYLES: Final = {
    "*": Style.ITALIC,
    "**": Style.BOLD,
    "_": Style.ITALIC,
    "__": Style.BOLD,
    "~~": Style.STRIKE,
}

Step = Callable[[str], str]


def markdown_spans(
    line: str,
    *,
    before: Step = lambda text: text,
    after: Step = lambda text: text,
    underscores: bool = True,
) -> Spans:
    """Return the spans of one line of Markdown.

    A dialect rewrites what is its own ``before`` the marks are read, and ``after``
    that in each text; without ``underscores`` those are letters like any other.
    """
    aside = _Aside()
    text = aside.put(_PRIVATE.sub("", line[:MAX_LINE]))
    text = _BREAK.sub("\n", before(text))
    pieces = _Pieces(underscores=underscores).read(text)
    spans = [each for span in pieces for each in aside.bring_back(span, after)]
    return trim_spans(spans)


class _Pieces(Struct, kw_only=True):
    """The pieces of a line, and where each mark that is still open stands."""

    underscores: bool
    spans: list[Span] = field(default_factory=list)
    opened: dict[str, int] = field(default_factory=dict)

    def read(self, text: str) -> list[Span]:
        """Cut a text at its marks; those without a partner are words."""
        end = 0
        for token in _TOKEN.finditer(text):
            self._add(text[end : token.start()])
            end = token.end()
            if token["run"] is not None:
                self._read_run(token, text)
            elif token["auto"] is not None:
                self._add(token["auto"].removeprefix("mailto:"), href=token["auto"])
            else:
                label = _Pieces(underscores=self.underscores).read(token["label"])
                self.spans += [replace(each, href=token["url"]) for each in label]
        self._add(text[end:])
        return self.spans

    def _read_run(self, token: "re.Match[str]", text: str) -> None:
        """Close and open what a row of one sign can close and open."""
        run, sign = token["run"], token["run"][0]
        before = text[token.start() - 1] if token.start() else " "
        following = text[token.end()] if token.end() < len(text) else " "
        can_open, can_close = not following.isspace(), not before.isspace()
        if sign == "_":
            can_open = can_open and not before.isalnum() and self.underscores
            can_close = can_close and not following.isalnum() and self.underscores
        left = len(run)
        while can_close and (mark := self._last_opened(sign, left)):
            self._close(mark)
            left -= len(mark)
        if left > 3 or not can_open:
            self._add(sign * left)
            return
        for mark in (sign * 2, sign):
            if left >= len(mark) and mark in _STYLES and mark not in self.opened:
                self.opened[mark] = len(self.spans)
                self._add(mark)
                left -= len(mark)
        self._add(sign * left)

    def _last_opened(self, sign: str, left: int) -> str | None:
        if sign * left in self.opened:
            return sign * left
        marks = (m for m in self.opened if m[0] == sign and len(m) <= left)
        return max(marks, key=self.opened.__getitem__, default=None)

    def _close(self, mark: str) -> None:
        """Give a style to everything since its mark; marks in between are words."""
        start = self.opened[mark]
        self.spans[start:] = [
            replace(each, styles=each.styles | {_STYLES[mark]})
            for each in self.spans[start + 1 :]
        ]
        self.opened = {m: at for m, at in self.opened.items() if at < start}

    def _add(self, text: str, *, href: str = "") -> None:
        if text:
            self.spans.append(Span(text=text, href=href))


class _Aside:
    """Literal pieces of a line, behind single private-use characters."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._codes: set[str] = set()

    def put(self, text: str) -> str:
        """Replace each literal piece by a sign that stands for it."""
        return _LITERAL.sub(self._keep, text)

    def _keep(self, match: "re.Match[str]") -> str:
        if len(self._pieces) == _MOST_PIECES:
            return match[0]
        sign = chr(_ASIDE + len(self._pieces))
        self._pieces.append(match["escaped"] or match["code"])
        if match["code"]:
            self._codes.add(sign)
        return sign

    def bring_back(self, span: Span, after: Step) -> Spans:
        """Return a span with its literal pieces; code becomes a span of its own."""
        href = self._literal(span.href)
        found, start = [], 0
        for sign in _PRIVATE.finditer(span.text):
            if sign[0] in self._codes:
                found.append((span.text[start : sign.start()], span.styles))
                found.append((sign[0], span.styles | {Style.CODE}))
                start = sign.end()
        found.append((span.text[start:], span.styles))
        return tuple(
            Span(
                text=self._literal(
                    text if Style.CODE in styles else _BLANKS.sub(" ", after(text))
                ),
                styles=styles,
                href=href,
            )
            for text, styles in found
        )

    def _literal(self, text: str) -> str:
        return _PRIVATE.sub(lambda sign: self._pieces[ord(sign[0]) - _ASIDE], text)

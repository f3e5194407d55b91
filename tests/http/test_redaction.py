"""Nothing written down holds a secret or forges a line."""

import json
import logging
import sys
import time

import pytest

from integrations.http.observability import redaction
from integrations.http.observability.redaction import (
    RedactingFormatter,
    escape,
    one_line,
    redact,
    register_secrets,
)
from integrations.http.secrets import Secret

CANARY = "S3cr3t-Canary_9.x~"
NAMES = [
    "access_token",
    "refresh_token",
    "id_token",
    "token",
    "client_secret",
    "code",
    "code_verifier",
    "password",
    "password1",
    "state",
    "sessionid",
    "csrfmiddlewaretoken",
    "csrftoken",
    "api_key",
    "SECRET_KEY",
    "accessToken",
    "clientSecret",
]
SHAPES = [
    "GET /cb?a=1&{name}={value}&b=2 HTTP/1.1",
    "https://x.example/cb?{name}={value}",
    "{name}={value}&b=2",
    '{{"{name}":"{value}","b":2}}',
    '{{"b": 2, "{name}" : "{value}"}}',
    "{{'{name}': '{value}', 'b': 2}}",
    "{{'{name}': b'{value}'}}",
    "{{'{name}': ['{value}']}}",
    "[('{name}', '{value}'), ('b', 2)]",
    "call({name}='{value}', b=2)",
    "call({name}={value})",
    "{name}: {value}",
    "{name} = {value}",
    '{{\\"{name}\\":\\"{value}\\",\\"b\\":2}}',
    "next=%2Fcb%3F{name}%3D{value}%26b",
    "%22{name}%22%3A%22{value}%22",
    '{{"{name}": "{value}',
    "<{name}={value}>",
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_what_stands_after_a_secret_name_is_masked(name, shape):
    clean = redact(shape.format(name=name, value=CANARY))

    assert CANARY not in clean
    assert "Canary" not in clean
    assert "***" in clean
    assert name in clean


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"authorization: Basic {CANARY}==\r\nHost: x",
        f"{{'Authorization': 'Bearer {CANARY}', 'a': 1}}",
        f"[(b'authorization', b'Token {CANARY}')]",
        f"sent Bearer {CANARY} twice",
        f"Basic {CANARY}==",
        f"Cookie: a=1; sessionid={CANARY}; theme={CANARY}",
        f"Set-Cookie: __Host-sessionid={CANARY}; Secure",
        f"redis://:{CANARY}@cache:6379/0",
        f"postgres://ada:{CANARY}@db/x and https://{CANARY}@x.example/",
        f"GET /accounts/password/reset/key/2-{CANARY}/",
        f"GET /accounts/confirm-email/{CANARY}/",
        f"Not Found: /notices/unsubscribe/{CANARY}/",
        f"X-API-Key: {CANARY}",
        f"refused ntn_{CANARY.replace('-', '')} twice",
        f"refused pat-na1-{CANARY} twice",
        "jwt eyJhbGciOiJIUzI1NiJ9.eyJCanary_12345.Canary-sig",
        f'password="with \\" quote {CANARY}" next',
        f"password=p(a),ss;{CANARY} next",
        f"TOKEN_KEYS=k1:{CANARY},k2:{CANARY}",
        f"<QueryDict: {{'code': ['a', '{CANARY}']}}>",
    ],
)
def test_secrets_without_a_name_of_their_own_are_masked(text):
    clean = redact(text)

    assert "Canary" not in clean
    assert "***" in clean


@pytest.mark.parametrize(
    "text",
    [
        "connection changed state=needs_reconnect reason=revoked",
        "Task done state=SUCCESS exit code: 137 code=404",
        "tokens=12 token_type=bearer refresh_token=None",
        "Basic authentication and a Bearer token are needed",
        "GET /items?q=ada&sort=name 200",
        "https://api.example/v0/items at 12:00:00",
        "sync finished connection=3f2a items=240",
    ],
)
def test_ordinary_lines_stay_readable(text):
    assert redact(text) == text


def test_masking_keeps_the_rest_of_a_body_readable():
    body = json.dumps({"access_token": CANARY, "expires_in": 1800, "user": "ada"})

    assert json.loads(redact(body)) == {
        "access_token": "***",
        "expires_in": 1800,
        "user": "ada",
    }


@pytest.fixture
def forgetful(monkeypatch):
    monkeypatch.setattr(redaction, "_known", set())
    monkeypatch.setattr(redaction, "_exact", None)


@pytest.mark.usefixtures("forgetful")
def test_registered_secrets_are_masked_wherever_they_stand():
    register_secrets(Secret("process/secret+1"), Secret("short"))

    clean = redact("x=process/secret+1 y=process%2Fsecret%2B1 short")

    assert clean == "x=*** y=*** short"


HOSTILE = {
    "one word": "a" * 200_000,
    "names": "token" * 40_000,
    "assignments": "token=" * 34_000,
    "open quotes": 'token="' * 28_000,
    "escaped quotes": 'token="\\' * 24_000,
    "backslashes": "token=" + "\\" * 200_000,
    "nested quotes": 'token\\\\\\\\"' * 18_000,
    "brackets": "token=[" * 28_000,
    "marks": "token=" + "," * 200_000,
    "spaces": "Bearer" + " " * 200_000,
    "gaps": "state" + " " * 200_000,
    "origins": "://a" * 50_000,
    "user": "://" + "a" * 200_000,
    "dots": "eyJ" * 66_000,
    "codes": "code=1" * 32_000,
    "lines": "\n" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_message_takes_no_longer_than_its_length(text):
    half = _seconds(text[: len(text) // 2])
    whole = _seconds(text)

    assert whole < max(5 * half, 0.5)


def _seconds(text):
    start = time.process_time()
    escape(redact(text))
    return time.process_time() - start


def record(message, *args, **fields):
    made = logging.LogRecord("shop", logging.INFO, "f.py", 1, message, args, None)
    made.created = 1795359600.25
    vars(made).update(fields)
    return made


def test_a_line_has_its_time_in_utc_level_and_name():
    line = RedactingFormatter().format(record("sync %s", "done"))

    assert line == "2026-11-22T15:00:00.250Z INFO shop sync done"


@pytest.mark.parametrize(
    "evil",
    ["a\nb", "a\r\nb", "a\x1b[2Jb", "a\x00b", "a\u2028b", "a\x85b", "a\u202eb"],
)
def test_nothing_in_a_message_can_start_a_line_or_drive_a_terminal(evil):
    line = RedactingFormatter().format(record("name=%s", evil))

    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_a_lone_surrogate_cannot_break_the_stream():
    RedactingFormatter().format(record("name=%s", "\ud800")).encode()


def test_arguments_are_masked_after_they_are_put_in():
    line = RedactingFormatter().format(record("body=%s", {"access_token": CANARY}))

    assert CANARY not in line


def test_a_message_that_does_not_fit_its_arguments_shows_none_of_them():
    line = RedactingFormatter().format(record("%d items", CANARY))

    assert CANARY not in line
    assert "%d items" in line


def test_an_argument_that_cannot_be_printed_stops_nothing():
    class Broken:
        def __str__(self):
            raise RuntimeError(CANARY)

    line = RedactingFormatter().format(record("%s", Broken()))

    assert "RuntimeError" in line
    assert CANARY not in line


def failing(text):
    try:
        raise ValueError(text)  # noqa: TRY301 - the point is where it comes from
    except ValueError:
        return sys.exc_info()


def test_a_traceback_is_readable_masked_and_cannot_forge_a_line():
    forged = f"refresh_token={CANARY}\n2026-11-22T15:00:00.000Z INFO shop forged\x1b"

    lines = (
        RedactingFormatter()
        .format(record("failed", exc_info=failing(forged)))
        .splitlines()
    )

    assert lines[0].endswith("failed")
    assert all(line.startswith("  | ") for line in lines[1:])
    assert "  | Traceback (most recent call last):" in lines
    assert any("ValueError: refresh_token=***" in line for line in lines)
    assert CANARY not in "\n".join(lines)
    assert "\x1b" not in "\n".join(lines)


def test_a_traceback_cached_by_another_formatter_is_masked_too():
    made = record("failed", exc_info=failing(f"token={CANARY}"))
    logging.Formatter().format(made)
    made.exc_info = None

    assert CANARY not in RedactingFormatter().format(made)


def test_one_line_is_short_clean_and_single():
    text = one_line(f"code={CANARY}\n" + "x" * 999, limit=50)

    assert text.startswith("code=***")
    assert len(text) == 50
    assert "\n" not in text

"""JSON from a stranger is bounded, strict and storable."""

import pytest

from integrations.http.errors import InvalidResponse
from integrations.http.responses.body import MAX_DEPTH, parse_json


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b'{"a": 1',
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[-1e999]",
        b"9" * 41,
        b"9" * 5000,
        b'"\xff"',
        b'{"a": 1} trailing',
        "[1]".encode("utf-16"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
    ids=range(17),
)
def test_what_is_not_plain_json_is_an_invalid_response(data):
    with pytest.raises(InvalidResponse):
        parse_json(data)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"null", None),
        (b'{"a": [1, -2.5, true]}', {"a": [1, -2.5, True]}),
        ("\ufeff{}".encode(), {}),
        (b"1" * 40, int("1" * 40)),
        ('"é \\ud83d\\ude00"'.encode(), "é 😀"),
    ],
)
def test_plain_json_is_read(data, value):
    assert parse_json(data) == value


def test_the_deepest_allowed_nesting_is_read():
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_what_a_database_cannot_store_is_replaced_in_values_and_keys():
    body = parse_json(b'{"a\\u0000": ["x\\ud800y", {"k": "\\u0000"}], "ok": "\\ud83d"}')

    assert body == {"a\ufffd": ["x\ufffdy", {"k": "\ufffd"}], "ok": "\ufffd"}


def test_each_half_of_a_surrogate_pair_is_replaced_and_no_whole_pair_is():
    for half in range(0xD800, 0xE000):
        alone = f"\\u{half:04x}"
        written = f'["{alone}", "{alone}\\u0041", "\\ud83d\\ude00{alone} "]'.encode()

        assert parse_json(written) == ["\ufffd", "\ufffdA", "😀\ufffd "]


def test_the_error_does_not_quote_the_answer():
    with pytest.raises(InvalidResponse) as caught:
        parse_json(b'{"access_token": "canary"')

    assert "canary" not in f"{caught.value} {caught.value.__cause__}"

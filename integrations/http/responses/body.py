"""Read JSON that a stranger wrote: bounded, strict, and safe to store."""

import json
import re
from typing import Any, Final

import msgspec

from integrations.http.errors import InvalidResponse

MAX_DEPTH: Final = 100
MAX_DIGITS: Final = 40
_CONTAINERS: Final = (dict, list)

# How runs of digits are found by a search for zeros, at the cost of a copy.
_DIGITS_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_TOO_LONG: Final = b"0" * (MAX_DIGITS + 1)

_NUL: Final = b"\\u0000"
# Escapes that may decode to a NUL or to half of a surrogate pair.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
# PostgreSQL stores neither, and a lone surrogate cannot be encoded at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse_json(data: bytes) -> Any:
    """Return the value in `data`; InvalidResponse when it is not plain JSON.

    Refused: text that is not UTF-8, NaN and infinities, numbers of more than 40
    digits, more than 100 levels. NUL and lone surrogates become U+FFFD.
    """
    # The quick parser refuses half of a surrogate pair itself.
    if _NUL in data or _TOO_LONG in data.translate(_DIGITS_TO_ZEROS):
        return _parse_carefully(data)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _parse_carefully(data)
    _check_depth(value)
    return value


def _parse_carefully(data: bytes) -> Any:
    """Read what the quick parser does not, or not as strictly."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            parse_int=_to_int,
            parse_float=_to_float,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as exc:
        # The text of a JSON error quotes no content, so the chain shows none either.
        raise InvalidResponse("the answer is not valid JSON") from exc
    _check_depth(value)
    return _clean(value) if _SUSPECT.search(data) else value


def _to_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("number too long")
    return int(digits)


def _to_float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number too large")
    return number


def _refuse(name: str) -> float:
    raise ValueError("not a JSON number")


def _check_depth(value: Any) -> None:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _containers(node)]
        if not level:
            return
    raise InvalidResponse("the answer is nested too deeply")


def _containers(node: Any) -> list[Any]:
    # The parser makes these types and no children of theirs.
    children = node.values() if type(node) is dict else node
    return [child for child in children if type(child) in _CONTAINERS]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    return value

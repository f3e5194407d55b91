"""Read parsed JSON strictly: what is not of the promised shape is an error."""

from typing import Any

from integrations.http.errors import InvalidResponse


def expect_object(value: Any, where: str) -> dict[str, Any]:
    """Return `value` as an object; InvalidResponse naming `where` when it is none."""
    if not isinstance(value, dict):
        raise _wrong(where, "an object", value)
    return value


def expect_nothing(value: Any, where: str) -> None:
    """Accept an answer without a body; InvalidResponse when it tells anything.

    Where 204 is promised, another success says nothing of what was done.
    """
    if value is not None:
        raise _wrong(where, "nothing", value)


def expect_list(value: Any, where: str) -> list[Any]:
    """Return `value` as a list; InvalidResponse naming `where` when it is none."""
    if not isinstance(value, list):
        raise _wrong(where, "a list", value)
    return value


def expect_text(value: Any, where: str) -> str:
    """Return `value` as a non-empty text; InvalidResponse when it is none."""
    if not isinstance(value, str) or not value:
        raise _wrong(where, "a text", value)
    return value


def objects(body: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the list of objects under `key`, which must be there."""
    rows = expect_list(body.get(key), key)
    for n, row in enumerate(rows):
        if not isinstance(row, dict):
            expect_object(row, f"{key}[{n}]")
    return rows


def text(body: dict[str, Any], key: str) -> str:
    """Return the non-empty text under `key`, which must be there."""
    return expect_text(body.get(key), key)


def optional_object(body: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under `key`, or an empty one when it is missing or null."""
    value = body.get(key)
    return {} if value is None else expect_object(value, key)


def flag(body: dict[str, Any], key: str) -> bool:
    """Return the boolean under `key`, False when it is missing or null."""
    value = body.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value)
    return value


def _wrong(where: str, wanted: str, value: Any) -> InvalidResponse:
    # Only the type is named: the value may be personal data or a secret.
    found = "nothing" if value is None else type(value).__name__
    return InvalidResponse(f"{where}: expected {wanted}, got {found}")

"""Read Notion's ids: UUIDs that come with and without hyphens."""

import re
from collections.abc import Iterable
from typing import Final

from integrations.http.errors import InvalidResponse

_HEX: Final = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)

_AT_END: Final = re.compile(
    r"(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z",
    re.ASCII | re.IGNORECASE,
)


def to_id(value: object) -> str:
    """Return an id with hyphens in lower case; InvalidResponse when it is none."""
    plain = value.replace("-", "").lower() if isinstance(value, str) else ""
    if not _HEX.match(plain):
        raise InvalidResponse("id: expected a UUID")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def find_id(value: object) -> str | None:
    """Return an id, or None for what is none."""
    try:
        return to_id(value)
    except InvalidResponse:
        return None


def id_in(path: str) -> str:
    """Return the id that a path ends with, behind a title; empty for none."""
    found = _AT_END.search(path.rstrip("/"))
    return to_id(found[0]) if found else ""


def find_ids(values: Iterable[object]) -> list[str]:
    """Return the ids among the values, each once, in order."""
    found = (find_id(value) for value in values)
    return list(dict.fromkeys(each for each in found if each is not None))

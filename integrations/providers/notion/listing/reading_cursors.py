"""Read stored cursors, those of earlier versions included.

Versions before the typed cursors wrote objects without a kind. They are read as well,
so that an upgrade in the middle of a refresh loses nothing. Whatever else is stored is
a ListingExpiredError: the listing starts again.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.listing.cursors import (
    KIND,
    KINDS,
    Check,
    Cursor,
    CursorKind,
    Frame,
    Inventory,
    Parents,
    Query,
    Search,
    Trash,
    UnseenRows,
    Walk,
)
from integrations.providers.typed import typed_json
from integrations.providers.typed.values import to_time

# Said which page was read again for its other children; it was not left before that.
_NOT_WRITTEN_ANY_MORE: Final = frozenset({"entered", "told"})


def read_inventory(cursor: str | None) -> Inventory:
    """Read a cursor of a refresh of pages or databases; without one, search."""
    found = _from_json(cursor, _inventory_before_kinds)
    if isinstance(found, Search | Walk | Check):
        return found
    raise _unknown()


def read_trash(cursor: str | None) -> Trash:
    """Read a cursor of the search in the trash."""
    found = _from_json(cursor, lambda old: Trash(**_hits(old)))
    if isinstance(found, Trash):
        return found
    raise _unknown()


def read_rows(cursor: str | None) -> Query | UnseenRows | None:
    """Read a cursor of the rows of a data source; None at the beginning."""
    if cursor is None:
        return None
    found = _from_json(cursor, _query_before_kinds)
    if isinstance(found, Query | UnseenRows):
        return found
    raise _unknown()


def _from_json(
    cursor: str | None, read_old: Callable[[Mapping[str, Any]], Cursor]
) -> Cursor:
    """Read a cursor of whatever kind; ``read_old`` reads what has none."""
    try:
        stored = json.loads(cursor or "{}")
        if not isinstance(stored, dict):
            raise _unknown()
        if KIND not in stored:
            if not isinstance(stored.get("start"), str | None):
                raise _unknown()
            return read_old(stored)
        left_out = {KIND} | _NOT_WRITTEN_ANY_MORE
        rest = {name: value for name, value in stored.items() if name not in left_out}
        return typed_json.load(KINDS[CursorKind(stored[KIND])], rest)
    except (ValueError, TypeError) as exc:
        raise _unknown() from exc


def _unknown() -> ListingExpiredError:
    return ListingExpiredError("the cursor is not one of ours")


def _hits(old: Mapping[str, Any]) -> dict[str, Any]:
    return {"start": old.get("start"), "skip": int(old.get("skip") or 0)}


def _inventory_before_kinds(old: Mapping[str, Any]) -> Inventory:
    """Read a cursor whose phase stood under a key of its own, the first under none."""
    phase = CursorKind(old.get("phase") or CursorKind.SEARCH)
    rounds: dict[str, Any] = {
        "round": int(old.get("round") or 0),
        "is_crowded": bool(old.get("crowded")),
    }
    after, walked = str(old.get("after") or ""), str(old.get("walked") or "")
    if phase is CursorKind.SEARCH:
        return Search(**_hits(old))
    if phase is CursorKind.WALK:
        path = tuple(map(Frame.from_json, old.get("path") or ()))
        return Walk(after=after, path=path, **rounds)
    if phase is CursorKind.CHECK:
        return Check(after=after, walked=walked, **rounds)
    if phase is CursorKind.PARENTS:
        # Parents were looked for in another order then: this begins with the first.
        has_found = bool(old.get("more"))
        return Parents(walked=walked, has_found=has_found, **rounds)
    raise _unknown()


def _query_before_kinds(old: Mapping[str, Any]) -> Query:
    return Query(
        **_hits(old),
        created_from=to_time(old.get("from")),
        newest=to_time(old.get("newest")),
        spent=int(old.get("spent") or 0),
        is_capped=bool(old.get("incomplete_reason")),
        is_archived=bool(old.get("is_archived")),
    )

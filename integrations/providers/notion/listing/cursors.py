"""Typed cursors: where a listing of pages, databases or rows goes on.

Each is stored as JSON with its kind; ``reading_cursors`` reads them.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from integrations.providers.typed import typed_json

KIND: Final = "kind"


class CursorKind(StrEnum):
    """What a step of a listing does."""

    SEARCH = "search"
    WALK = "walk"
    CHECK = "check"
    PARENTS = "parents"
    TRASH = "trash"
    QUERY = "query"
    UNSEEN_ROWS = "unseen_rows"


class Hits(Struct, frozen=True, kw_only=True):
    """At hit ``skip`` of the page of a search that ``start`` is the cursor of."""

    start: str | None = None
    skip: int = 0


class Search(Hits, frozen=True, kw_only=True):
    """In the search for what is there."""


class Trash(Hits, frozen=True, kw_only=True):
    """In the search for what is in the trash."""


class Frame(Struct, frozen=True, kw_only=True):
    """At block ``index`` of one page of the children of a page or block."""

    id: str
    start: str | None = None
    index: int = 0
    is_retried: bool = False

    def to_json(self) -> list[Any]:
        """Write it as a list, because a path can have many."""
        return [self.id, self.start, self.index, self.is_retried]

    @classmethod
    def from_json(cls, value: object) -> "Frame":
        """Read what ``to_json`` wrote; ValueError for anything else."""
        if not isinstance(value, list) or len(value) != len(_FRAME):
            raise ValueError("a frame is a list of four")
        for each, kinds in zip(value, _FRAME, strict=True):
            if type(each) not in kinds:
                raise ValueError("a frame holds values of other types")
        remote_id, start, index, is_retried = value
        return cls(id=remote_id, start=start, index=index, is_retried=is_retried)


_FRAME: Final = ((str,), (str, type(None)), (int,), (bool,))


class Rounds(Struct, frozen=True, kw_only=True):
    """What the phases behind the search carry along.

    Missing parents are looked for in rounds, each one level higher: ``round`` is how
    many were done, and what was stored up to ``asked_until`` was looked at in them.
    ``reached`` is when the last item that was walked was stored. ``is_crowded`` says
    that the rows of large tables take turns.
    """

    round: int = 0
    asked_until: datetime | None = None
    reached: datetime | None = None
    is_crowded: bool = False


class Walk(Rounds, frozen=True, kw_only=True):
    """In the walk through stored pages, behind ``after``.

    ``path`` leads to a block of the page ``holder``. Of what that page told, the
    ``pages`` and ``databases`` in it are asked for next, and its ``parts`` are walked
    then: it is not asked for them again. ``has_too_many`` says that it told children
    that are not among them, because the walk through all of it finds them.
    """

    after: str = ""
    path: tuple[Frame, ...] = ()
    holder: str = ""
    pages: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    has_too_many: bool = False


class Check(Rounds, frozen=True, kw_only=True):
    """In the stored items that the refresh has not seen, behind the id ``after``.

    ``walked`` is where the walk ended.
    """

    after: str = ""
    walked: str = ""


class Parents(Check, frozen=True, kw_only=True):
    """In the stored items without their parent; ``has_found`` one in this round."""

    has_found: bool = False


class Query(Struct, frozen=True, kw_only=True):
    """At row ``skip`` of a page of rows.

    ``created_from`` begins the window of the query, and ``newest`` is the latest time
    of creation seen in it; ``spent`` counts the calls for the rest of long values.
    ``is_whole`` says that all rows are asked for, in an incremental sync as well.
    """

    start: str | None = None
    skip: int = 0
    created_from: datetime | None = None
    newest: datetime | None = None
    spent: int = 0
    is_capped: bool = False
    is_archived: bool = False
    is_whole: bool = False


class UnseenRows(Struct, frozen=True, kw_only=True):
    """In the stored rows that no query has shown; ``checked`` of them are done."""

    after: str = ""
    checked: int = 0
    is_capped: bool = False


Inventory = Search | Walk | Check | Parents
Cursor = Inventory | Trash | Query | UnseenRows
KINDS: Final[Mapping[CursorKind, type[Cursor]]] = {
    CursorKind.SEARCH: Search,
    CursorKind.WALK: Walk,
    CursorKind.CHECK: Check,
    CursorKind.PARENTS: Parents,
    CursorKind.TRASH: Trash,
    CursorKind.QUERY: Query,
    CursorKind.UNSEEN_ROWS: UnseenRows,
}


def to_json(cursor: Cursor) -> str:
    """Write a cursor, without what has its default."""
    kind = next(name for name, each in KINDS.items() if type(cursor) is each)
    record = {KIND: kind.value, **typed_json.dump(cursor)}
    return json.dumps(record, separators=(",", ":"))

"""Read the query string of the items list into one value, and write it back."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from integrations.models.paths import fixed_path
from integrations.models.uuids import read_uuid
from integrations.providers import SPECS
from integrations.services.common.sealing.opaque import from_token, to_token
from integrations.services.items.history.news import News
from integrations.services.items.left_out import (
    find_left_out,
    find_lost_place,
    find_repeated,
    mark,
)

# What became of the items; without one a list shows those that are there.
DELETED, DESELECTED = STATES = ("deleted", "deselected")
SIZES = (25, 50, 100)
DEFAULT_SIZE = 50
MAX_SEARCH = 200
# Another one than where ranks had other numbers: a position of there is none.
PURPOSE = "item-position"
TYPE = re.compile(r"[\w.-]{1,40}", re.ASCII)
# Instead of a saved view: the list as it is, though it opens by another one.
ALL_VIEW = "all"


class Sort(NamedTuple):
    """Name the column a list is ordered by; ties follow the id the same way.

    Rows without a value come last, whichever way the others are ordered. Rows of one
    ``group`` stand together, groups by their labels, and in each the field decides.
    """

    field: str
    is_descending: bool
    group: str = ""
    is_group_descending: bool = False

    @property
    def ordering(self) -> tuple[str, str]:
        """Return the order as a queryset takes it."""
        sign = "-" if self.is_descending else ""
        return (f"{sign}{self.field}", f"{sign}id")

    @property
    def reversed(self) -> "Sort":
        """Return the same order read from the other end."""
        return self._replace(
            is_descending=not self.is_descending,
            is_group_descending=not self.is_group_descending,
        )

    @property
    def is_shown_descending(self) -> bool:
        """Tell whether what the list is said to be sorted by descends."""
        return self.is_group_descending if self.group else self.is_descending


TIMES = ("remote_updated_at", "remote_created_at")
SORTS = {
    "-updated": Sort("remote_updated_at", is_descending=True),
    "updated": Sort("remote_updated_at", is_descending=False),
    "-created": Sort("remote_created_at", is_descending=True),
    "created": Sort("remote_created_at", is_descending=False),
    "name": Sort("sort_name", is_descending=False),
    "-name": Sort("sort_name", is_descending=True),
    **{
        f"{'-' * is_down}{group}": Sort(
            "remote_updated_at",
            is_descending=True,
            group=group,
            is_group_descending=is_down,
        )
        for group in ("type", "connection")
        for is_down in (False, True)
    },
}
DEFAULT_SORT = "-updated"
UNGROUPED = (
    "What is searched for is sorted by how well it matches, not by type or connection."
)
# A name of the longest that is stored, and a minus before it.
MAX_RELATION = 256
FILTERS = (
    *("provider", "connection", "type", "collection"),
    *("parent", "linked_to", "relation", "state", "news"),
)
SEARCH_CUT = f"The search is longer than {MAX_SEARCH} characters, its end is not used."


class Position(Struct, frozen=True, kw_only=True):
    """Name the row that a page starts after or ends before.

    It travels as a sealed token, because addresses end up in histories and logs. The
    token names its column too, so that one of another order is as good as none.
    ``rank`` is that of a row that was searched for, ``group`` the type or connection
    of one in a list that is sorted ``by`` that.
    """

    field: str
    value: str | datetime | None
    id: int
    rank: int = 0
    by: str = ""
    group: str = ""

    def to_token(self) -> str:
        """Write the position so that a link can carry it."""
        value = self.value
        text = value.isoformat() if isinstance(value, datetime) else value
        parts = [self.field, text, self.id, self.rank, self.by, self.group]
        raw = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
        return to_token(raw, purpose=PURPOSE)

    @classmethod
    def parse(cls, token: str, order: Sort) -> "Position | None":
        """Read a token; anything odd means no position at all."""
        field = order.field
        raw = from_token(token, purpose=PURPOSE)
        if raw is None:
            return None
        try:
            named, text, number, rank, by, group = json.loads(raw)
            value = _to_value(field, text)
        except (ValueError, TypeError):
            return None
        if named != field or by != order.group:
            return None
        return cls(
            field=field, value=value, id=number, rank=rank, by=by, group=str(group)
        )


def _to_value(field: str, text: str | None) -> str | datetime | None:
    if text is None and field in TIMES:
        return None
    return datetime.fromisoformat(str(text)) if field in TIMES else str(text)


class ItemQuery(Struct, frozen=True, kw_only=True):
    """Which items a list shows, in what order, and which page of it.

    ``left_out`` says in words what the address asked for and the items lack,
    ``look_left_out`` what they only look different without. What leads on from such a
    list says by a parameter that it lacks a filter. ``relation`` is one by
    which ``linked_to`` names the items, or, after a minus, by which they name it; what
    it is called, and whose it is, depends on ``collection``.
    """

    search: str = ""
    provider: str = ""
    type: str = ""
    connection: UUID | None = None
    collection: UUID | None = None
    parent: UUID | None = None
    linked_to: UUID | None = None
    relation: str = ""
    state: str = ""
    news: News | None = None
    view: str = ""
    sort: str = DEFAULT_SORT
    size: int = DEFAULT_SIZE
    after: Position | None = None
    before: Position | None = None
    left_out: tuple[str, ...] = ()
    look_left_out: tuple[str, ...] = ()

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> "ItemQuery":
        """Read a query string; an odd value falls back to its default, and is said."""

        def read(name: str) -> str:
            return str(parameters.get(name) or "").replace("\x00", "").strip()

        search = " ".join(read("q")[:MAX_SEARCH].split())
        sort = read("sort") if read("sort") in SORTS else DEFAULT_SORT
        if search and SORTS[sort].group:
            sort = DEFAULT_SORT
        relation = read("relation") if len(read("relation")) <= MAX_RELATION else ""
        after = Position.parse(read("after"), SORTS[sort])
        query = cls(
            search=search,
            provider=read("provider") if read("provider") in SPECS else "",
            type=read("type") if TYPE.fullmatch(read("type")) else "",
            connection=read_uuid(read("connection")),
            collection=(collection := read_uuid(read("collection"))),
            parent=read_uuid(read("parent")),
            linked_to=(linked_to := read_uuid(read("linked_to"))),
            relation=relation if linked_to and collection else "",
            state=read("state") if read("state") in STATES else "",
            news=News.parse(read("news")),
            view=read_view(read("view")),
            sort=sort,
            size=_to_size(read("size")),
            after=after,
            before=None if after else Position.parse(read("before"), SORTS[sort]),
        )
        return replace(
            query,
            left_out=tuple(_left_out(query, parameters)),
            look_left_out=tuple(_look_left_out(query, parameters)),
        )

    @property
    def order(self) -> Sort:
        """Return the column and direction of the list."""
        found = SORTS[self.sort]
        return SORTS[DEFAULT_SORT] if self.search and found.group else found

    @property
    def filters(self) -> dict[str, str]:
        """Return the parameters that leave items out, in their fixed order."""
        values = {
            "q": self.search,
            "provider": self.provider,
            "connection": str(self.connection or ""),
            "type": self.type,
            "collection": str(self.collection or ""),
            "parent": str(self.parent or ""),
            "linked_to": str(self.linked_to or ""),
            "relation": self.relation if self.linked_to and self.collection else "",
            "state": self.state,
            "news": str(self.news or ""),
        }
        return {name: value for name, value in values.items() if value}

    @property
    def look(self) -> dict[str, str]:
        """Return the parameters that only say how the list is shown."""
        values = {"view": self.view} if self.view else {}
        if self.sort != DEFAULT_SORT:
            values["sort"] = self.sort
        if self.size != DEFAULT_SIZE:
            values["size"] = str(self.size)
        return values

    @property
    def parameters(self) -> dict[str, str]:
        """Return every parameter that is not at its default."""
        values = {**self.filters, **self.look, **mark(self.left_out)}
        if self.after:
            values["after"] = self.after.to_token()
        if self.before:
            values["before"] = self.before.to_token()
        return values

    @property
    def url(self) -> str:
        """Return the one canonical address of this list."""
        path = fixed_path("integrations:item-list")
        return f"{path}?{urlencode(self.parameters)}" if self.parameters else path

    def change(self, **changes: Any) -> "ItemQuery":
        """Return the first page of the list with something about it changed."""
        return replace(self, **{"after": None, "before": None, **changes})

    def without(self, name: str) -> "ItemQuery":
        """Return the first page of the list with one filter taken off."""
        kept = {**self.filters, **self.look, **mark(self.left_out)}
        kept.pop(name, None)
        return ItemQuery.parse(kept)


def _left_out(query: ItemQuery, parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield in words what a query lacks of the filters that it was read from."""
    taken = {**dict.fromkeys(FILTERS, ""), **query.filters}
    yield from find_left_out(parameters, taken)
    yield from find_repeated(parameters, taken)
    if len(str(parameters.get("q") or "").strip()) > MAX_SEARCH:
        yield SEARCH_CUT


def _look_left_out(query: ItemQuery, parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield in words what was not taken of how the items were to be shown."""
    sort = SORTS.get(str(parameters.get("sort")).strip())
    if sort and sort.group and query.search:
        yield UNGROUPED
    taken = {
        "view": query.view,
        "sort": str(parameters.get("sort")).strip() in SORTS,
        "size": str(parameters.get("size")).strip() in map(str, SIZES),
    }
    yield from find_left_out({name: parameters.get(name) for name in taken}, taken)
    yield from find_repeated(parameters, taken)
    yield from find_lost_place(parameters, is_taken=bool(query.after or query.before))


def read_view(text: str) -> str:
    """Return the id of a saved view, or that there is to be none; empty for neither."""
    return text if text == ALL_VIEW else str(read_uuid(text) or "")


def _to_size(text: str) -> int:
    return next((size for size in SIZES if str(size) == text), DEFAULT_SIZE)

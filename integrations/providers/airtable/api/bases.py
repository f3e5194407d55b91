"""Ask which bases there are, and what their tables are made of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.errors import InvalidResponse
from integrations.http.once import get_once, prefetch_once
from integrations.http.responses.shape import expect_list, expect_object
from integrations.http.sending import urls
from integrations.http.sending.prefetch import MOST_AHEAD
from integrations.providers.airtable.api.limits import base_limits
from integrations.providers.airtable.ids import BASE, FIELD, TABLE, is_id, to_id
from integrations.providers.airtable.mapping.definitions import Definitions
from integrations.providers.listing import (
    Rows,
    all_pages,
    map_rows,
    next_cursor,
    read_rows,
)
from integrations.providers.typed.values import one_line

MAX_BASES: Final = 1000
MAX_TABLES: Final = 200
# A page has room for 1,000 bases; many short ones are read all the same.
MAX_PAGES: Final = 50
# Of a base that is listed and may not be looked into.
NO_PERMISSION: Final = "none"


class Base(Struct, frozen=True, kw_only=True):
    """One base; ``permission`` is read, comment, edit, create or none."""

    id: str
    name: str
    permission: str


class Table(Struct, frozen=True, kw_only=True):
    """Describe one table; fields and views stay the objects Airtable sent.

    ``definitions`` are those of all fields of its base.
    """

    id: str
    name: str
    description: str
    primary_field_id: str
    fields: Sequence[Mapping[str, Any]]
    views: Sequence[Mapping[str, Any]]
    definitions: Definitions = field(default_factory=lambda: Definitions(()))


class Bases(Struct, frozen=True, kw_only=True):
    """The bases of an account, and how many were odd or too many to read."""

    known: tuple[Base, ...]
    left_out: int


class Tables(Struct, frozen=True, kw_only=True):
    """The tables of a base, and how many were odd or too many to read.

    ``ids`` are those of all tables whose id could be read, in the base's order.
    """

    known: tuple[Table, ...]
    left_out: int
    ids: tuple[str, ...] = ()

    @property
    def odd_ids(self) -> tuple[str, ...]:
        """Return the ids of the tables that are there and could not be read."""
        known = {table.id for table in self.known}
        return tuple(each for each in self.ids if each not in known)


def fetch_bases(api: ApiClient) -> Bases:
    """Return the bases that are shared with the connection, asked for once a run."""

    def fetch(offset: str | None) -> tuple[Rows[Base], str | None]:
        def read(answer: Any) -> tuple[Rows[Base], str | None]:
            rows = read_rows(answer, "bases", _to_base)
            return rows, next_cursor(answer, "offset", offset)

        return get_once(
            api,
            "/meta/bases",
            read,
            params={"offset": offset},
            is_whole=lambda page: not page[0].unreadable,
        )

    found: dict[str, Base] = {}
    odd = 0
    for page in all_pages(fetch, most=MAX_PAGES):
        odd += page.unreadable
        found |= {base.id: base for base in page.mapped}
        if len(found) > MAX_BASES:
            break
    bases = sorted(found.values(), key=lambda base: base.id)
    too_many = max(0, len(bases) - MAX_BASES)
    return Bases(known=tuple(bases[:MAX_BASES]), left_out=odd + too_many)


def fetch_tables(api: ApiClient, base_id: str) -> Tables:
    """Return the tables of one base, in the order that its users gave them.

    They are asked for once a run, by whichever collection comes first.
    """
    return get_once(
        api,
        tables_path(base_id),
        read_tables,
        limits=base_limits(api, base_id),
        is_whole=lambda tables: not tables.left_out,
    )


def each_ahead(api: ApiClient, bases: Sequence[Base]) -> Iterator[Base]:
    """Yield bases whose tables are about to be fetched; those behind are asked for.

    Each base has a limit of its own, so none need wait for the answer about another.
    What finds no room ahead, as before the first answer of all, is offered again.
    """
    behind = 0
    for position, base in enumerate(bases):
        behind = max(behind, position)
        while behind < min(position + MOST_AHEAD, len(bases)):
            if not _send_ahead(api, bases[behind]):
                break
            behind += 1
        yield base


def _send_ahead(api: ApiClient, base: Base) -> bool:
    """Send for the tables of a base; return False where there was no room."""
    if base.permission == NO_PERMISSION:
        return True
    limits = base_limits(api, base.id)
    return prefetch_once(api, tables_path(base.id), limits=limits, lane=base.id)


def tables_path(base_id: str) -> str:
    """Return the path of a base's tables."""
    return f"/meta/bases/{urls.segment(base_id)}/tables"


def read_tables(answer: Any) -> Tables:
    """Read the tables of a base.

    There is no base without a table: an answer that names none has left one out.
    """
    rows = expect_list(expect_object(answer, "tables").get("tables"), "tables")
    known = tuple(map_rows(rows, _to_table).mapped[:MAX_TABLES])
    ids = tuple(each for row in rows if (each := _find_id(row)) is not None)
    left_out = max(1, len(rows)) - len(known)
    definitions = Definitions(each for table in known for each in table.fields)
    known = tuple(replace(table, definitions=definitions) for table in known)
    return Tables(known=known, left_out=left_out, ids=ids)


def _to_base(body: Mapping[str, Any]) -> Base:
    base_id = to_id(body.get("id"), BASE)
    return Base(
        id=base_id,
        name=one_line(body.get("name")) or f"Base {base_id}",
        permission=one_line(body.get("permissionLevel")),
    )


def _to_table(body: Mapping[str, Any]) -> Table:
    """Map a table; one whose primary field is not among its fields is no schema."""
    table_id = to_id(body.get("id"), TABLE)
    fields = _objects(expect_list(body.get("fields"), "fields"))
    primary = to_id(body.get("primaryFieldId"), FIELD)
    if not any(each.get("id") == primary for each in fields):
        raise InvalidResponse("Airtable told a table without its primary field")
    views = body.get("views")
    return Table(
        id=table_id,
        name=one_line(body.get("name")) or f"Table {table_id}",
        description=one_line(body.get("description"), limit=2000),
        primary_field_id=primary,
        fields=fields,
        views=_objects(views if isinstance(views, list) else []),
    )


def _find_id(row: object) -> str | None:
    table_id = row.get("id") if isinstance(row, dict) else None
    return table_id if is_id(table_id, TABLE) else None


def _objects(rows: Sequence[object]) -> tuple[dict[str, Any], ...]:
    return tuple(row for row in rows if isinstance(row, dict))

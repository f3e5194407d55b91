"""What a table shows: read from an address, and written back as the same one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from msgspec import Struct
from msgspec.structs import astuple, replace

from integrations.models.paths import path_of
from integrations.services.items.left_out import find_lost_place, mark
from integrations.services.items.lists.query import DEFAULT_SIZE, SIZES
from integrations.services.items.tables.columns.columns import UPDATED, Column, Columns
from integrations.services.items.tables.columns.values import Key, is_apart
from integrations.services.items.tables.conditions import Condition, write_line
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.link_filter import LinkFilter
from integrations.services.items.tables.table_address import (
    ALL,
    ANY,
    DENSITIES,
    AddressReader,
    usual_sort,
    write_sort,
    write_widths,
)


class TableQuery(Struct, frozen=True, kw_only=True):
    """Which rows and columns of a collection are shown, and in what order.

    Without ``columns`` and ``density`` those of the saved view hold, or else those of
    the user's layout; ``widths`` are of columns that are not as wide as usual.
    ``left_out`` says in words what the address asked for and the rows lack,
    ``look_left_out`` what they only look different without. What leads on from such a
    table says by a parameter that it lacks a filter. An order that ``is_chosen`` stays
    one, though rows would have it by themselves.
    """

    collection: UUID
    view: str = ""
    search: str = ""
    linked: LinkFilter | None = None
    conditions: tuple[Condition, ...] = ()
    match: str = ALL
    sort: Column | None = None
    is_descending: bool = True
    is_chosen: bool = False
    group: Column | None = None
    columns: tuple[str, ...] = ()
    widths: tuple[tuple[str, str], ...] = ()
    density: str = ""
    size: int = DEFAULT_SIZE
    after: Cursor | None = None
    before: Cursor | None = None
    left_out: tuple[str, ...] = ()
    look_left_out: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableQuery) and self._told() == other._told()

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[object, ...]:
        """Return what tells it from another: an order is one, chosen or not."""
        return astuple(replace(self, is_chosen=False))

    @classmethod
    def parse(
        cls,
        collection: UUID,
        parameters: QueryDict,
        columns: Columns,
        *,
        names: Mapping[str, str] | None = None,
    ) -> "TableQuery":
        """Read an address; what makes no sense is left out, and said.

        ``names`` are labels of columns that may not be there any more.
        """
        reader = AddressReader(parameters, columns, names or {})
        group, search = reader.group(), reader.search()
        sort, is_descending = reader.sort(None if search else group)
        query = cls(
            collection=collection,
            view=reader.view(),
            search=search,
            linked=reader.linked(),
            conditions=tuple(reader.conditions()),
            match=reader.one_of("match", (ALL, ANY)) or ALL,
            sort=sort,
            is_descending=is_descending,
            is_chosen=bool(reader.text("sort")),
            group=group,
            columns=tuple(reader.columns()),
            widths=tuple(reader.widths()),
            density=reader.one_of("density", DENSITIES),
            size=int(reader.one_of("size", [str(s) for s in SIZES]) or DEFAULT_SIZE),
        )
        after = query.read_cursor(reader.text("after"))
        before = None if after else query.read_cursor(reader.text("before"))
        lost = find_lost_place(parameters, is_taken=bool(after or before))
        return replace(
            query,
            after=after,
            before=before,
            left_out=tuple(dict.fromkeys(reader.left_out)),
            look_left_out=tuple(dict.fromkeys([*reader.look_left_out, *lost])),
        )

    @property
    def is_by_update(self) -> bool:
        """Tell whether rows are in the order of their updates, which needs no index."""
        return self.sort is None or self.sort.id == UPDATED

    @property
    def sorts_by_text(self) -> bool:
        """Tell which of a value's two keys the rows are sorted by."""
        return self.sort is not None and self.sort.sorts_by_text

    @property
    def sort_text(self) -> str:
        """Return the order as the address has it."""
        column_id = self.sort.id if self.sort else UPDATED
        return write_sort(column_id, is_descending=self.is_descending)

    @property
    def order_text(self) -> str:
        """Return the order with that of the groups, as a position names it."""
        nested = f" in {self.group.id}" if self.group and self.is_nested else ""
        return f"{self.sort_text}{nested}"

    @property
    def is_nested(self) -> bool:
        """Tell whether rows of each group are sorted by another column than that."""
        return self.group is not None and not self.is_by_group

    @property
    def is_by_group(self) -> bool:
        """Tell whether rows are sorted by nothing but the groups they are in."""
        return self.group is not None and self.sort == self.group

    @property
    def usual_order(self) -> Column | None:
        """Return what rows are sorted by that nobody sorts: their groups, or updates.

        Of what is searched for, groups would take more questions than a page may ask.
        """
        return None if self.search else self.group

    @property
    def is_usual(self) -> bool:
        """Tell whether rows are in the order that they have where nobody sorts them.

        One that was chosen instead of the groups is that of a search by chance.
        """
        is_kept = self.is_chosen and self.usual_order != self.group
        return not is_kept and self.sort_text == usual_sort(self.usual_order)

    def read_cursor(self, token: str) -> Cursor | None:
        """Return the position of a token, None where it is of another order.

        A column may have had values of another type when the token was made.
        """
        cursor = Cursor.parse(token, self.order_text)
        if cursor is None or not self._takes(cursor.group):
            return None
        if cursor.value is None:
            return cursor
        is_text = self.sorts_by_text or self.is_by_update
        is_among = not is_text and is_apart(cursor.value)
        is_told = isinstance(cursor.value, str) is is_text
        return cursor if is_told or is_among else None

    def _takes(self, group: Key | None) -> bool:
        """Tell whether a position is in a group where rows are sorted in groups."""
        return (group is not None) is self.is_nested

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Return the parameters that leave rows out."""
        search = [("q", self.search)] if self.search else []
        linked = self.linked.address if self.linked else []
        match = [("match", ANY)] if self.match == ANY else []
        own = (each.address for each in self.conditions)
        return [*search, *linked, *own, *match]

    @property
    def look(self) -> list[tuple[str, str]]:
        """Return the parameters that only say how the rows are shown."""
        values = {
            "view": self.view,
            "sort": "" if self.is_usual else self.sort_text,
            "group": self.group.id if self.group else "",
            "columns": write_line(self.columns) if self.columns else "",
            "widths": write_widths(self.widths),
            "density": self.density,
            "size": "" if self.size == DEFAULT_SIZE else str(self.size),
        }
        return [(name, value) for name, value in values.items() if value]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Return every parameter that is not at its default."""
        places = {"after": self.after, "before": self.before}
        tokens = [(name, at.to_token()) for name, at in places.items() if at]
        lacking = mark(self.left_out).items()
        return [*self.filters, *self.look, *lacking, *tokens]

    @property
    def url(self) -> str:
        """Return the one canonical address of this table."""
        path = path_of("table", self.collection)
        return f"{path}?{urlencode(self.parameters)}" if self.parameters else path

    @property
    def words(self) -> str:
        """Return the search and the conditions in words."""
        told = [f"“{self.search}” is in it"] if self.search else []
        glue = " or " if self.match == ANY else " and "
        conditions = glue.join(each.words for each in self.conditions)
        return " and ".join([*told, *([conditions] if conditions else [])])

    def change(self, **changes: Any) -> "TableQuery":
        """Return the first page of the table with something about it changed.

        Rows that are in their usual order stay in it, whatever that becomes.
        """
        made = replace(self, **{"after": None, "before": None, **changes})
        if "sort" in changes:
            return replace(made, is_chosen=True)
        if not self.is_usual or made.usual_order == self.usual_order:
            return made
        order = made.usual_order
        return replace(made, sort=order, is_descending=order is None, is_chosen=False)

    @property
    def unfiltered(self) -> "TableQuery":
        """Return the first page of the table with all of its rows."""
        return self.change(search="", linked=None, conditions=(), left_out=())

    def without(self, condition: Condition) -> "TableQuery":
        """Return the first page of the table without one of its filters."""
        kept = tuple(each for each in self.conditions if each != condition)
        return self.change(conditions=kept)

    def placed(self, condition: Condition, place: int | None) -> "TableQuery":
        """Return the first page with a filter more, or one in the place of another."""
        found = [*self.conditions]
        if place is None:
            found.append(condition)
        else:
            found[place] = condition
        return self.change(conditions=tuple(dict.fromkeys(found)))

    @property
    def indexed(self) -> list[Column]:
        """Return the columns whose index the rows are found by."""
        own = [] if self.is_by_update or self.sort is None else [self.sort]
        grouped = [self.group] if self.group else []
        used = [*own, *(each.column for each in self.conditions), *grouped]
        return list({column.id: column for column in used}.values())

"""What a table shows: read from an address, and written back as the same one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from integrations.models.messages import wording
from integrations.providers.values import cut
from integrations.services.items.left_out import find_left_out
from integrations.services.items.lists.query import (
    DEFAULT_SIZE,
    MAX_SEARCH,
    SEARCH_CUT,
    SIZES,
    read_view,
)
from integrations.services.items.tables.columns import UPDATED, Column, Columns, Family
from integrations.services.items.tables.conditions import (
    Condition,
    read_line,
    read_list,
    split_name,
    write_line,
)
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.operators import MOST_CHOICES, MOST_LENGTH

ALL, ANY = "all", "any"
DENSITIES = ("comfortable", "compact")
DEFAULT_SORT = f"-{UPDATED}"
MOST_CONDITIONS, MOST_COLUMNS = 10, 40
# Texts are sorted by their text, everything else by its number.
BY_TEXT = frozenset({Family.TEXT, Family.CHOICE, Family.USER, Family.FILES})


@dataclass(frozen=True, kw_only=True)
class TableQuery:
    """Which rows and columns of a collection are shown, and in what order.

    Without ``columns`` and ``density`` those of the saved view hold, or else those of
    the user's layout. ``left_out`` says in words what the address asked for and the
    rows lack, ``look_left_out`` what they only look different without.
    """

    collection: UUID
    view: str = ""
    search: str = ""
    conditions: tuple[Condition, ...] = ()
    match: str = ALL
    sort: Column | None = None
    is_descending: bool = True
    group: Column | None = None
    columns: tuple[str, ...] = ()
    density: str = ""
    size: int = DEFAULT_SIZE
    after: Cursor | None = None
    before: Cursor | None = None
    left_out: tuple[str, ...] = ()
    look_left_out: tuple[str, ...] = ()

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
        reader = _Reader(parameters, columns, names or {})
        sort, is_descending = reader.sort()
        query = cls(
            collection=collection,
            view=reader.view(),
            search=reader.search(),
            conditions=tuple(reader.conditions()),
            match=reader.one_of("match", (ALL, ANY)) or ALL,
            sort=sort,
            is_descending=is_descending,
            group=reader.group(),
            columns=tuple(reader.columns()),
            density=reader.one_of("density", DENSITIES),
            size=int(reader.one_of("size", [str(s) for s in SIZES]) or DEFAULT_SIZE),
        )
        after = query.read_cursor(reader.text("after"))
        before = None if after else query.read_cursor(reader.text("before"))
        return replace(
            query,
            after=after,
            before=before,
            left_out=tuple(dict.fromkeys(reader.left_out)),
            look_left_out=tuple(dict.fromkeys(reader.look_left_out)),
        )

    @property
    def is_by_update(self) -> bool:
        """Tell whether rows are in the order of their updates, which needs no index."""
        return self.sort is None or self.sort.id == UPDATED

    @property
    def sorts_by_text(self) -> bool:
        """Tell which of a value's two keys the rows are sorted by."""
        return self.sort is not None and self.sort.family in BY_TEXT

    @property
    def sort_text(self) -> str:
        """Return the order as the address has it."""
        column_id = self.sort.id if self.sort else UPDATED
        return write_sort(column_id, is_descending=self.is_descending)

    def read_cursor(self, token: str) -> Cursor | None:
        """Return the position of a token, None where it is of another order.

        A column may have had values of another type when the token was made.
        """
        cursor = Cursor.parse(token, self.sort_text)
        if cursor is None or cursor.value is None:
            return cursor
        is_text = self.sorts_by_text or self.is_by_update
        return cursor if isinstance(cursor.value, str) is is_text else None

    @property
    def filters(self) -> list[tuple[str, str]]:
        """Return the parameters that leave rows out."""
        search = [("q", self.search)] if self.search else []
        match = [("match", ANY)] if self.match == ANY else []
        return [*search, *(each.address for each in self.conditions), *match]

    @property
    def look(self) -> list[tuple[str, str]]:
        """Return the parameters that only say how the rows are shown."""
        values = {
            "view": self.view,
            "sort": "" if self.sort_text == DEFAULT_SORT else self.sort_text,
            "group": self.group.id if self.group else "",
            "columns": write_line(self.columns) if self.columns else "",
            "density": self.density,
            "size": "" if self.size == DEFAULT_SIZE else str(self.size),
        }
        return [(name, value) for name, value in values.items() if value]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Return every parameter that is not at its default."""
        places = {"after": self.after, "before": self.before}
        tokens = [(name, at.to_token()) for name, at in places.items() if at]
        return [*self.filters, *self.look, *tokens]

    @property
    def url(self) -> str:
        """Return the one canonical address of this table."""
        path = reverse("integrations:table", args=(self.collection,))
        return f"{path}?{urlencode(self.parameters)}" if self.parameters else path

    @property
    def words(self) -> str:
        """Return all filters in words."""
        told = [f"“{self.search}” is in it"] if self.search else []
        glue = " or " if self.match == ANY else " and "
        conditions = glue.join(each.words for each in self.conditions)
        return " and ".join([*told, *([conditions] if conditions else [])])

    def change(self, **changes: Any) -> "TableQuery":
        """Return the first page of the table with something about it changed."""
        return replace(self, **{"after": None, "before": None, **changes})

    def without(self, condition: Condition) -> "TableQuery":
        """Return the first page of the table without one of its filters."""
        kept = tuple(each for each in self.conditions if each != condition)
        return self.change(conditions=kept)

    @property
    def indexed(self) -> list[Column]:
        """Return the columns whose index the rows are found by."""
        own = [] if self.is_by_update or self.sort is None else [self.sort]
        grouped = [self.group] if self.group else []
        used = [*own, *(each.column for each in self.conditions), *grouped]
        return list({column.id: column for column in used}.values())


def split_sort(text: str) -> tuple[str, bool]:
    """Return the column of an order, and whether it is a descending one."""
    is_signed = text.startswith(("-", "+"))
    return text[1:] if is_signed else text, text.startswith("-")


def write_sort(column_id: str, *, is_descending: bool) -> str:
    """Return an order as the address has it, signed where it would be misread."""
    if is_descending:
        return f"-{column_id}"
    return f"+{column_id}" if column_id.startswith(("-", "+")) else column_id


class _Reader:
    """Reader of an address; what it leaves out is said in words, by what lacks it."""

    def __init__(
        self, parameters: QueryDict, columns: Columns, names: Mapping[str, str]
    ) -> None:
        self._parameters = parameters
        self._columns = columns
        self._names = names
        self.left_out: list[str] = []
        self.look_left_out: list[str] = []

    def text(self, name: str) -> str:
        return str(self._parameters.get(name) or "").replace("\x00", "").strip()

    def one_of(self, name: str, known: Sequence[str]) -> str:
        found = self.text(name) if self.text(name) in known else ""
        left_out = self.left_out if name == "match" else self.look_left_out
        left_out += self._untaken(name, found)
        return found

    def view(self) -> str:
        """Return the view that is open, or that there is to be none."""
        found = read_view(self.text("view"))
        self.look_left_out += self._untaken("view", found)
        return found

    def search(self) -> str:
        """Return what is searched for."""
        text = self.text("q")
        if len(text) > MAX_SEARCH:
            self.left_out.append(SEARCH_CUT)
        return " ".join(text[:MAX_SEARCH].split())

    def _untaken(self, name: str, taken: str) -> Iterable[str]:
        return find_left_out({name: self.text(name)}, {name: taken})

    def sort(self) -> tuple[Column | None, bool]:
        """Return the column and the direction that rows are sorted by."""
        text = self.text("sort") or DEFAULT_SORT
        column_id, is_descending = split_sort(text)
        column = self._find(column_id, "sorted by", self.look_left_out)
        if column is not None and not column.is_compared:
            self.look_left_out.append(f"Rows cannot be sorted by {column.label}.")
            column = None
        return column, column is None or is_descending

    def group(self) -> Column | None:
        text = self.text("group")
        if not text:
            return None
        column = self._find(text, "grouped by", self.look_left_out)
        if column is not None and not column.can_group:
            self.look_left_out.append(f"Rows cannot be grouped by {column.label}.")
            return None
        return column

    def columns(self) -> Iterable[str]:
        named = [each for each in read_line(self.text("columns")) if each]
        found = [
            self._find(each, "shown", self.look_left_out)
            for each in dict.fromkeys(named)
        ]
        ids = [each.id for each in found if each is not None]
        if len(ids) > MOST_COLUMNS:
            left = wording.count_text(len(ids) - MOST_COLUMNS, "column")
            self.look_left_out.append(f"{left} more than can be shown at once.")
        return ids[:MOST_COLUMNS]

    def conditions(self) -> list[Condition]:
        """Return the filters, of several that are the same one."""
        found: dict[Condition, None] = {}
        for name, values in self._parameters.lists():
            for value in values:
                condition = self._condition(name, value)
                if condition is not None:
                    found[condition] = None
        added = self._added()
        if added is not None:
            found[added] = None
        if len(found) > MOST_CONDITIONS:
            left = wording.count_text(len(found) - MOST_CONDITIONS, "filter")
            self.left_out.append(f"{left} more than can be used at once.")
        return list(found)[:MOST_CONDITIONS]

    def _condition(self, name: str, value: str) -> Condition | None:
        column_id, operator = split_name(name)
        if not column_id:
            return None
        column = self._find(column_id, "filtered by", self.left_out)
        if column is None:
            return None
        return self._make(column, operator, read_list(operator, value))

    def _added(self) -> Condition | None:
        """Return the filter that the form adds: column, operator and values."""
        column_id, operator = self.text("column"), self.text("operator")
        if not column_id:
            return None
        column = self._find(column_id, "filtered by", self.left_out)
        if column is None:
            return None
        values = [self.text("value"), self.text("until")]
        if not operator:
            return None
        # One of the options that it offers is one value, whatever is in it.
        if operator == "in" and values[0] not in column.options:
            values = read_list(operator, values[0])
        return self._make(column, operator, [each for each in values if each])

    def _make(
        self, column: Column, operator: str, values: list[str]
    ) -> Condition | None:
        if any(len(each.strip()) > MOST_LENGTH for each in values):
            self.left_out.append(
                f"A value of {column.label} is longer than {MOST_LENGTH} characters."
            )
            return None
        condition = Condition.make(column, operator, values)
        more = len([each for each in values if each.strip()]) - MOST_CHOICES
        if condition is not None and more > 0:
            left = wording.count_text(more, "value")
            self.left_out.append(f"{left} of {column.label} more than can be used.")
        if condition is None:
            told = ", ".join(cut(each, 40) for each in values if each.strip())
            value = f" and “{told}”" if told else ""
            self.left_out.append(
                f"{column.label} cannot be filtered by “{cut(operator, 20)}”{value}."
            )
        return condition

    def _find(self, column_id: str, done: str, left_out: list[str]) -> Column | None:
        column = self._columns.get(column_id)
        if column is None:
            purpose = "to be shown" if done == "shown" else f"for rows to be {done}"
            name = cut(str(self._names.get(column_id, column_id)), 60)
            left_out.append(f"There is no column “{name}” {purpose}.")
        return column

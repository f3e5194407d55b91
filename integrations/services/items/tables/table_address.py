"""Reading of a table's address: what of it can be had, and in words what cannot."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from django.http import QueryDict

from integrations.models.messages import wording
from integrations.providers.typed.values import cut
from integrations.services.items.left_out import (
    LEFT_OUT,
    find_left_out,
    find_repeated,
)
from integrations.services.items.lists.query import (
    MAX_RELATION,
    MAX_SEARCH,
    SEARCH_CUT,
    read_view,
)
from integrations.services.items.tables.columns.columns import UPDATED, Column, Columns
from integrations.services.items.tables.conditions import (
    Condition,
    read_line,
    read_list,
    split_name,
    write_line,
)
from integrations.services.items.tables.link_filter import LinkFilter
from integrations.services.items.tables.operators import (
    MOST_CHOICES,
    MOST_LENGTH,
    filled,
    why_not,
)

ALL, ANY = "all", "any"
# The last shows texts whole, on as many lines as they take.
TALL = "tall"
DENSITIES = ("comfortable", "compact", TALL)
NORMAL = "normal"
WIDTHS = ("narrow", NORMAL, "wide")
DEFAULT_SORT = f"-{UPDATED}"
MOST_CONDITIONS, MOST_COLUMNS = 10, 40
# Parameters with one value, by whether rows are left out by them.
FILTERING = ("q", "linked_to", "relation", "match")
LOOK = ("view", "sort", "group", "density", "size", "columns", "widths")


class AddressReader:
    """Reader of an address; what it leaves out is said in words, by what lacks it."""

    def __init__(
        self, parameters: QueryDict, columns: Columns, names: Mapping[str, str]
    ) -> None:
        self._parameters = parameters
        self._columns = columns
        self._names = names
        told = {LEFT_OUT: parameters.get(LEFT_OUT)}
        self.left_out: list[str] = list(find_left_out(told, {}))
        self.left_out += find_repeated(parameters, FILTERING)
        self.look_left_out: list[str] = [*find_repeated(parameters, LOOK)]

    def text(self, name: str) -> str:
        """Return a parameter without what surrounds it; empty where there is none."""
        return str(self._parameters.get(name) or "").replace("\x00", "").strip()

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """Return a parameter that is one of those known, else empty."""
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

    def linked(self) -> LinkFilter | None:
        """Return what filters by a relation with an item."""
        relation = self.text("relation")
        with suppress(ValueError):
            item = UUID(self.text("linked_to"))
            if relation and len(relation) <= MAX_RELATION:
                return LinkFilter(item=item, relation=relation)
        for name in ("linked_to", "relation"):
            self.left_out += self._untaken(name, "")
        return None

    def _untaken(self, name: str, taken: str) -> Iterable[str]:
        return find_left_out({name: self.text(name)}, {name: taken})

    def sort(self, group: Column | None) -> tuple[Column | None, bool]:
        """Return the column and the direction that rows are sorted by."""
        text = self.text("sort") or usual_sort(group)
        column_id, is_descending = split_sort(text)
        column = self._find(column_id, "sorted by", self.look_left_out)
        return column, column is None or is_descending

    def group(self) -> Column | None:
        """Return the column that rows are grouped by."""
        text = self.text("group")
        if not text:
            return None
        column = self._find(text, "grouped by", self.look_left_out)
        if column is not None and not column.can_group:
            self.look_left_out.append(f"Rows cannot be grouped by {column.label}.")
            return None
        return column

    def columns(self) -> Iterable[str]:
        """Return the ids of the columns that are shown."""
        named = [each for each in read_line(self.text("columns")) if each]
        found = [
            self._find(each, "shown", self.look_left_out)
            for each in dict.fromkeys(named)
        ]
        ids = list(dict.fromkeys(each.id for each in found if each is not None))
        if len(ids) > MOST_COLUMNS:
            left = wording.count_text(len(ids) - MOST_COLUMNS, "column")
            self.look_left_out.append(f"{left} more than can be shown at once.")
        return ids[:MOST_COLUMNS]

    def widths(self) -> Iterable[tuple[str, str]]:
        """Return columns that are narrow or wide, each with which of them."""
        told = read_line(self.text("widths"))
        found: dict[str, str] = {}
        for name, width in zip(told[::2], told[1::2], strict=False):
            column = self._columns.find(name)
            if column is not None and width in WIDTHS and width != NORMAL:
                found[column.id] = width
        self.look_left_out += self._untaken("widths", write_widths(found.items()))
        return sorted(found.items())

    def conditions(self) -> list[Condition]:
        """Return the filters, of several that are the same one."""
        found: dict[Condition, None] = {}
        for name, values in self._parameters.lists():
            for value in values:
                condition = self._condition(name, value)
                if condition is not None:
                    found[condition] = None
        used, unused = [*found][:MOST_CONDITIONS], [*found][MOST_CONDITIONS:]
        if unused:
            left = wording.count_text(len(unused), "filter")
            named = [f"“{each.words}”" for each in unused]
            told = wording.join_some(named, last=" and ")
            self.left_out.append(f"{left} more than can be used at once: {told}.")
        return used

    def _condition(self, name: str, value: str) -> Condition | None:
        column_id, operator = split_name(name)
        if not column_id:
            return None
        column = self._find(column_id, "filtered by", self.left_out)
        if column is None:
            return None
        return self._make(column, operator, read_list(operator, value))

    def _make(
        self, column: Column, operator: str, values: list[str]
    ) -> Condition | None:
        condition, problems = read_condition(column, operator, values)
        self.left_out += problems
        return condition

    def _find(self, column_id: str, done: str, left_out: list[str]) -> Column | None:
        is_filter = done == "filtered by"
        known = self._columns.get if is_filter else self._columns.find
        column = known(column_id)
        if column is None:
            purpose = "to be shown" if done == "shown" else f"for rows to be {done}"
            name = cut(str(self._names.get(column_id, column_id)), 60)
            left_out.append(f"There is no column “{name}” {purpose}.")
        return column


def read_condition(
    column: Column, operator: str, values: Sequence[str]
) -> tuple[Condition | None, Sequence[str]]:
    """Return the filter that is asked for, if there can be one, and what it lacks."""
    if any(len(each.strip()) > MOST_LENGTH for each in values):
        told = f"A value of {column.label} is longer than {MOST_LENGTH} characters."
        return None, [told]
    condition = Condition.make(column, operator, list(values))
    if condition is None:
        return None, [why_not(column, operator, values)]
    more = len(filled(column, condition.operator, values)) - MOST_CHOICES
    left = wording.count_text(more, "value") if more > 0 else ""
    return condition, [f"{left} of {column.label} more than can be used."] * bool(left)


def usual_sort(group: Column | None) -> str:
    """Return the order of rows that nobody chose: that of their groups, if any."""
    return write_sort(group.id, is_descending=False) if group else DEFAULT_SORT


def write_widths(widths: Iterable[tuple[str, str]]) -> str:
    """Return widths as the address has them: each column, then how wide it is."""
    return write_line([text for pair in sorted(widths) for text in pair])


def split_sort(text: str) -> tuple[str, bool]:
    """Return the column of an order, and whether it is a descending one."""
    is_signed = text.startswith(("-", "+"))
    return text[1:] if is_signed else text, text.startswith("-")


def write_sort(column_id: str, *, is_descending: bool) -> str:
    """Return an order as the address has it, signed where it would be misread."""
    if is_descending:
        return f"-{column_id}"
    return f"+{column_id}" if column_id.startswith(("-", "+")) else column_id

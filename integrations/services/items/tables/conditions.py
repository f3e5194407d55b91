"""One filter of a table: read from an address, written back, and asked for."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import chain
from typing import Any

from django.db.models import (
    Exists,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
)
from msgspec import Struct, field

from integrations.models import PropertyIndex, PropertyValue
from integrations.services.items.tables import operators
from integrations.services.items.tables.columns.amounts import to_amount
from integrations.services.items.tables.columns.columns import LINKING, Column, Family
from integrations.services.items.tables.columns.values import (
    DAY,
    TIME,
    apart,
    fold,
    id_number,
)
from integrations.services.items.tables.operators import YES, Operator

SEPARATOR = "__"
# Without a value there is nothing to write, and browsers leave empty fields in.
NOTHING = "1"
END = "\r\n"
# Operators that take more than one value.
SEVERAL = operators.LISTS | {Operator.BETWEEN, Operator.SAME}
# After every text that begins alike.
LAST_CHARACTER = "\U0010ffff"


class Condition(Struct, frozen=True, kw_only=True):
    """A filter: a column, an operator that its type allows, and values that fit."""

    column: Column
    operator: Operator
    values: tuple[str, ...] = ()

    @classmethod
    def make(
        cls, column: Column, operator: str, values: list[str]
    ) -> "Condition | None":
        """Return a filter, None where operator or values do not fit the column."""
        allowed = operators.ALLOWED[column.family]
        known = next((each for each in allowed if each == operator), None)
        read = operators.read_values(column, known, values) if known else None
        if known is None or read is None:
            return None
        return cls(column=column, operator=known, values=read)

    @property
    def address(self) -> tuple[str, str]:
        """Return the name and the value of its parameter."""
        name = f"{self.column.id}{SEPARATOR}{self.operator}"
        return name, _write(self.operator, self.values) if self.values else NOTHING

    @property
    def names_items(self) -> bool:
        """Tell whether its value is the name of linked items."""
        return self.column.family in LINKING and bool(self.values)

    @property
    def words(self) -> str:
        """Return it in words."""
        return operators.to_words(self.column, self.operator, self.values)


def split_name(name: str) -> tuple[str, str]:
    """Return the column and the operator that a parameter names, empty for none."""
    column_id, separator, operator = name.rpartition(SEPARATOR)
    return (column_id, operator) if separator else ("", "")


def read_list(operator: str, text: str) -> list[str]:
    """Return the values of a parameter: several are written as a line of CSV.

    So were single ones once, if they had a comma or a quote in them, and are still
    where they would be taken for such a line otherwise.
    """
    if operator in SEVERAL:
        return read_line(text)
    told = read_line(text) if text.startswith('"') else []
    is_line = len(told) == 1 and write_line(told) == text
    return told if is_line else [text]


def _write(operator: Operator, values: Sequence[str]) -> str:
    """Return values in the form in which they are read as the same ones."""
    if operator in SEVERAL or read_list(operator, values[0]) != [values[0]]:
        return write_line(values)
    return values[0]


def read_line(text: str) -> list[str]:
    """Return the values of a line of CSV, none of what is no such line."""
    lines = io.StringIO(text, newline="")
    try:
        return [*chain.from_iterable(csv.reader(lines, skipinitialspace=True))]
    except csv.Error:
        return []


def write_line(values: Sequence[str]) -> str:
    """Return values as a line of CSV."""
    written = io.StringIO()
    # A value with an end of a line in it is quoted only if lines have one.
    csv.writer(written, lineterminator=END).writerow(values)
    return written.getvalue().removesuffix(END)


class Asker(Struct, frozen=True, kw_only=True):
    """Whoever looks: the zone of their days, the day it is, and who "me" is.

    ``linked`` are the ids of the items that conditions on relations name; ``mistake``
    is the reference of a mistake of ours that hides who "me" is.
    """

    zone: tzinfo
    today: date
    identities: tuple[float, ...] = ()
    linked: Mapping[Condition, Sequence[str]] = field(default_factory=dict)
    mistake: str = ""

    def is_unable(self, condition: Condition) -> bool:
        """Tell whether a mistake of ours keeps a condition from being asked."""
        return bool(self.mistake) and condition.operator is Operator.ME


class _Names(Struct, frozen=True, kw_only=True):
    """What the two columns of a value are called in a query."""

    number: str = "number"
    text: str = "text"

    def q(self, **compared: Any) -> Q:
        """Return a comparison of them, as in ``number__gt``."""
        found = Q()
        for name, value in compared.items():
            column, _, lookup = name.partition("__")
            found &= Q((f"{getattr(self, column)}__{lookup or 'exact'}", value))
        return found


_STORED = _Names()
# The same values under names that no index is looked up by: a planner that does not
# know how many rows there are would read a whole range for each item.
_UNINDEXED = {
    "own_number": Func(
        F("number"), template="(%(expressions)s + 0)", output_field=FloatField()
    ),
    "own_text": Func(
        F("text"), template="(%(expressions)s || '')", output_field=TextField()
    ),
}
_OWN = _Names(number="own_number", text="own_text")


class ExistsHere(Exists):
    """The same as a value, which is looked for at each row that is looked at.

    Of an ``EXISTS`` PostgreSQL would read a whole index first, as if all rows were.
    """

    template = "((%(subquery)s) IS NOT NULL)"


def to_q(
    condition: Condition,
    index: PropertyIndex,
    asker: Asker,
    *,
    item: str,
    is_for_few: bool = False,
) -> Q:
    """Return what holds for rows whose item has the condition.

    ``item`` names the column of the rows that holds the item's key, by which alone
    its values are found. ``is_for_few`` tells that only some first rows are asked.
    """
    own = PropertyValue.objects.filter(index=index, item=OuterRef(item))
    rows = own.alias(**_UNINDEXED).filter(compare(condition, asker, _OWN))
    found = Q(ExistsHere(rows) if is_for_few else Exists(rows))
    return ~found if is_negated(condition) else found


def is_negated(condition: Condition) -> bool:
    """Tell whether a condition holds where what it compares is not found."""
    return condition.operator in operators.NEGATED


def matching(
    condition: Condition, index: PropertyIndex, asker: Asker
) -> QuerySet[PropertyValue]:
    """Return the rows of an index that match; negated, those that are left out."""
    rows = PropertyValue.objects.filter(index=index)
    if condition.column.family is not Family.DATE or not condition.values:
        return rows.filter(compare(condition, asker))
    # All times have one text: by an index of texts a planner would read all of them.
    rows = rows.alias(own_text=_UNINDEXED["own_text"])
    return rows.filter(compare(condition, asker, _Names(text="own_text")))


def compare(condition: Condition, asker: Asker, names: _Names = _STORED) -> Q:
    """Return what holds for a value that a condition is about, negated or not.

    It is made of comparisons of the ``number`` and the ``text`` of a value, or of what
    else these are called in a query.
    """
    if condition.operator in {Operator.EMPTY, Operator.FILLED}:
        return names.q(number__isnull=True, text__isnull=True)
    if condition.operator is Operator.ME:
        return names.q(number__in=asker.identities)
    if condition.operator is Operator.TOLD:
        return names.q(text=apart(condition.values[0]))
    family = condition.column.family
    if family is Family.RELATION:
        return names.q(number__in=[id_number(i) for i in asker.linked[condition]])
    if family is Family.INCOMING:
        return names.q(text__in=asker.linked[condition])
    if family is Family.BOOLEAN:
        return names.q(number=float(condition.values[0] == YES))
    if family is Family.NUMBER:
        return _numbers(condition, names)
    if family is Family.DATE:
        return _days(condition, asker, names)
    return _texts(condition, names)


def _numbers(condition: Condition, names: _Names) -> Q:
    amounts = [to_amount(each, condition.column) for each in condition.values]
    if condition.operator is Operator.GREATER:
        return names.q(number__gt=amounts[0])
    if condition.operator is Operator.LESS:
        return names.q(number__lt=amounts[0])
    if condition.operator is Operator.AT_LEAST:
        return names.q(number__gte=amounts[0])
    if condition.operator is Operator.AT_MOST:
        return names.q(number__lte=amounts[0])
    if condition.operator is Operator.BETWEEN:
        return names.q(number__gte=amounts[0], number__lte=amounts[1])
    return names.q(number__in=amounts)


def _texts(condition: Condition, names: _Names) -> Q:
    texts = [fold(each) for each in condition.values]
    if condition.operator is Operator.SAME:
        return names.q(number=float(condition.values[0]), text=texts[1])
    if condition.operator in {Operator.CONTAINS, Operator.LACKS}:
        return names.q(text__contains=texts[0])
    if condition.operator is Operator.STARTS:
        # A range, because no index helps LIKE on both databases.
        return names.q(text__gte=texts[0], text__lt=texts[0] + LAST_CHARACTER)
    return names.q(text__in=texts)


def days_of(condition: Condition, today: date) -> tuple[date | None, date | None]:
    """Return the first day and the day after the last one, None for no such end."""
    operator, values = condition.operator, condition.values
    if operator is Operator.LAST:
        tomorrow = today + timedelta(days=1)
        return tomorrow - timedelta(days=int(values[0])), tomorrow
    if operator is Operator.NEXT:
        return today, today + timedelta(days=int(values[0]))
    days = [date.fromisoformat(each) for each in values]
    if operator is Operator.BEFORE:
        return None, days[0]
    after = days[-1] + timedelta(days=1)
    return (after, None) if operator is Operator.AFTER else (days[0], after)


def _days(condition: Condition, asker: Asker, names: _Names) -> Q:
    """Compare days as days, and times by when the days begin for whoever looks."""
    first, end = days_of(condition, asker.today)
    found = Q()
    for kind, zone in ((DAY, UTC), (TIME, asker.zone)):
        found |= names.q(text=kind, **_bounds(first, end, [zone]))
    # The one range that holds both, so that it is found as one.
    return names.q(**_bounds(first, end, [UTC, asker.zone])) & found


def _bounds(
    first: date | None, end: date | None, zones: Sequence[tzinfo]
) -> dict[str, float]:
    """Return the widest bounds of some days, whichever of the zones they are of."""
    bounds = {}
    if first is not None:
        bounds["number__gte"] = min(_start(first, zone) for zone in zones)
    if end is not None:
        bounds["number__lt"] = max(_start(end, zone) for zone in zones)
    return bounds


def _start(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()

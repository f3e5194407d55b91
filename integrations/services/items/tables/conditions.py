"""One filter of a table: read from an address, written back, and asked for."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import PropertyIndex, PropertyValue
from integrations.services.items.tables import operators
from integrations.services.items.tables.columns import Column, Family
from integrations.services.items.tables.operators import YES, Operator, to_amount
from integrations.services.items.tables.values import DAY, TIME, fold

SEPARATOR = "__"
# Without a value there is nothing to write, and browsers leave empty fields in.
NOTHING = "1"
# After every text that begins alike.
LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, kw_only=True)
class Condition:
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
        return name, _write(self.values) if self.values else NOTHING

    @property
    def words(self) -> str:
        """Return it in words."""
        return operators.to_words(self.column, self.operator, self.values)


def split_name(name: str) -> tuple[str, str]:
    """Return the column and the operator that a parameter names, empty for none."""
    column_id, separator, operator = name.rpartition(SEPARATOR)
    return (column_id, operator) if separator else ("", "")


def read_list(operator: str, text: str) -> list[str]:
    """Return the values of a parameter, which are separated by commas where several."""
    if operator not in {Operator.ONE_OF, Operator.BETWEEN}:
        return [text]
    try:
        return next(csv.reader([text.replace("\n", " ")], skipinitialspace=True), [])
    except csv.Error:
        return []


def _write(values: tuple[str, ...]) -> str:
    if len(values) == 1 and not set(values[0]) & set(',"'):
        return values[0]
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(values)
    return written.getvalue()


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Whoever looks: the zone of their days, the day it is, and who "me" is."""

    zone: tzinfo
    today: date
    identities: tuple[float, ...] = ()


def to_q(condition: Condition, index: PropertyIndex, asker: Asker, *, item: str) -> Q:
    """Return what holds for rows whose item has the condition; "is not" is no value.

    ``item`` names the column of the rows that holds the item's key.
    """
    rows, is_negated = matching(condition, index, asker)
    found = Q(Exists(rows.filter(item=OuterRef(item))))
    return ~found if is_negated else found


def matching(
    condition: Condition, index: PropertyIndex, asker: Asker
) -> tuple[QuerySet[PropertyValue], bool]:
    """Return the rows of an index that match, and whether those are left out."""
    rows = PropertyValue.objects.filter(index=index)
    operator = condition.operator
    if operator in {Operator.EMPTY, Operator.FILLED}:
        empty = rows.filter(number__isnull=True, text__isnull=True)
        return empty, operator is Operator.FILLED
    is_negated = operator is Operator.IS_NOT
    return rows.filter(_compared(condition, asker)), is_negated


def _compared(condition: Condition, asker: Asker) -> Q:
    if condition.operator is Operator.ME:
        return Q(number__in=asker.identities)
    family = condition.column.family
    if family is Family.BOOLEAN:
        return Q(number=float(condition.values[0] == YES))
    if family is Family.NUMBER:
        return _numbers(condition)
    if family is Family.DATE:
        return _days(condition, asker)
    return _texts(condition)


def _numbers(condition: Condition) -> Q:
    amounts = [to_amount(each, condition.column) for each in condition.values]
    if condition.operator is Operator.GREATER:
        return Q(number__gt=amounts[0])
    if condition.operator is Operator.LESS:
        return Q(number__lt=amounts[0])
    if condition.operator is Operator.BETWEEN:
        return Q(number__gte=amounts[0], number__lte=amounts[1])
    return Q(number=amounts[0])


def _texts(condition: Condition) -> Q:
    texts = [fold(each) for each in condition.values]
    if condition.operator is Operator.CONTAINS:
        return Q(text__contains=texts[0])
    if condition.operator is Operator.STARTS:
        # A range, because no index helps LIKE on both databases.
        return Q(text__gte=texts[0], text__lt=texts[0] + LAST_CHARACTER)
    return Q(text__in=texts)


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


def _days(condition: Condition, asker: Asker) -> Q:
    """Compare days as days, and times by when the days begin for whoever looks."""
    first, end = days_of(condition, asker.today)
    found = Q()
    for kind, zone in ((DAY, UTC), (TIME, asker.zone)):
        bounds: dict[str, str | float] = {"text": kind}
        if first is not None:
            bounds["number__gte"] = _start(first, zone)
        if end is not None:
            bounds["number__lt"] = _start(end, zone)
        found |= Q(**bounds)
    return found


def _start(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()

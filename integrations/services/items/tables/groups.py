"""Groups of a table: how many rows have each value, and their sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import Count, Min, QuerySet

from integrations.models import Collection, Item, PropertyIndex, PropertyValue
from integrations.providers.fields import Money, Number, Value
from integrations.providers.plain import plain
from integrations.providers.values import to_number
from integrations.services.items.tables.columns import Column, Family
from integrations.services.items.tables.conditions import Condition
from integrations.services.items.tables.listing import Selection
from integrations.services.items.tables.operators import NO, YES, Operator
from integrations.services.items.tables.values import (
    Key,
    keys_of,
    load_own,
    singles_of,
    values_of,
)

MOST_GROUPS = 50
MOST_SUMS = 2
CURRENCY_LENGTH = 3
SUMMED = frozenset({"money", "number"})


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rows of one value: their number, and sums by column, one for each currency.

    ``condition`` filters for them; a value that is none is the group of the rest.
    """

    label: str
    count: int
    condition: Condition
    sums: Mapping[str, Sequence[Value]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The largest groups, in the provider's order where it has one."""

    column: Column
    summed: Sequence[Column]
    groups: Sequence[Group]
    left_out: int = 0


def summed_columns(shown: Sequence[Column]) -> list[Column]:
    """Return those of the shown columns whose numbers are summed up."""
    return [column for column in shown if column.kind in SUMMED][:MOST_SUMS]


def group(selection: Selection, column: Column, shown: Sequence[Column]) -> Groups:
    """Group the selected rows by a column; one with several values is in several."""
    index = selection.indexes.get(column)
    if index is None:
        return Groups(column=column, summed=(), groups=())
    rows = selection.values(index)
    counted = list(
        rows.values("number", "text")
        .annotate(count=Count("pk"), sample=Min("item"))
        .order_by("-count", "text", "number")[: MOST_GROUPS + 1]
    )
    left_out = 0
    if len(counted) > MOST_GROUPS:
        every = rows.order_by().values("number", "text").distinct()
        left_out = every.count() - MOST_GROUPS
    found = {Key(row["number"], row["text"]): row for row in counted[:MOST_GROUPS]}
    labels = _labels(selection.collection, column, found)
    indexes = {c: selection.indexes.get(c) for c in summed_columns(shown)}
    sums = {c.id: _sums(selection, rows, c, index=i) for c, i in indexes.items() if i}
    groups = [
        Group(
            label=labels[key],
            count=row["count"],
            condition=_condition(column, key, labels[key]),
            sums={name: own.get(key, ()) for name, own in sums.items()},
        )
        for key, row in found.items()
    ]
    places = {label: place for place, label in enumerate(column.options)}
    if column.family is Family.CHOICE:
        groups.sort(key=lambda each: places.get(each.label, len(places)))
    return Groups(
        column=column,
        summed=[c for c, i in indexes.items() if i],
        groups=groups,
        left_out=left_out,
    )


def _condition(column: Column, key: Key, label: str) -> Condition:
    if key == Key(None, None):
        return Condition(column=column, operator=Operator.EMPTY)
    if column.family is Family.BOOLEAN:
        label = YES if key.number else NO
    return Condition(column=column, operator=Operator.IS, values=(label,))


def _labels(
    collection: Collection, column: Column, found: Mapping[Key, Mapping[str, Any]]
) -> dict[Key, str]:
    """Return how values are written, as one item of each group has it."""
    samples = Item.objects.only("name", "properties", "remote_id").in_bulk(
        [row["sample"] for row in found.values()]
    )
    load_own(list(samples.values()), [column])
    labels = {}
    for key, row in found.items():
        item = samples.get(row["sample"])
        value = values_of(item, collection, [column]).get(column.id) if item else None
        labels[key] = _label(value, key, column)
    return labels


def _label(value: Value | None, key: Key, column: Column) -> str:
    if key == Key(None, None):
        return f"No {column.label}"
    if value is not None:
        for each in singles_of(value):
            if keys_of(each, column.family)[0] == key:
                return plain(each)
    return key.text or f"{key.number:g}"


def _sums(
    selection: Selection,
    rows: QuerySet[PropertyValue],
    column: Column,
    *,
    index: PropertyIndex,
) -> dict[Key, list[Value]]:
    """Return the sums of a column by group; amounts of each currency by themselves.

    Plain SQL, because a join of the table with itself by item cannot be asked for.
    """
    quote = database.ops.quote_name
    table = quote(PropertyValue._meta.db_table)  # noqa: SLF001 (Django documents _meta)
    by_index = selection.indexes.by_column
    within, parameters = "", ()
    if not selection.is_all:
        statement, parameters = rows.order_by().values("pk").query.sql_with_params()
        within = f" AND g.id IN ({statement})"
    grouped = by_index[selection.query.group.id] if selection.query.group else index
    # Every name in it is one of ours; the values are bound parameters.
    sql = (
        f"SELECT g.number, g.text, m.text, SUM(m.number) FROM {table} g"
        f" JOIN {table} m ON m.index_id = %s AND m.item_id = g.item_id"
        f" AND m.position = 0 WHERE g.index_id = %s AND m.number IS NOT NULL{within}"
        " GROUP BY g.number, g.text, m.text ORDER BY m.text"
    )
    with database.cursor() as cursor:
        cursor.execute(sql, (index.pk, grouped.pk, *parameters))
        found = cursor.fetchall()
    sums: dict[Key, list[Value]] = {}
    for number, text, currency, total in found:
        sums.setdefault(Key(number, text), []).append(_amount(total, currency, column))
    return sums


def _amount(total: float, currency: str, column: Column) -> Value:
    amount = to_number(total) or Decimal(0)
    if column.kind != "money":
        return Number(amount=amount)
    is_code = len(currency) == CURRENCY_LENGTH and currency.isalpha()
    return Money(
        amount=amount,
        currency=currency if is_code else "",
        symbol="" if is_code else currency,
    )

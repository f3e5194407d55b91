"""Make small tables of what an item is linked with: the columns that matter, sums."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Final

from integrations.models import Collection, Item
from integrations.providers import fields
from integrations.providers.fields import CURRENCY_PROPERTY, Money
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField, read_fields
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe
from integrations.services.items.listing import Count
from integrations.services.items.query import ItemQuery
from integrations.services.items.relations.groups import Group, find_groups

MOST_TABLES, MOST_ROWS, MOST_COLUMNS = 12, 5, 4
# What tells records apart at a glance; the first field of each type is a column.
TELLING: Final = (
    fields.Money,
    fields.Choice,
    fields.Date,
    fields.DateTime,
    fields.Email,
    fields.Phone,
    fields.User,
    fields.Users,
    fields.Percent,
    fields.Boolean,
    fields.Number,
)


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A linked item and its fields, one for each column of the table or none."""

    item: Item
    is_primary: bool
    cells: Sequence[DisplayField | None]


@dataclass(frozen=True, kw_only=True)
class RelatedTable:
    """The first of the items that a relation links with one, and sums of them all.

    ``missing`` counts those that are named and not stored here.
    """

    label: str
    count: Count
    columns: Sequence[str]
    rows: Sequence[TableRow]
    sums: Sequence[Money]
    missing: int
    url: str


def find_tables(item: Item) -> list[RelatedTable]:
    """Return a table for each relation of an item, whichever side tells it."""
    groups = find_groups(item)[:MOST_TABLES]
    keys = [key for group in groups for key in group.keys[:MOST_ROWS]]
    rows = Item.objects.in_bulk(keys) if keys else {}
    return [_to_table(item, group, rows) for group in groups]


def _to_table(item: Item, group: Group, rows: Mapping[int, Item]) -> RelatedTable:
    shown = [each for each in group.linked[:MOST_ROWS] if each.pk in rows]
    described = {each.pk: _describe(group.collection, rows[each.pk]) for each in shown}
    columns = _columns(group.collection, list(described.values()))
    return RelatedTable(
        label=group.label,
        count=Count(number=len(group.linked) + group.missing, is_more=group.has_more),
        columns=list(columns.values()),
        rows=[
            TableRow(
                item=rows[each.pk],
                # Where others name the item, it is the primary one of theirs.
                is_primary=each.is_primary and not group.is_incoming,
                cells=[_cell(described[each.pk], name) for name in columns],
            )
            for each in shown
        ],
        sums=[] if group.has_more else _sums(group, columns, described),
        missing=group.missing,
        url=_url(item, group),
    )


def _url(item: Item, group: Group) -> str:
    """Return the list of all, where they are more than are shown."""
    if len(group.linked) <= MOST_ROWS:
        return ""
    return ItemQuery(linked_to=item.uuid, collection=group.collection.pk).url


def _describe(
    collection: Collection, item: Item, names: set[str] | None = None
) -> Sequence[DisplayField]:
    values = item.properties
    if names is not None:
        values = {name: value for name, value in values.items() if name in names}
    try:
        return describe(collection, values, item=item.pk)
    except ConnectorError:
        return describe_raw(values, {})


def _columns(
    collection: Collection, described: Sequence[Sequence[DisplayField]]
) -> dict[str, str]:
    """Return the labels of the columns by the names of their fields."""
    columns: dict[str, str] = {}
    types: set[type] = set()
    currencies = _currencies(collection)
    for each in chain.from_iterable(described):
        kind = type(each.value)
        is_told = each.name in columns or each.name in currencies
        if kind in types or is_told or kind not in TELLING:
            continue
        types.add(kind)
        columns[each.name] = each.label
        if len(columns) == MOST_COLUMNS:
            break
    return columns


def _cell(described: Sequence[DisplayField], name: str) -> DisplayField | None:
    return next((field for field in described if field.name == name), None)


def _currencies(collection: Collection) -> set[str]:
    """Return the properties that hold the currency of others."""
    specs = read_fields(collection.schema)
    return {spec.options.get(CURRENCY_PROPERTY, "") for spec in specs} - {""}


def _sums(
    group: Group,
    columns: Mapping[str, str],
    described: Mapping[int, Sequence[DisplayField]],
) -> list[Money]:
    """Return what all items of a group have together, for each currency."""
    money = {
        field.name
        for field in chain.from_iterable(described.values())
        if field.name in columns and isinstance(field.value, Money)
    }
    if not money:
        return []
    names = money | _currencies(group.collection)
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in Item.objects.filter(pk__in=group.keys).only("properties"):
        for field in _describe(group.collection, item, names):
            if field.name in money and isinstance(field.value, Money):
                value = field.value
                totals[value.currency, value.symbol] += value.amount
    return [
        Money(amount=amount, currency=currency, symbol=symbol)
        for (currency, symbol), amount in sorted(totals.items())
    ]

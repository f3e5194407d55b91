"""Make small tables of what an item is linked with: the columns that matter, sums."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Final
from uuid import UUID

from msgspec import Struct

from integrations.models import Collection, Item
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField, read_fields
from integrations.providers.typed import fields
from integrations.providers.typed.fields import CURRENCY_PROPERTY, Money
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe
from integrations.services.items.lists.counting import Count
from integrations.services.items.relations.around import MONEY
from integrations.services.items.relations.groups import Group, Linked
from integrations.services.items.tables.columns.columns import (
    colours_of,
    leading_columns,
)
from integrations.services.items.tables.link_filter import LinkFilter
from integrations.services.items.tables.table_query import TableQuery

MOST_TABLES, MOST_ROWS, MOST_COLUMNS = 12, 5, 4
# What a small table has no room for, or cannot say by itself.
UNSUITABLE: Final = (fields.RichText, fields.Relation, fields.Many, fields.Files)


class TableColumn(Struct, frozen=True, kw_only=True):
    """A column of a small table; ``colours`` are those of the options of a choice."""

    label: str
    colours: Mapping[str, str]


class TableRow(Struct, frozen=True, kw_only=True):
    """A linked item and its fields, one for each column of the table or none.

    ``primary`` is the type that makes the link a primary one: that of the item named.
    """

    item: Item
    primary: str
    labels: Sequence[str]
    cells: Sequence[DisplayField | None]


class RelatedTable(Struct, frozen=True, kw_only=True):
    """The first of the items that a relation links with one, and sums of them all.

    ``count`` is of what is still there, and where it ``is_incoming`` the labels of rows
    are what they call the item. ``relation`` is told as an address does, ``collection``
    is that of the items. ``missing`` counts those that are named and
    not stored here, ``deleted`` those that are deleted.
    """

    label: str
    count: Count
    columns: Sequence[TableColumn]
    rows: Sequence[TableRow]
    sums: Sequence[Money]
    missing: int
    deleted: int
    is_incoming: bool
    relation: str
    collection: UUID
    url: str


class OtherRelation(Struct, frozen=True, kw_only=True):
    """A relation for which a page has no table any more."""

    label: str
    count: Count
    url: str


def make_tables(item: Item, groups: Sequence[Group]) -> list[RelatedTable]:
    """Return a table for each of the first relations, whichever side tells it."""
    shown = groups[:MOST_TABLES]
    _read_properties(shown)
    return [_to_table(item, group) for group in shown]


def find_others(item: Item, groups: Sequence[Group]) -> list[OtherRelation]:
    """Return the relations that have no table because there are too many."""
    return [
        OtherRelation(
            label=each.label, count=_count(each), url=_url(item, each, shown=0)
        )
        for each in groups[MOST_TABLES:]
    ]


def _count(group: Group) -> Count:
    number = len(group.live) + group.unread + group.missing
    return Count(number=number, is_more=group.has_more)


def _read_properties(groups: Iterable[Group]) -> None:
    """Read the properties of what is shown or summed, where they are not read yet."""
    described = chain.from_iterable(
        _shown(group) if group.has_more or group.unread else group.linked
        for group in groups
    )
    unread = {
        each.item.pk: each.item
        for each in described
        if "properties" not in vars(each.item)
    }
    if unread:
        asked = Item.objects.filter(pk__in=list(unread))
        told = dict(asked.values_list("pk", "properties"))
        for key, item in unread.items():
            item.properties = told.get(key, {})


def _shown(group: Group) -> list[Linked]:
    """Return the rows of a table: those that are there come first."""
    deleted = (each for each in group.linked if each.item.is_deleted)
    return [*group.live, *deleted][:MOST_ROWS]


def _to_table(item: Item, group: Group) -> RelatedTable:
    deleted = [each for each in group.linked if each.item.is_deleted]
    shown = _shown(group)
    described = [_describe(group.collection, each.item) for each in shown]
    columns = _columns(group.collection, described)
    # Nothing is added up of items that were only counted: they have no amounts.
    has_no_sums = group.has_more or group.unread > 0
    return RelatedTable(
        label=group.label,
        count=_count(group),
        columns=_to_columns(group.collection, columns),
        rows=[
            TableRow(
                item=each.item,
                primary=_primary(item, group, each),
                labels=each.labels,
                cells=[_cell(values, name) for name in columns],
            )
            for each, values in zip(shown, described, strict=True)
        ],
        sums=[] if has_no_sums else _sums(group, columns, described),
        missing=group.missing,
        deleted=len(deleted),
        is_incoming=group.is_incoming,
        relation=group.address,
        collection=group.collection.pk,
        url=_url(item, group),
    )


def _primary(item: Item, group: Group, linked: Linked) -> str:
    """Return the type of which one is the primary item: where others name, this one."""
    if not linked.is_primary:
        return ""
    return item.type if group.is_incoming else linked.item.type


def _url(item: Item, group: Group, *, shown: int = MOST_ROWS) -> str:
    """Return the table of all, where they are more than are shown."""
    if len(group.linked) + group.unread <= shown:
        return ""
    linked = LinkFilter(item=item.uuid, relation=group.address)
    return TableQuery(collection=group.collection.pk, linked=linked).url


def _describe(
    collection: Collection, item: Item, names: set[str] | None = None
) -> Sequence[DisplayField]:
    values = item.properties
    if names is not None:
        values = {name: value for name, value in values.items() if name in names}
    try:
        return describe(collection, values, item=item.pk)
    except ConnectorError as exc:
        item.mistake = exc.reference
        return describe_raw(values, {})


def _columns(
    collection: Collection, described: Sequence[Sequence[DisplayField]]
) -> dict[str, str]:
    """Return the labels of the columns by the names of their fields.

    They are those that the provider's own lists show first, of those with a value.
    """
    labels: dict[str, str] = {}
    for each in chain.from_iterable(described):
        if not isinstance(each.value, UNSUITABLE):
            labels.setdefault(each.name, each.label)
    for name in _currencies(collection):
        labels.pop(name, None)
    leading = leading_columns(collection)
    shown = [name for name in leading if name in labels] if leading else list(labels)
    return {name: labels[name] for name in shown[:MOST_COLUMNS]}


def _to_columns(collection: Collection, labels: Mapping[str, str]) -> list[TableColumn]:
    colours = colours_of(collection)
    return [
        TableColumn(label=label, colours=colours.get(name) or {})
        for name, label in labels.items()
    ]


def _cell(described: Sequence[DisplayField], name: str) -> DisplayField | None:
    return next((field for field in described if field.name == name), None)


def _currencies(collection: Collection) -> set[str]:
    """Return the properties that hold the currency of others."""
    specs = read_fields(collection.schema)
    return {spec.options.get(CURRENCY_PROPERTY, "") for spec in specs} - {""}


def _sums(
    group: Group,
    columns: Iterable[str],
    described: Iterable[Sequence[DisplayField]],
) -> list[Money]:
    """Return the sums of the first column of amounts, one for each currency.

    Amounts of several columns have no sum. The rows that are shown may have none.
    """
    collection = group.collection
    amounts = _amounts(collection, described)
    if not amounts:
        return []
    names = amounts | _currencies(collection)
    found: dict[str, list[Money]] = {}
    for each in group.live:
        for field in _describe(collection, each.item, names):
            if isinstance(field.value, Money):
                found.setdefault(field.name, []).append(field.value)
    ordered = (*columns, *leading_columns(collection))
    column = next((name for name in ordered if name in found), "")
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for value in found.get(column, ()):
        totals[value.currency, value.symbol] += value.amount
    return [
        Money(amount=amount, currency=currency, symbol=symbol)
        for (currency, symbol), amount in sorted(totals.items())
    ]


def _amounts(
    collection: Collection, described: Iterable[Sequence[DisplayField]]
) -> set[str]:
    """Return the fields of amounts, by the schema and by the rows that are shown."""
    leading = set(leading_columns(collection))
    specs = read_fields(collection.schema)
    told = {spec.name for spec in specs if spec.kind == MONEY and spec.name in leading}
    fields_shown = chain.from_iterable(described)
    return told | {f.name for f in fields_shown if isinstance(f.value, Money)}

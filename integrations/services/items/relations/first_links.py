"""Find the first links of each relation of an item, however many lead to it.

What changed last comes first. To put tens of thousands of links in that order, all of
their items have to be read. But of so many with one collection some are, as a rule,
among its latest items, which an index has in order.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection as database
from django.db import connections as databases
from django.db import router
from django.db.models import Q

from integrations.models import Item, ItemLink
from integrations.services.common.database.row_writes import uuid_value
from integrations.services.items.relations.link_rows import (
    LinkRow,
    Target,
    ask,
    in_order,
)

# So many links to an item are put in their order, of all relations together.
FEW = 2000
# How many of the latest items of a collection are looked at.
LOOKS = 3000
COLUMNS: Final = (
    "l.id, l.item_id, l.is_primary, l.target_collection, l.target_remote_id,"
    " l.position, l.label"
)


class Size(NamedTuple):
    """A relation with a collection, and how many of its links lead to an item."""

    place: UUID
    relation: str
    number: int

    @property
    def condition(self) -> Q:
        """Return what holds for its links."""
        return Q(collection=self.place, relation=self.relation)


def find_links(
    item: Item, *, is_unique: bool, most: int, shown: int | None = None
) -> tuple[list[LinkRow], list[LinkRow]]:
    """Return the links of an item and those that live items lead to it.

    Of each relation with a collection there are so many at ``most``, and one more.
    ``is_unique`` tells that an id names one item of the whole account. Where very many
    lead to the item, of a relation only those that are ``shown`` may be in their order,
    and one or two more queries are asked; None puts all in order.
    """
    inside = None if is_unique else item.collection.remote_id
    target = Target(item.connection_id, item.remote_id, inside)
    few = None if shown is None else FEW
    rows = ask(item, target, most=most + 1, few=few)
    own = [row for row in rows if row.is_own]
    others = [row for row in rows if not row.is_own]
    sizes = [row for row in others if row.number < 0]
    if shown is not None and sizes:
        others = _find_many(target, sizes, most=most + 1, shown=min(shown, most))
    own.sort(key=_own_place)
    others.sort(key=lambda row: (row.number, row.id))
    return own, others


def _own_place(row: LinkRow) -> tuple[str, bool, int, int]:
    return row.relation, not row.is_primary, row.position, row.id


def _find_many(
    target: Target, rows: Sequence[LinkRow], *, most: int, shown: int
) -> list[LinkRow]:
    """Return the first links of some relations, of which rows tell the numbers."""
    sizes = [Size(row.place, row.relation, -row.number) for row in rows if row.place]
    if len(sizes) < len(rows):
        # Links of an earlier version do not tell their collection.
        return in_order(target, Q(), most=most)
    small, large = _divide(sizes)
    found = list[LinkRow]()
    for size, links in _look(target, large, most=most, shown=shown):
        if links is None:
            small.append(size)
        else:
            found += links
    if small:
        either = reduce(or_, (size.condition for size in small))
        found += in_order(target, either, most=most)
    return found


def _divide(sizes: Sequence[Size]) -> tuple[list[Size], list[Size]]:
    """Return the relations whose links are put in order, and the large ones."""
    small, large, total = list[Size](), list[Size](), 0
    for size in sorted(sizes, key=lambda size: size.number):
        total += size.number
        (small if total <= FEW else large).append(size)
    return small, large


def _look(
    target: Target, sizes: Sequence[Size], *, most: int, shown: int
) -> Iterator[tuple[Size, list[LinkRow] | None]]:
    """Yield the first links of relations, the others behind them in no order.

    None where the first that are to be shown are not all among the items that were
    looked at. One query for all.
    """
    if not sizes:
        return
    statements, parameters = list[str](), list[Any]()
    for number, size in enumerate(sizes):
        for statement, values in (
            _latest(target, size, number, shown),
            _any(target, size, number, most),
        ):
            statements.append(f"SELECT * FROM ({statement}) AS r")  # noqa: S608
            parameters += values
    with databases[router.db_for_read(ItemLink)].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), parameters)
        rows = sorted(cursor.fetchall())
    for number, size in enumerate(sizes):
        own = [row for row in rows if row[0] == number]
        first = [row for row in own if row[1]]
        if len(first) < shown:
            yield size, None
            continue
        keys = {row[2] for row in first}
        links = [*first, *(row for row in own if not row[1] and row[2] not in keys)]
        yield size, [_to_row(size, n, row) for n, row in enumerate(links[:most], 1)]


def _latest(
    target: Target, size: Size, number: int, shown: int
) -> tuple[str, Sequence[Any]]:
    """Return a statement that walks the latest items until it has what is shown.

    Every name in it is one of ours; the values are bound parameters.
    """
    where, values = _where(target, size)
    order = "ORDER BY i.remote_updated_at DESC, i.id DESC"
    if database.vendor == "sqlite":
        # It keeps to the order of a CROSS JOIN; told it, it would sort all rows first.
        order = ""
    statement = (
        f"SELECT {number} AS size, ROW_NUMBER() OVER ({order}) AS number,"  # noqa: S608
        f" {COLUMNS} FROM (SELECT id, remote_updated_at FROM integrations_item"
        " WHERE collection_id = %s AND deleted_at IS NULL"
        " AND remote_updated_at IS NOT NULL"
        f" ORDER BY remote_updated_at DESC, id DESC LIMIT {LOOKS}) AS i"
        f" CROSS JOIN integrations_itemlink l WHERE l.item_id = i.id AND {where}"
        f" {order} LIMIT {shown}"
    )
    return statement, (uuid_value(size.place), *values)


def _any(
    target: Target, size: Size, number: int, most: int
) -> tuple[str, Sequence[Any]]:
    """Return a statement that finds so many links of live items, in no order."""
    where, values = _where(target, size)
    statement = (
        f"SELECT {number} AS size, 0 AS number, {COLUMNS}"  # noqa: S608
        " FROM integrations_itemlink l CROSS JOIN integrations_item i"
        " WHERE i.id = l.item_id AND i.deleted_at IS NULL"
        f" AND l.connection_id = %s AND l.collection_id = %s AND {where} LIMIT {most}"
    )
    return statement, (uuid_value(target.connection), uuid_value(size.place), *values)


def _where(target: Target, size: Size) -> tuple[str, Sequence[Any]]:
    """Return the condition that a link is of a relation and leads to a target."""
    where, values = "l.relation = %s AND l.target_remote_id = %s", [size.relation]
    values.append(target.remote_id)
    if target.collection is not None:
        where += " AND l.target_collection IN (%s, '')"
        values.append(target.collection)
    return where, values


def _to_row(size: Size, number: int, told: Sequence[Any]) -> LinkRow:
    """Return a link of what a statement told of it."""
    _, _, key, item, is_primary, collection, remote_id, position, label = told
    return LinkRow(
        is_own=False,
        number=number,
        id=key,
        item_id=item,
        place=size.place,
        relation=size.relation,
        is_primary=bool(is_primary),
        target_collection=collection,
        target_remote_id=remote_id,
        position=position,
        label=label,
    )

"""One page of a table by keyset, in the order of a property, and the count."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db import connection as database
from django.db.models import BooleanField, QuerySet, Window
from django.db.models.aggregates import Count as CountOf
from django.db.models.expressions import RawSQL
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Item, PropertyValue
from integrations.services.common.database.prepared import prepared
from integrations.services.items.lists.counting import SMALL, Count, count_found
from integrations.services.items.lists.loading import COLUMNS
from integrations.services.items.lists.query import SIZES
from integrations.services.items.search import full_text
from integrations.services.items.tables.columns.values import Key, is_apart
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.grouping.nested import Found, Known, Nested
from integrations.services.items.tables.indexing.first_keys import first_held
from integrations.services.items.tables.orders import At, Order, Part, unfiltered
from integrations.services.items.tables.selection import FEW, Selection
from integrations.services.items.tables.table_query import TableQuery

# Beyond so many nobody reads the number; of several conditions, each row is looked at.
COUNT_LIMIT, SEVERAL_LIMIT = 10_000, 1000
# How many rows are looked at in their order, for those that are selected.
LOOKS = (600, 3000)
LOADED = (*COLUMNS, "properties", "remote_id")


class TablePage(Struct, frozen=True, kw_only=True):
    """The rows of one page, and the tables before and after it.

    ``total`` are the rows of all pages, where they were counted with these.
    """

    items: list[Item]
    previous: TableQuery | None
    next: TableQuery | None
    total: int | None = None


def fetch_page(selection: Selection, *, known: Known | None = None) -> TablePage:
    """Return the page that the query stands at; one past the end is the first.

    What is ``known`` of its groups is not asked for.
    """
    page = read_page(selection, known=known)
    if page.items or not (selection.query.after or selection.query.before):
        return page
    return read_page(replace(selection, query=selection.query.change()), known=known)


def read_page(selection: Selection, *, known: Known | None = None) -> TablePage:
    """Return the page that the query stands at, even an empty one."""
    query = selection.query
    is_backward, start = query.before is not None, query.before or query.after
    is_ready = is_in_order(selection)
    if not is_ready:
        # Rows in another order for now, which have no next page in this one.
        is_backward, start = False, None
    most, begin = query.size + 1, _to_start(query, start)
    nested = _nested_of(selection, is_backward=is_backward, known=known)
    if selection.keys is not None and start is None:
        order = nested.order if nested else _order_of(selection)
        return _read_few(selection, order, nested, has_more=is_ready)
    if nested is not None:
        group = start.group if start else None
        found, has_more = nested.find(begin, group, most)
    else:
        order = _order_of(selection)
        rows = _find(selection, order, begin, most, is_backward=is_backward)
        found, has_more = [Found(*each) for each in rows], len(rows) > query.size
    found = found[: query.size]
    if is_backward:
        found.reverse()
    has_previous = has_more if is_backward else start is not None
    has_next = is_ready and (has_more or is_backward)
    return TablePage(
        items=_items(selection, [each.key for each in found]),
        previous=_before(query, found) if found and has_previous else None,
        next=_after(query, found) if found and has_next else None,
    )


def _nested_of(
    selection: Selection, *, is_backward: bool = False, known: Known | None = None
) -> Nested | None:
    """Return the rows group after group, where they are sorted in groups."""
    query = selection.query
    index = selection.indexes.get(query.group)
    if query.group is None or index is None or not query.is_nested:
        return None
    if not is_in_order(selection):
        return None
    return Nested(
        selection=selection,
        column=query.group,
        index=index,
        order=_order_of(selection, is_every=True),
        is_backward=is_backward,
        known=known,
    )


def first_values(selection: Selection, most: int) -> list[tuple[int, Any]]:
    """Return the keys of the first rows, each with what it is sorted by, in order."""
    wanted = replace(selection, query=selection.query.change(size=most))
    return _find(wanted, _order_of(wanted), None, most, is_backward=False)


def _find(
    selection: Selection, order: Order, begin: Any, most: int, *, is_backward: bool
) -> list[tuple[int, Any]]:
    """Return the keys of rows beyond a position, and what they are sorted by."""
    if selection.keys is not None:
        rows = order.at_once(begin, is_backward=is_backward)
        told = rows.values_list(order.key, *order.values)[:most]
        return [(key, order.told(*values)) for key, *values in told]
    if selection.is_all and order.key == "pk" and (begin is None or begin.value):
        return _find_unfiltered(selection, order, begin, most, is_backward=is_backward)
    found: list[tuple[int, Any]] = []
    for part in order.parts(begin, is_backward=is_backward):
        found += _take(selection, order, part, most - len(found))
        if len(found) == most:
            break
    return found


def _find_unfiltered(
    selection: Selection,
    order: Order,
    begin: At | None,
    most: int,
    *,
    is_backward: bool,
) -> list[tuple[int, Any]]:
    """Return the keys of rows of a whole collection by their updates."""
    start = () if begin is None else (begin.value, begin.id)
    found: list[tuple[int, Any]] = []
    for part in range(2 if begin is None or is_backward else 3):
        # One statement for all that are left, however many those are.
        more = unfiltered(
            selection.collection.pk,
            *start,
            part=part,
            most=most,
            is_descending=order.is_descending,
            is_backward=is_backward,
        )
        found += more[: most - len(found)]
        if len(found) == most:
            break
    return found


def _read_few(
    selection: Selection, order: Order, nested: Nested | None, *, has_more: bool
) -> TablePage:
    """Return the first page of few rows, counted by the same question."""
    query = selection.query
    rows = nested.at_once() if nested else order.at_once(None, is_backward=False)
    rows = rows.annotate(total=Window(CountOf(order.key)))[: query.size + 1]
    if order.key == "pk":
        found = list(rows.only(*LOADED))
        items = found[: query.size]
    else:
        beside = [f"item__{name}" for name in LOADED]
        found = list(rows.select_related("item").only(*order.values, *beside))
        items = [each.item for each in found[: query.size]]
    has_next = has_more and len(found) > query.size
    told = [[getattr(each, name) for name in order.values] for each in found]
    values = [order.told(*each) for each in told]
    groups = [
        Key(each.group_number, each.group_text) if nested else None for each in found
    ]
    placed = zip((item.pk for item in items), values, groups, strict=False)
    last = [Found(*each) for each in placed]
    return TablePage(
        items=_placed(selection, [each for each in items if each.deleted_at is None]),
        previous=None,
        next=_after(query, last) if has_next else None,
        total=found[0].total if found else 0,
    )


def is_in_order(selection: Selection) -> bool:
    """Tell whether rows can be sorted as asked, or are still being indexed for that."""
    query = selection.query
    if query.is_nested and selection.indexes.get(query.group) is None:
        return False
    return query.is_by_update or selection.indexes.get(query.sort) is not None


def _take(
    selection: Selection, order: Order, part: Part, want: int
) -> list[tuple[int, Any]]:
    """Return the first rows of a part that are selected.

    Most pages are full after a look at the first rows. Where selected rows are too
    rare for that, the keys of all of them are asked for, once; where these are very
    many, more of the first rows are looked at before.
    """
    rows = part.rows.values_list(order.key, part.value)
    if not _is_looked_at(selection):
        return list(rows[:want])
    found: list[tuple[int, Any]] = []
    looked, columns = 0, (order.key, part.value)
    for look in () if selection.has_all_keys else LOOKS:
        looked += look
        held = selection.holds(order.key)
        found, is_end = first_held(part.rows[:looked], held, columns, want)
        if is_end or len(found) == want:
            return found
        if len(found) * sum(LOOKS) < want * looked:
            break
    if selection.least_number and not selection.has_all_keys:
        found = selection.first_beside(part.rows, columns, want)
        if len(found) == want:
            return found
    keys = selection.all_keys
    if len(keys) <= FEW:
        return list(rows.filter(**{f"{order.key}__in": list(keys)})[:want])
    if database.vendor == "sqlite":
        return list(islice((row for row in rows.iterator() if row[0] in keys), want))
    # Outside of a transaction PostgreSQL keeps all rows before it sends the first.
    column = full_text.ITEM_KEYS[order.key]
    is_held = RawSQL(f"{column} = ANY(%s)", [list(keys)], output_field=BooleanField())
    return list(rows.filter(is_held)[:want])


def _is_looked_at(selection: Selection) -> bool:
    """Tell whether each row is looked at; who wants all of them asks for those."""
    is_all = selection.keys is not None or selection.is_all
    return not is_all and selection.query.size <= max(SIZES)


def _order_of(selection: Selection, *, is_every: bool = False) -> Order:
    """Return the rows in their order: that of updates while an index is built.

    They are the selected ones, or all where each has to be looked at or ``is_every``.
    """
    query, is_looked_at = selection.query, is_every or _is_looked_at(selection)
    index = selection.indexes.get(query.sort) if is_in_order(selection) else None
    live = Item.objects.live().filter(collection=selection.collection)
    if query.is_by_update or index is None:
        is_whole = selection.is_all and selection.keys is None
        return Order(
            rows=live if is_looked_at or is_whole else selection.items(),
            value="remote_updated_at",
            key="pk",
            is_descending=query.is_descending or not query.is_by_update,
        )
    values = PropertyValue.objects.filter(index=index)
    found = values if is_looked_at else selection.values(index)
    # A position among texts stays one when the last of them went meanwhile.
    at = query.before or query.after
    has_texts = index.has_texts or (at is not None and is_apart(at.value))
    return Order(
        rows=found.filter(position=0),
        value="text" if query.sorts_by_text else "number",
        key="item_id",
        is_descending=query.is_descending,
        has_texts=has_texts and not query.sorts_by_text,
    )


def _to_start(query: TableQuery, start: Cursor | None) -> Any:
    """Return a position with its value as the database compares it."""
    if start is None or not query.is_by_update or start.value is None:
        return start
    try:
        at = datetime.fromisoformat(str(start.value))
    except ValueError:
        return None
    return At(value=at.replace(tzinfo=at.tzinfo or UTC), id=start.id)


def _items(selection: Selection, keys: Sequence[int]) -> list[Item]:
    """Return the items of a page in its order, with their properties."""
    found = {each.pk: each for each in _loaded(list(keys))}
    return _placed(selection, [found[key] for key in keys if key in found])


@prepared(Item)
def _loaded(keys: list[int]) -> "QuerySet[Item]":
    return Item.objects.live().only(*LOADED).filter(pk__in=keys)


def _placed(selection: Selection, items: Sequence[Item]) -> list[Item]:
    collection = selection.collection
    for item in items:
        item.collection, item.connection = collection, collection.connection
    return [item for item in items if item.collection_id == collection.pk]


def cursor_of(selection: Selection, item: Item) -> Cursor | None:
    """Return the position of an item, if it is among the rows."""
    order, nested = _order_of(selection), _nested_of(selection)
    rows = order.rows.filter(**{order.key: item.pk})
    found = rows.values_list(*order.values).first()
    if found is None:
        return None
    group = nested.group_of(item.pk) if nested else None
    return _cursor(selection.query, Found(item.pk, order.told(*found), group))


def _cursor(query: TableQuery, found: Found) -> Cursor:
    key, value, group = found
    told = value.isoformat() if isinstance(value, datetime) else value
    return Cursor(order=query.order_text, value=told, id=key, group=group)


def _after(query: TableQuery, found: Sequence[Found]) -> TableQuery:
    return replace(query, before=None, after=_cursor(query, found[-1]))


def _before(query: TableQuery, found: Sequence[Found]) -> TableQuery:
    return replace(query, after=None, before=_cursor(query, found[0]))


def count(selection: Selection, page: TablePage) -> Count:
    """Count the rows: the collection keeps its own count, others stop at a limit."""
    is_whole = not (page.previous or page.next)
    if is_whole and len(page.items) < selection.query.size:
        return Count(number=len(page.items))
    if page.total is not None:
        return Count(number=page.total)
    if selection.is_all:
        return Count(number=selection.collection.stored_count)
    if selection.has_all_keys:
        return Count(number=len(selection.all_keys))
    if selection.hits is not None and selection.keys is None:
        is_small = selection.collection.stored_count <= SMALL
        return count_found(selection.live_where(), selection.hits, is_small=is_small)
    is_one = selection.keys is not None or len(selection.used) == 1
    limit = COUNT_LIMIT if is_one else SEVERAL_LIMIT
    if selection.are_more_than(limit):
        return Count(number=limit, is_more=True)
    number = selection.keys_to_count()[: limit + 1].count()
    return Count(number=min(number, limit), is_more=number > limit)

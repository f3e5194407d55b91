"""Fetch one page of a person's items by keyset, and count without counting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Prefetch, prefetch_related_objects

from integrations.models import Collection, Item
from integrations.models.item import ItemQuerySet
from integrations.services import search
from integrations.views.item_query import ItemQuery, Position, Sort

COUNT_LIMIT = 10_000
COLUMNS = (
    "uuid",
    "name",
    "sort_name",
    "type",
    "provider",
    "connection_id",
    "collection_id",
    "parent_name",
    "remote_url",
    "remote_updated_at",
    "changed_at",
    "hidden_at",
    "hidden_reason",
)


@dataclass(frozen=True, kw_only=True)
class ItemPage:
    """Hold the rows of one page and the lists before and after it."""

    items: list[Item]
    previous: ItemQuery | None
    next: ItemQuery | None


@dataclass(frozen=True, kw_only=True)
class Count:
    """Hold a number of items, or say that there are more than anyone counts."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"more than {self.number:,}" if self.is_more else f"{self.number:,}"


def select(
    items: ItemQuerySet, query: ItemQuery, collections: Sequence[Collection]
) -> ItemQuerySet:
    """Return the items the query asks for, of those given."""
    exact = {
        "provider": query.provider,
        "connection_id": query.connection,
        "collection_id": query.collection,
        "type": query.type or _type_of(query, collections),
    }
    chosen = items.filter(
        hidden_at__isnull=not query.is_gone,
        **{name: value for name, value in exact.items() if value},
    )
    return search.matching(chosen, query.search) if query.search else chosen


def _type_of(query: ItemQuery, collections: Sequence[Collection]) -> str:
    """Return the one type of a chosen collection: indexes go by type."""
    return next((c.item_type for c in collections if c.pk == query.collection), "")


def fetch_page(items: ItemQuerySet, query: ItemQuery) -> ItemPage:
    """Return the page the query stands at; one past the end is the first."""
    page = _read(items, query)
    if page.items or not (query.after or query.before):
        return page
    return _read(items, query.change())


def _read(items: ItemQuerySet, query: ItemQuery) -> ItemPage:
    is_backward = query.before is not None
    order = query.order.reversed if is_backward else query.order
    start = query.before or query.after
    rows = _take(items, order, start, query.size + 1)
    has_more = len(rows) > query.size
    rows = rows[: query.size]
    if is_backward:
        rows.reverse()
    prefetch_related_objects(rows, "connection", _collections())
    has_previous = has_more if is_backward else start is not None
    has_next = has_more or is_backward
    return ItemPage(
        items=rows,
        previous=_before(query, rows) if rows and has_previous else None,
        next=_after(query, rows) if rows and has_next else None,
    )


def _take(
    items: ItemQuerySet, order: Sort, start: Position | None, most: int
) -> list[Item]:
    """Return the rows beyond a position: those that tie with it, then the rest.

    Two plain ranges instead of one condition with OR, because both databases then
    begin in the middle of their index, even among a million equal timestamps.
    """
    slim = items.only(*COLUMNS).order_by(*order.ordering)
    if start is None:
        return list(slim[:most])
    beyond = "lt" if order.is_descending else "gt"
    ties = {order.field: start.value, f"id__{beyond}": start.id}
    rows = list(slim.filter(**ties)[:most])
    if len(rows) < most:
        rest = slim.filter(**{f"{order.field}__{beyond}": start.value})
        rows += rest[: most - len(rows)]
    return rows


def _collections() -> Prefetch:
    """Return the collections' names; a join could mislead a planner."""
    collections = Collection.objects.only("name", "connection_id")
    return Prefetch("collection", queryset=collections)


def _position(query: ItemQuery, item: Item) -> Position:
    field = query.order.field
    return Position(field=field, value=getattr(item, field), id=item.pk)


def _after(query: ItemQuery, rows: Sequence[Item]) -> ItemQuery:
    return replace(query, before=None, after=_position(query, rows[-1]))


def _before(query: ItemQuery, rows: Sequence[Item]) -> ItemQuery:
    return replace(query, after=None, before=_position(query, rows[0]))


def count(
    items: ItemQuerySet, query: ItemQuery, collections: Sequence[Collection]
) -> Count:
    """Count what the query finds: from the collections' own counts if they can say."""
    if query.search or query.is_gone:
        return count_up_to(items, COUNT_LIMIT)
    return Count(
        number=sum(
            collection.stored_count
            for collection in collections
            if _is_within(collection, query)
        )
    )


def _is_within(collection: Collection, query: ItemQuery) -> bool:
    return (
        (not query.provider or collection.connection.provider == query.provider)
        and query.connection in (None, collection.connection_id)
        and query.collection in (None, collection.pk)
        and (not query.type or collection.item_type == query.type)
    )


def count_up_to(items: ItemQuerySet, limit: int) -> Count:
    """Count rows, and stop at one more than the limit."""
    number = items.order_by()[: limit + 1].count()
    return Count(number=min(number, limit), is_more=number > limit)


def stored_items(collections: Sequence[Collection]) -> int:
    """Return how many items the collections hold together."""
    return sum(collection.stored_count for collection in collections)

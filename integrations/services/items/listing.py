"""Fetch one page of a user's items by keyset, and count without counting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects

from integrations.models import Collection, Item
from integrations.models.item import ItemQuerySet
from integrations.services.items.query import (
    DELETED,
    DESELECTED,
    TIMES,
    ItemQuery,
    Position,
)
from integrations.services.items.relations.groups import linked_keys
from integrations.services.items.search import full_text
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.question import Question, Rank
from integrations.services.items.search.related_names import with_related
from integrations.services.items.types import child_types, types_in

# Beyond so many nobody reads the number, and a search would take its time to count.
COUNT_LIMIT = 1000
# Among so few items the index counts hits in a moment.
SMALL = 20_000
# Among more, it is enough to know that so many of some hits are in the list.
SOME, ENOUGH = 400, 100
COLUMNS = (
    "uuid",
    "name",
    "sort_name",
    "type",
    "provider",
    "connection_id",
    "collection_id",
    "parent_name",
    "parent_remote_id",
    "remote_url",
    "remote_updated_at",
    "remote_created_at",
    "is_update_noticed",
    "changed_at",
    "deleted_at",
    "deleted_kind",
)


@dataclass(frozen=True, kw_only=True)
class ItemPage:
    """The rows of one page, and the lists before and after it.

    ``hits`` are what the index was asked for, where there is a search; it
    ``has_more_links`` where too many names were meant to follow them.
    """

    items: list[Item]
    previous: ItemQuery | None
    next: ItemQuery | None
    hits: Hits | None = None
    has_more_links: bool = False


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number of items, or that there are more than anyone counts."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"more than {self.number:,}" if self.is_more else f"{self.number:,}"


def select(
    items: ItemQuerySet,
    query: ItemQuery,
    collections: Sequence[Collection],
    *,
    parent: Item | None = None,
    linked_to: Item | None = None,
) -> ItemQuerySet:
    """Return the items the query filters for, of those given, not searched yet.

    ``parent`` and ``linked_to`` are the items that the query's own name.
    """
    exact: dict[str, object] = {
        "provider": query.provider,
        "connection_id": query.connection,
        "collection_id": query.collection,
        "type": query.type or _type_of(query, collections),
    }
    if query.parent:
        if parent is None:
            return items.none()
        items = items.filter(
            connection=parent.connection_id, type__in=child_types(parent)
        )
        exact["parent_remote_id"] = parent.remote_id
    if query.linked_to:
        if linked_to is None:
            return items.none()
        # All of one connection, so of the same owner; asked for that as well, SQLite
        # would read all of the owner's.
        items = Item.objects.filter(pk__in=linked_keys(linked_to))
    items = items.filter(**{name: value for name, value in exact.items() if value})
    if query.news:
        return query.news.select(items)
    if query.state == DELETED:
        return items.deleted()
    return items.deselected() if query.state == DESELECTED else items.live()


def _type_of(query: ItemQuery, collections: Sequence[Collection]) -> str:
    """Return the one type of a chosen collection, if it is one: indexes go by type."""
    chosen = next((c for c in collections if c.pk == query.collection), None)
    types = types_in(chosen) if chosen else ()
    return types[0] if len(types) == 1 else ""


def fetch_page(
    items: ItemQuerySet,
    query: ItemQuery,
    *,
    owner_id: int,
    collections: Sequence[Collection] = (),
) -> ItemPage:
    """Return the page the query stands at; one past the end is the first.

    ``collections`` are those that need not be fetched, with their connections.
    """
    page = read_page(items, query, owner_id=owner_id, collections=collections)
    if page.items or not (query.after or query.before):
        return page
    first = query.change()
    return read_page(items, first, owner_id=owner_id, collections=collections)


def read_page(
    items: ItemQuerySet,
    query: ItemQuery,
    *,
    owner_id: int,
    collections: Sequence[Collection] = (),
) -> ItemPage:
    """Return the page the query stands at, an empty one past the end."""
    is_backward = query.before is not None
    start = query.before or query.after
    hits, has_more_links = None, False
    if query.search:
        question = Question.parse(query.search, owner_id=owner_id)
        question = with_related(question)
        has_more_links = question.has_more_links
        hits = _ask(items, query, question)
        rows = _read_found(items, query, question, hits)
    else:
        rows = _read_all(items, query)
    has_more = len(rows) > query.size
    rows = rows[: query.size]
    if is_backward:
        rows.reverse()
    put_collections(rows, collections)
    has_previous = has_more if is_backward else start is not None
    has_next = has_more or is_backward
    return ItemPage(
        items=rows,
        previous=_before(query, rows) if rows and has_previous else None,
        next=_after(query, rows) if rows and has_next else None,
        hits=hits,
        has_more_links=has_more_links,
    )


def _ask(items: ItemQuerySet, query: ItemQuery, question: Question) -> Hits:
    """Ask for the whole list, so that each of its pages learns the same."""
    return full_text.ask(question, items.order_by(*query.order.ordering))


def _read_all(items: ItemQuerySet, query: ItemQuery) -> list[Item]:
    rows: list[Item] = []
    most = query.size + 1
    for part in _parts(items, query, query.before or query.after):
        rows += part[: most - len(rows)]
        if len(rows) == most:
            break
    return rows


def _read_found(
    items: ItemQuerySet, query: ItemQuery, question: Question, hits: Hits
) -> list[Item]:
    """Read what is searched for: rank after rank, each in the list's own order."""
    start, most = query.before or query.after, query.size + 1
    is_backward = query.before is not None
    found: list[tuple[int, Rank]] = []
    for rank in sorted(Rank, reverse=is_backward):
        if start is not None and _is_before(rank, start, is_backward=is_backward):
            continue
        ranked = full_text.hits_of(question, rank, hits)
        within = start if start is not None and rank == start.rank else None
        for part in _parts(items, query, within):
            wanted = most - len(found)
            keys = ranked.first(part, wanted) if wanted and ranked.keys else []
            found += [(key, rank) for key in keys]
        if len(found) == most:
            break
    return by_keys(found)


def _is_before(rank: Rank, start: Position, *, is_backward: bool) -> bool:
    return rank > start.rank if is_backward else rank < start.rank


def _parts(
    items: ItemQuerySet, query: ItemQuery, start: Position | None
) -> list[ItemQuerySet]:
    """Return the rows beyond a position: those that tie with it, then the rest.

    Plain ranges instead of one condition with OR, because both databases then begin
    in the middle of their index, even among a million equal timestamps. Rows without
    a value are a range of their own, because they stand last in every order, and in
    one end of the index or the other.
    """
    is_backward = query.before is not None
    order = query.order.reversed if is_backward else query.order
    slim = items.only(*COLUMNS).order_by(*order.ordering)
    beyond = "lt" if order.is_descending else "gt"
    known, unknown = slim, []
    if order.field in TIMES:
        known = slim.filter(**{f"{order.field}__isnull": False})
        unknown = [slim.filter(**{f"{order.field}__isnull": True})]
    if start is None:
        return [*unknown, known] if is_backward else [known, *unknown]
    behind = {f"id__{beyond}": start.id}
    if start.value is None:
        ties = [part.filter(**behind) for part in unknown]
        return [*ties, known] if is_backward else ties
    tied = known.filter(**{order.field: start.value, **behind})
    rest = known.filter(**{f"{order.field}__{beyond}": start.value})
    return [tied, rest] if is_backward else [tied, rest, *unknown]


def by_keys(found: Sequence[tuple[int, Rank]]) -> list[Item]:
    """Return rows in the order of their keys, each with its rank.

    By keys alone: asked for the owner's as well, SQLite would read all of those.
    """
    rows = Item.objects.only(*COLUMNS).in_bulk([key for key, _ in found])
    for key, rank in found:
        if key in rows:
            rows[key].rank = rank
    return [rows[key] for key, _ in found if key in rows]


def put_collections(
    items: Sequence[Item], collections: Sequence[Collection] = ()
) -> None:
    """Set what items belong to; what is not given is fetched.

    Without a join, which could mislead a planner.
    """
    known = {collection.pk: collection for collection in collections}
    for item in items:
        if item.collection_id in known:
            item.collection = known[item.collection_id]
            item.connection = item.collection.connection
    rest = [item for item in items if item.collection_id not in known]
    if rest:
        slim = Collection.objects.only("name", "connection_id")
        prefetch_related_objects(
            rest, "connection", Prefetch("collection", queryset=slim)
        )


def _position(query: ItemQuery, item: Item) -> Position:
    field = query.order.field
    value = getattr(item, field)
    return Position(field=field, value=value, id=item.pk, rank=item.rank)


def _after(query: ItemQuery, rows: Sequence[Item]) -> ItemQuery:
    return replace(query, before=None, after=_position(query, rows[-1]))


def _before(query: ItemQuery, rows: Sequence[Item]) -> ItemQuery:
    return replace(query, after=None, before=_position(query, rows[0]))


def count(
    items: ItemQuerySet,
    query: ItemQuery,
    collections: Sequence[Collection],
    *,
    owner_id: int,
    hits: Hits | None = None,
) -> Count:
    """Count what the query finds: from the collections' own counts if they can say.

    The number is the same on every page of a list; ``hits`` are those of one of them.
    """
    if query.search:
        is_small = stored_items(collections) <= SMALL
        question = Question.parse(query.search, owner_id=owner_id)
        found = hits or _ask(items, query, with_related(question))
        return count_found(items, found, is_small=is_small)
    within = [c for c in collections if is_within(c, query)]
    is_mixed = query.type and any(len(types_in(c)) > 1 for c in within)
    if query.state or query.news or query.parent or query.linked_to or is_mixed:
        return count_up_to(items, COUNT_LIMIT)
    return Count(number=sum(collection.stored_count for collection in within))


def count_found(items: ItemQuerySet, hits: Hits, *, is_small: bool) -> Count:
    """Count hits: all if that is quick, else as many as are among the first."""
    if hits.are_few:
        return Count(number=full_text.with_keys(items, hits.keys).count())
    if not is_small and hits.seen:
        return Count(number=hits.seen // 10 * 10, is_more=True)
    if not is_small:
        known = full_text.with_keys(items, hits.keys[:SOME]).count()
        if known >= ENOUGH:
            return Count(number=known // 10 * 10, is_more=True)
    return count_up_to(hits.among(items), COUNT_LIMIT)


def is_within(collection: Collection, query: ItemQuery) -> bool:
    """Tell whether a collection may hold what the query filters for."""
    return (
        (not query.provider or collection.connection.provider == query.provider)
        and query.connection in (None, collection.connection_id)
        and query.collection in (None, collection.pk)
        and (not query.type or query.type in types_in(collection))
    )


def count_since(
    items: ItemQuerySet,
    at: datetime,
    *,
    connections: Sequence[UUID],
    hits: Hits | None = None,
) -> tuple[Count, Count]:
    """Count what has come since a time, and what has changed, of the given items.

    They are of these ``connections``: by those and the time there is an index.
    """
    recent = items.filter(connection__in=connections, changed_at__gt=at)
    if hits is not None:
        recent = hits.among(recent)
    new = recent.filter(first_seen_at__gt=at)
    changed = recent.filter(first_seen_at__lte=at)
    return count_up_to(new, COUNT_LIMIT), count_up_to(changed, COUNT_LIMIT)


def count_up_to(items: ItemQuerySet, limit: int) -> Count:
    """Count rows, and stop at one more than the limit."""
    number = items.order_by()[: limit + 1].count()
    return Count(number=min(number, limit), is_more=number > limit)


def stored_items(collections: Sequence[Collection]) -> int:
    """Return how many items the collections hold together."""
    return sum(collection.stored_count for collection in collections)

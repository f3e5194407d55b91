"""Select a user's items, and fetch one page of them by keyset."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists import grouped_order
from integrations.services.items.lists.loading import COLUMNS, by_keys, put_collections
from integrations.services.items.lists.query import (
    DELETED,
    DESELECTED,
    TIMES,
    ItemQuery,
    Position,
)
from integrations.services.items.relations.groups import linked_with
from integrations.services.items.search import full_text
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import Rank, SearchQuery
from integrations.services.items.types import child_types, types_in


class ItemPage(Struct, frozen=True, kw_only=True):
    """The rows of one page, and the lists before and after it.

    ``hits`` are what the index was asked for, where there is a search; it
    ``has_more_links`` where too many names were meant to follow them.
    """

    items: list[Item]
    previous: ItemQuery | None
    next: ItemQuery | None
    hits: Hits | None = None
    has_more_links: bool = False


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
        items = Item.objects.filter(linked_with(linked_to, query.relation))
    items = items.filter(**{name: value for name, value in exact.items() if value})
    if query.news:
        connections = {each.connection_id: each.connection for each in collections}
        return query.news.select(items, list(connections.values()))
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
        search_query = SearchQuery.parse(query.search, owner_id=owner_id)
        search_query = with_related(search_query)
        has_more_links = search_query.has_more_links
        # Of the whole list, so that each of its pages learns the same.
        hits = full_text.ask(search_query, items.order_by(*query.order.ordering))
        rows = _read_found(items, query, search_query, hits)
    elif query.order.group:
        groups = grouped_order.groups_of(query, owner_id, collections)
        rows = _read_grouped(items, query, groups)
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
        next=page_after(query, rows[-1]) if rows and has_next else None,
        hits=hits,
        has_more_links=has_more_links,
    )


def _read_all(items: ItemQuerySet, query: ItemQuery) -> list[Item]:
    rows: list[Item] = []
    most = query.size + 1
    for part in ranges(items, query, query.before or query.after):
        rows += part[: most - len(rows)]
        if len(rows) == most:
            break
    return rows


def _read_grouped(
    items: ItemQuerySet, query: ItemQuery, groups: Sequence[Any]
) -> list[Item]:
    """Read group after group, from that of the row where the page stands."""
    start, is_backward = query.before or query.after, query.before is not None
    order = query.order.reversed if is_backward else query.order
    names = [str(each) for each in groups]
    if order.is_group_descending:
        groups, names = groups[::-1], names[::-1]
    if start is not None and start.group in names:
        place = names.index(start.group)
        groups, names = groups[place:], names[place:]
    column = grouped_order.COLUMNS[order.group]
    sign = -1 if order.is_descending else 1

    def parts_of(group: Any) -> list[ItemQuerySet]:
        here = start if start is not None and str(group) == start.group else None
        return ranges(items.filter(**{column: group}), query, here)

    def place_of(item: Item) -> tuple[Any, ...]:
        at = item.remote_updated_at
        seconds = at.timestamp() if at else 0.0
        is_late = (at is None) is not is_backward
        group = names.index(str(getattr(item, column)))
        return (group, is_late, sign * seconds, sign * item.pk)

    rows = grouped_order.first_rows(groups, parts_of, order, query.size + 1)
    return sorted(rows, key=place_of)


def _read_found(
    items: ItemQuerySet, query: ItemQuery, search_query: SearchQuery, hits: Hits
) -> list[Item]:
    """Read what is searched for: rank after rank, each in the list's own order."""
    start, most = query.before or query.after, query.size + 1
    is_backward = query.before is not None
    found: list[tuple[int, Rank]] = []
    for rank in sorted(Rank, reverse=is_backward):
        if start is not None and _is_before(rank, start, is_backward=is_backward):
            continue
        ranked = full_text.hits_of(search_query, rank, hits)
        within = start if start is not None and rank == start.rank else None
        for part in ranges(items, query, within):
            wanted = most - len(found)
            keys = ranked.first(part, wanted) if wanted and ranked.keys else []
            found += [(key, rank) for key in keys]
        if len(found) == most:
            break
    return by_keys(found)


def _is_before(rank: Rank, start: Position, *, is_backward: bool) -> bool:
    return rank > start.rank if is_backward else rank < start.rank


def ranges(
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


def position_of(query: ItemQuery, item: Item) -> Position:
    """Return where a row stands in the order of a list."""
    order = query.order
    group = getattr(item, grouped_order.COLUMNS[order.group]) if order.group else ""
    return Position(
        field=order.field,
        value=getattr(item, order.field),
        id=item.pk,
        rank=item.rank,
        by=order.group,
        group=str(group),
    )


def page_after(query: ItemQuery, item: Item) -> ItemQuery:
    """Return the page of a list that begins behind one of its rows."""
    return replace(query, before=None, after=position_of(query, item))


def _before(query: ItemQuery, rows: Sequence[Item]) -> ItemQuery:
    return replace(query, after=None, before=position_of(query, rows[0]))

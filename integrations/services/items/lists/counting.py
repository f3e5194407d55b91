"""Count the items of a list without counting them all."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections as databases
from django.db import router
from django.db.models import QuerySet
from msgspec import Struct

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.types import types_in

# Beyond so many nobody reads the number, and a search would take its time to count.
COUNT_LIMIT = 1000
# More than any table holds.
EVERY = 2**31
# Among so few items the index counts hits in a moment.
SMALL = 20_000
# Among more, it is enough to know that so many of some hits are in the list.
SOME, ENOUGH = 400, 100


class Count(Struct, frozen=True, kw_only=True):
    """A number of items, or that there are more than anyone counts."""

    number: int
    is_more: bool = False

    @classmethod
    def more_than(cls, known: int) -> "Count":
        """Return that there are more than some that are known, as a round number.

        There may be no others, so that one of those that are known is the one more.
        """
        number = max(known - 1, 0)
        return cls(number=number // 10 * 10 or number, is_more=True)

    def __str__(self) -> str:
        if self.is_more and not self.number:
            return "at least 1"
        return f"more than {self.number:,}" if self.is_more else f"{self.number:,}"


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
        search_query = SearchQuery.parse(query.search, owner_id=owner_id)
        if hits is None:
            ordered = items.order_by(*query.order.ordering)
            hits = full_text.ask(with_related(search_query), ordered)
        return count_found(items, hits, is_small=is_small)
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
        return Count.more_than(hits.seen)
    if not is_small:
        # Which ones these are may change with any write, so their number tells nothing.
        known = full_text.with_keys(items, hits.keys[:SOME]).count()
        if known > ENOUGH:
            return Count(number=ENOUGH, is_more=True)
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


def count_each(rows: Sequence[QuerySet[Any]], limit: int = EVERY) -> list[Count]:
    """Count the rows of each like ``count_up_to``, by one statement for all."""
    statements, parameters = list[str](), list[Any]()
    for each in rows:
        some = each.order_by().values("pk")[: limit + 1]
        try:
            statement, values = some.query.sql_with_params()
        except EmptyResultSet:
            statements.append("0")
            continue
        statements.append(f"(SELECT COUNT(*) FROM ({statement}) AS r)")
        parameters += values
    with databases[router.db_for_read(Item)].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(statements)}", parameters)
        numbers = cursor.fetchone()
    return [Count(number=min(n, limit), is_more=n > limit) for n in numbers]


def stored_items(collections: Sequence[Collection]) -> int:
    """Return how many items the collections hold together."""
    return sum(collection.stored_count for collection in collections)

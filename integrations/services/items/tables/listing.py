"""One page of a table by keyset, in the order of a property, and the count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from integrations.models import Collection, Item, PropertyIndex, PropertyValue
from integrations.models.item import ItemQuerySet
from integrations.services.items.listing import COLUMNS, Count
from integrations.services.items.search import full_text
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.question import Question
from integrations.services.items.search.related_names import with_related
from integrations.services.items.tables.conditions import (
    Asker,
    Condition,
    matching,
    to_q,
)
from integrations.services.items.tables.cursors import Cursor
from integrations.services.items.tables.indexes import Indexes
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.table_query import ANY, TableQuery

# Beyond so many nobody reads the number.
COUNT_LIMIT = 10_000
# So few items are fetched first, and sorted then; of more, rows are looked at in order.
FEW = 1000
EXACT = frozenset({Operator.IS, Operator.ONE_OF, Operator.ME, Operator.EMPTY})


@dataclass(frozen=True, kw_only=True)
class TablePage:
    """The rows of one page, and the tables before and after it."""

    items: list[Item]
    previous: TableQuery | None
    next: TableQuery | None


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a query selects: by conditions that can be asked now, and by a search.

    ``keys`` are the only items that can match, where few are known to. The search
    ``has_more_links`` where too many names were meant to follow them.
    """

    collection: Collection
    query: TableQuery
    indexes: Indexes
    asker: Asker
    hits: Hits | None = None
    keys: list[int] | None = None
    has_more_links: bool = False

    @classmethod
    def make(
        cls, collection: Collection, query: TableQuery, indexes: Indexes, asker: Asker
    ) -> "Selection":
        """Ask what is searched for, and look whether few items can match."""
        hits, has_more_links = None, False
        if query.search:
            live = Item.objects.live().filter(collection=collection)
            ordered = live.order_by("-remote_updated_at", "-id")
            owner_id = collection.connection.owner_id
            question = Question.parse(query.search, owner_id=owner_id)
            question = with_related(question)
            has_more_links = question.has_more_links
            hits = full_text.ask(question, ordered)
        made = cls(
            collection=collection,
            query=query,
            indexes=indexes,
            asker=asker,
            hits=hits,
            keys=hits.keys if hits is not None and hits.are_few else None,
            has_more_links=has_more_links,
        )
        return made if made.keys is not None else replace(made, keys=made.few())

    def few(self) -> list[int] | None:
        """Return the keys that match the first condition that few match, if any."""
        for _, rows in self._positive():
            keys = list(rows.values_list("item_id", flat=True)[: FEW + 1])
            if len(keys) <= FEW:
                return keys
        return None

    @property
    def is_all(self) -> bool:
        """Tell whether every row of the collection is selected."""
        return not self.query.search and not self._conditions("pk")

    def items(self) -> ItemQuerySet:
        """Return the items that are selected."""
        items = Item.objects.live().filter(collection=self.collection)
        if self.keys is not None:
            # Asked for its collection as well, SQLite would read all of that.
            items = Item.objects.live().filter(pk__in=self.keys)
            items = items.alias(of=F("collection_id")).filter(of=self.collection.pk)
        elif self.hits is not None:
            items = self.hits.among(items)
        return items.filter(self._where("pk"))

    def keys_to_count(self) -> QuerySet[Any]:
        """Return the selected items by their keys alone, in no order.

        Where all conditions must hold, only what one of them finds is looked at:
        that with an exact value if there is one, which finds the least as a rule.
        """
        found = self._positive() if self.keys is None and self.hits is None else []
        if not found:
            return self.items().order_by().values("pk")
        found.sort(key=lambda each: each[0].operator not in EXACT)
        rows = found[0][1].filter(self._where("item_id"))
        return rows.order_by().values("item").distinct()

    def _positive(self) -> list[tuple[Condition, QuerySet[PropertyValue]]]:
        """Return the rows of each condition that must hold, of those that find rows."""
        if self.query.match == ANY and len(self.query.conditions) > 1:
            return []
        found = []
        for condition in self.query.conditions:
            index = self.indexes.get(condition.column)
            if index is not None:
                rows, is_negated = matching(condition, index, self.asker)
                found += [] if is_negated else [(condition, rows)]
        return found

    def values(self, index: PropertyIndex) -> QuerySet[PropertyValue]:
        """Return the rows of an index whose items are selected."""
        rows = PropertyValue.objects.filter(index=index)
        if self.keys is not None:
            rows = rows.filter(item__in=self.keys)
        elif self.hits is not None:
            found = self.hits.among(Item.objects.live())
            rows = rows.filter(item__in=found.values("pk"))
        return rows.filter(self._where("item_id"))

    def _where(self, item: str) -> Q:
        conditions = self._conditions(item)
        where = Q()
        for each in conditions:
            where = where | each if self.query.match == ANY else where & each
        return where

    def _conditions(self, item: str) -> list[Q]:
        found = []
        for condition in self.query.conditions:
            index = self.indexes.get(condition.column)
            if index is not None:
                found.append(to_q(condition, index, self.asker, item=item))
        return found


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Rows in one order: which columns hold the value and the item's key."""

    rows: QuerySet[Any]
    value: str
    key: str
    is_descending: bool

    def parts(self, start: Cursor | None, *, is_backward: bool) -> list[QuerySet[Any]]:
        """Return the rows beyond a position: ties first; unknown values come last."""
        is_descending = self.is_descending != is_backward
        sign, beyond = ("-", "lt") if is_descending else ("", "gt")
        ordered = self.rows.order_by(f"{sign}{self.value}", f"{sign}{self.key}")
        known = ordered.filter(**{f"{self.value}__isnull": False})
        unknown = ordered.filter(**{f"{self.value}__isnull": True})
        if start is None:
            return [unknown, known] if is_backward else [known, unknown]
        behind = {f"{self.key}__{beyond}": start.id}
        if start.value is None:
            ties = unknown.filter(**behind)
            return [ties, known] if is_backward else [ties]
        tied = known.filter(**{self.value: start.value, **behind})
        rest = known.filter(**{f"{self.value}__{beyond}": start.value})
        return [tied, rest] if is_backward else [tied, rest, unknown]


def fetch_page(selection: Selection) -> TablePage:
    """Return the page that the query stands at; one past the end is the first."""
    page = read_page(selection)
    if page.items or not (selection.query.after or selection.query.before):
        return page
    return read_page(replace(selection, query=selection.query.change()))


def read_page(selection: Selection) -> TablePage:
    """Return the page that the query stands at, even an empty one."""
    query = selection.query
    is_backward, start = query.before is not None, query.before or query.after
    is_ready = query.is_by_update or selection.indexes.get(query.sort) is not None
    if not is_ready:
        # Rows in another order for now, which have no next page in this one.
        is_backward, start = False, None
    order, most = _order_of(selection), query.size + 1
    found: list[tuple[int, Any]] = []
    for part in order.parts(_to_start(query, start), is_backward=is_backward):
        found += part.values_list(order.key, order.value)[: most - len(found)]
        if len(found) == most:
            break
    has_more = len(found) > query.size
    found = found[: query.size]
    if is_backward:
        found.reverse()
    has_previous = has_more if is_backward else start is not None
    has_next = is_ready and (has_more or is_backward)
    return TablePage(
        items=_items(selection, [key for key, _ in found]),
        previous=_before(query, found) if found and has_previous else None,
        next=_after(query, found) if found and has_next else None,
    )


def _order_of(selection: Selection) -> _Order:
    """Return the rows in their order: that of updates while an index is built."""
    query = selection.query
    index = selection.indexes.get(query.sort)
    if query.is_by_update or index is None:
        return _Order(
            rows=selection.items(),
            value="remote_updated_at",
            key="pk",
            is_descending=query.is_descending or not query.is_by_update,
        )
    return _Order(
        rows=selection.values(index).filter(position=0),
        value="text" if query.sorts_by_text else "number",
        key="item_id",
        is_descending=query.is_descending,
    )


def _to_start(query: TableQuery, start: Cursor | None) -> Any:
    """Return a position with its value as the database compares it."""
    if start is None or not query.is_by_update or start.value is None:
        return start
    try:
        at = datetime.fromisoformat(str(start.value))
    except ValueError:
        return None
    return _At(value=at.replace(tzinfo=at.tzinfo or UTC), id=start.id)


@dataclass(frozen=True, kw_only=True)
class _At:
    value: datetime
    id: int


def _items(selection: Selection, keys: Sequence[int]) -> list[Item]:
    """Return the items of a page in its order, with their properties."""
    own = Item.objects.live().only(*COLUMNS, "properties")
    found = own.in_bulk(keys)
    collection = selection.collection
    items = [found[key] for key in keys if key in found]
    for item in items:
        item.collection, item.connection = collection, collection.connection
    return [item for item in items if item.collection_id == collection.pk]


def cursor_of(selection: Selection, item: Item) -> Cursor | None:
    """Return the position of an item, if it is among the rows."""
    order = _order_of(selection)
    rows = order.rows.filter(**{order.key: item.pk})
    found = rows.values_list(order.key, order.value).first()
    return _cursor(selection.query, found) if found else None


def _cursor(query: TableQuery, found: tuple[int, Any]) -> Cursor:
    key, value = found
    told = value.isoformat() if isinstance(value, datetime) else value
    return Cursor(order=query.sort_text, value=told, id=key)


def _after(query: TableQuery, found: Sequence[tuple[int, Any]]) -> TableQuery:
    return replace(query, before=None, after=_cursor(query, found[-1]))


def _before(query: TableQuery, found: Sequence[tuple[int, Any]]) -> TableQuery:
    return replace(query, after=None, before=_cursor(query, found[0]))


def count(selection: Selection, page: TablePage) -> Count:
    """Count the rows: the collection keeps its own count, others stop at a limit."""
    is_whole = not (page.previous or page.next)
    if is_whole and len(page.items) < selection.query.size:
        return Count(number=len(page.items))
    if selection.is_all:
        return Count(number=selection.collection.stored_count)
    number = selection.keys_to_count()[: COUNT_LIMIT + 1].count()
    return Count(number=min(number, COUNT_LIMIT), is_more=number > COUNT_LIMIT)

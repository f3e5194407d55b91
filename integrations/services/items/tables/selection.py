"""Which rows of a table are selected: by conditions on indexes, and by a search.

Three ways lead to them, by how many they are: few are known by their keys; of many,
rows are looked at in their order until a page is full; where those are rare among
rows, the keys of all of them are asked for.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection as database
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    UUIDField,
)
from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Collection, Item, PropertyIndex, PropertyValue
from integrations.models.items.item import ItemQuerySet
from integrations.models.messages.wording import connector_text
from integrations.services.items.search import full_text
from integrations.services.items.search.full_text import Hits
from integrations.services.items.search.related_names import with_related
from integrations.services.items.search.search_query import SearchQuery
from integrations.services.items.tables.conditions import (
    Asker,
    Condition,
    is_negated,
    matching,
    to_q,
)
from integrations.services.items.tables.indexing import linked_names
from integrations.services.items.tables.indexing.first_keys import (
    first_beside,
    first_keys,
    hold_for_more,
    some_keys,
)
from integrations.services.items.tables.indexing.indexes import Indexes
from integrations.services.items.tables.link_filter import LinkedRows, find_rows
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.table_address import ANY
from integrations.services.items.tables.table_query import TableQuery
from integrations.services.items.tables.unindexed import Unindexed

NOT_THERE = "The item that rows were to be linked with is not there."
# So few items are fetched first, and sorted then.
FEW = 1000
# Of up to so many all keys are asked for; of more so many rows are looked at first.
MANY, WINDOW = 5000, 25_000
EXACT = frozenset(
    {
        *(Operator.IS, Operator.ONE_OF, Operator.ME, Operator.SAME),
        *(Operator.TOLD, Operator.EMPTY),
    }
)


class Selection(Struct, frozen=True, kw_only=True, dict=True):
    """What a query selects: by conditions that can be asked now, and by a search.

    Only rows that are ``linked`` are, where the query asks for a relation. ``keys``
    are the only items that can match, where few are known to. The search
    ``has_more_links`` where too many names were meant to follow them. Of the conditions
    some are left out: the ``vague`` ones, which name too many items, and those that the
    asker is unable to ask.
    """

    collection: Collection
    query: TableQuery
    indexes: Indexes
    asker: Asker
    hits: Hits | None = None
    linked: LinkedRows | None = None
    keys: list[int] | None = None
    has_more_links: bool = False
    vague: Sequence[Condition] = ()

    @classmethod
    def make(
        cls, collection: Collection, query: TableQuery, indexes: Indexes, asker: Asker
    ) -> "Selection":
        """Ask what is searched for, and look whether few items can match."""
        linked = linked_names.find(collection, query.conditions)
        hits, has_more_links = None, False
        if query.search:
            live = Item.objects.live().filter(collection=collection)
            ordered = live.order_by("-remote_updated_at", "-id")
            owner_id = collection.connection.owner_id
            search_query = SearchQuery.parse(query.search, owner_id=owner_id)
            search_query = with_related(search_query)
            has_more_links = search_query.has_more_links
            hits = full_text.ask(search_query, ordered)
        made = cls(
            collection=collection,
            query=query,
            indexes=indexes,
            asker=replace(asker, linked=linked.ids),
            hits=hits,
            linked=find_rows(collection, query.linked),
            keys=hits.keys if hits is not None and hits.are_few else None,
            has_more_links=has_more_links,
            vague=linked.vague,
        )
        return made if made.keys is not None else replace(made, keys=made.searched())

    def searched(self) -> list[int] | None:
        """Return the keys of which all that match are some, that are found as well."""
        keys = self.few()
        if not keys or self.hits is None or self.hits.condition is None:
            return keys
        rows = Item.objects.filter(pk__in=keys).order_by()
        rows = rows.filter(Q(full_text.holds(self.hits.condition, "pk")))
        return list(rows.values_list("pk", flat=True))

    def few(self) -> list[int] | None:
        """Return the keys of which all that match are some, if they are few."""
        if self.linked is not None and (keys := self.linked.few(FEW)) is not None:
            return keys
        if self.is_any and len(self.positive) < len(self.used):
            return None
        if self.is_any:
            found = first_keys([rows for _, rows in self.positive], most=FEW)
            is_cut = any(len(keys) > FEW for keys in found)
            all_keys = {key for keys in found for key in keys}
            return list(all_keys) if len(all_keys) <= FEW and not is_cut else None
        # Of a rare text a whole index is read: not where an exact value names few.
        for is_exact in (True, False):
            parts = [
                rows
                for condition, rows in self.positive
                if (condition.operator in EXACT) is is_exact
            ]
            for keys in first_keys(parts, most=FEW):
                if len(keys) <= FEW:
                    return keys
        return None

    @property
    def left_out(self) -> Sequence[str]:
        """Return in words what was asked for and selects no rows."""
        vague = (f"“{each.words}” names too many items." for each in self.vague)
        lost = [NOT_THERE] if self.is_link_lost else []
        unable = (
            f"{connector_text(self.asker.mistake, f'“{each.words}” cannot be asked')}."
            for each in self.unable
        )
        return (*self.query.left_out, *lost, *vague, *unable)

    @property
    def unable(self) -> Sequence[Condition]:
        """Return the conditions that a mistake of ours keeps from being asked."""
        return [each for each in self.query.conditions if self.asker.is_unable(each)]

    def uses(self, condition: Condition) -> bool:
        """Tell whether a condition is not left out."""
        return condition not in self.vague and not self.asker.is_unable(condition)

    @property
    def is_link_lost(self) -> bool:
        """Tell whether the item is not there that rows were to be linked with."""
        return self.query.linked is not None and self.linked is None

    @property
    def words(self) -> str:
        """Return in words what selects the rows, without what is not ready for that."""
        kept = tuple(condition for condition, _ in self.used)
        words = replace(self.query, conditions=kept).words
        linked = [self.linked.words] if self.linked else []
        return " and ".join([*linked, *([words] if words else [])])

    @property
    def is_any(self) -> bool:
        """Tell whether it is enough that one of several conditions holds."""
        return self.query.match == ANY and len(self.used) > 1

    def are_more_than(self, limit: int) -> bool:
        """Tell whether so many are sure to be found, by what each condition begins."""
        is_narrowed = self.hits is not None or self.linked is not None
        if self.keys is not None or is_narrowed or not self.positive:
            return False
        if limit < vars(self).get("least_number", 0):
            return True
        if self.is_any:
            parts = first_keys([rows for _, rows in self.positive], most=FEW)
            return len({key for keys in parts for key in keys}) > limit
        # SQLite stops counting at the limit. PostgreSQL finds and sorts all first.
        if database.vendor == "sqlite" or len(self.used) == 1:
            return False
        asked = [
            (rows, self.where("item_id", without=condition, is_for_few=True))
            for condition, rows in sorted(self.positive, key=_is_wide)
        ]
        return hold_for_more(asked, limit)

    @property
    def is_all(self) -> bool:
        """Tell whether every row of the collection is selected."""
        return not self.query.search and not self.used and self.linked is None

    def items(self) -> ItemQuerySet:
        """Return the items that are selected."""
        if self.keys is None:
            found = self.live_where()
            return found if self.hits is None else self.hits.among(found)
        # Asked for its collection as well, SQLite would read all of that.
        of = Unindexed(F("collection_id"), output_field=UUIDField())
        items = Item.objects.live().filter(pk__in=self.keys)
        items = items.alias(of=of).filter(of=self.collection.pk)
        return items.filter(self.where("pk"))

    def live_where(self) -> ItemQuerySet:
        """Return the items that have the conditions, whatever is searched for."""
        live = Item.objects.live().filter(collection=self.collection)
        return live.filter(self.where("pk"))

    def values(self, index: PropertyIndex) -> QuerySet[PropertyValue]:
        """Return the rows of an index whose items are selected."""
        rows = PropertyValue.objects.filter(index=index)
        if self.keys is not None:
            rows = rows.filter(item__in=self.keys)
        elif self.hits is not None:
            rows = self.hits.among(rows, "item_id")
        return rows.filter(self.where("item_id"))

    def whole(self, index: PropertyIndex) -> QuerySet[PropertyValue]:
        """Return the same rows, to be read from the first to the last.

        SQLite is asked for all items of each condition once, instead of at each row.
        PostgreSQL does so by itself where it can, as a join; a list that it is given
        would be gone through at each row where that does not fit into its memory.
        """
        if self.keys is not None or not self.used:
            return self.values(index)
        if database.vendor != "sqlite":
            return self._joined(index)
        where = Q()
        for condition, own in self.used:
            found = matching(condition, own, self.asker).values("item")
            told = Q(own_item__in=found)
            told = ~told if is_negated(condition) else told
            where = where | told if self.is_any else where & told
        where &= self._linked_where("item_id")
        # By the sum no index is read, which would take rows in another order.
        rows = PropertyValue.objects.filter(index=index)
        rows = rows.alias(own_item=F("item_id") + 0).filter(where)
        return rows if self.hits is None else self.hits.among(rows, "item_id")

    def _joined(self, index: PropertyIndex) -> QuerySet[PropertyValue]:
        """Return them for PostgreSQL, which knows how many rows a value has.

        Of values under names that no index has it expects few, and looks each up.
        """
        rows = PropertyValue.objects.filter(index=index)
        if self.hits is not None:
            rows = self.hits.among(rows, "item_id")
        if self.is_any:
            return rows.filter(self.where("item_id"))
        return rows.filter(self._joined_where())

    def _joined_where(self, *, without: Condition | None = None) -> Q:
        """Return the same as ``where``, for all rows of an index of PostgreSQL's.

        Values that are equal are sorted by their items there, so that two conditions
        are read side by side.
        """
        where = self._linked_where("item_id")
        for condition, own in self.used:
            if condition == without:
                continue
            if is_negated(condition):
                where &= to_q(condition, own, self.asker, item="item_id")
            else:
                found = matching(condition, own, self.asker).values("item")
                where &= Q(item__in=found)
        return where

    def holds(self, item: str, *, also: Q | None = None) -> ExpressionWrapper:
        """Return whether the item of a row is selected, for rows to be looked at.

        What holds ``also`` is asked first.
        """
        told = (also or Q()) & self.where(item, is_for_few=True)
        if self.hits is not None and self.hits.condition is not None:
            told &= Q(full_text.holds(self.hits.condition, item))
        return ExpressionWrapper(told, output_field=BooleanField())

    @cached_property
    def all_keys(self) -> set[int]:
        """The keys of all that are selected, found by what the least rows match."""
        if self.only_naming is not None:
            return set(self.only_naming)
        if self.positive and not self.is_any:
            keys = set(self._narrowed().values_list("item_id", flat=True))
        else:
            keys = set(self.live_where().order_by().values_list("pk", flat=True))
        if self.hits is not None and self.hits.condition is not None:
            keys.intersection_update(full_text.all_keys(self.hits.condition))
        return keys

    @cached_property
    def least_number(self) -> int:
        """So many items are selected at least: all of them where they are not many.

        Then their keys are known as well.
        """
        is_narrowed = self.hits is not None or self.linked is not None
        is_side_by_side = self.positive and not (self.is_any or is_narrowed)
        if database.vendor == "sqlite" or not is_side_by_side:
            return len(self.all_keys)
        try:
            number, keys = some_keys(self._narrowed(), MANY)
        except EmptyResultSet:
            number, keys = 0, []
        if keys is not None:
            vars(self)["all_keys"] = set(keys)
        return number

    def first_beside(
        self, rows: QuerySet[Any], columns: tuple[str, str], want: int
    ) -> list[tuple[Any, ...]]:
        """Return the selected ones of the first of some rows, no more than are wanted.

        It is for very many of which PostgreSQL finds what each condition finds.
        """
        return first_beside(rows[:WINDOW], self._joined_where(), columns, want)

    def keys_to_count(self) -> QuerySet[Any]:
        """Return the selected items by their keys alone, in no order.

        Where all conditions must hold, only what one of them finds is looked at.
        """
        if self.only_naming is not None:
            return self.only_naming
        is_known = self.keys is not None or self.hits is not None
        if is_known or self.is_any or not self.positive:
            return self.items().order_by().values("pk")
        rows = self._narrowed()
        # Not by an index in the order of items, all of which may be read.
        return rows.order_by().values_list(Unindexed(F("item_id"))).distinct()

    def _narrowed(self) -> QuerySet[PropertyValue]:
        """Return the rows of one condition for which all others hold as well."""
        chosen, rows = self.narrowest
        if database.vendor == "sqlite":
            return rows.filter(self.where("item_id", without=chosen))
        return rows.filter(self._joined_where(without=chosen))

    @property
    def only_naming(self) -> QuerySet[Any] | None:
        """The keys of all selected rows, where that they name an item is all of it."""
        is_more = self.keys is not None or self.hits is not None or bool(self.used)
        return None if self.linked is None or is_more else self.linked.live_keys

    @property
    def has_all_keys(self) -> bool:
        """Tell whether all keys have been asked for."""
        return "all_keys" in vars(self)

    @cached_property
    def positive(self) -> Sequence[tuple[Condition, QuerySet[PropertyValue]]]:
        """The rows of an index for each condition that finds what it selects."""
        return [
            (condition, matching(condition, index, self.asker))
            for condition, index in self.used
            if not is_negated(condition)
        ]

    @property
    def narrowest(self) -> tuple[Condition, QuerySet[PropertyValue]]:
        """The rows of one condition, with an exact value if any has: as a rule few."""
        return min(self.positive, key=_is_wide)

    @cached_property
    def used(self) -> Sequence[tuple[Condition, PropertyIndex]]:
        """The conditions whose index is ready, without those that are left out."""
        found = (
            (each, self.indexes.get(each.column)) for each in self.query.conditions
        )
        return [
            (condition, index)
            for condition, index in found
            if index is not None and self.uses(condition)
        ]

    def where(
        self,
        item: str,
        *,
        without: Condition | None = None,
        is_for_few: bool = False,
    ) -> Q:
        """Return what holds for selected rows; ``item`` holds their item's key."""
        where = Q()
        for condition, index in self.used:
            if condition != without:
                told = to_q(
                    condition, index, self.asker, item=item, is_for_few=is_for_few
                )
                where = where | told if self.is_any else where & told
        is_for_few = is_for_few or self.keys is not None
        return where & self._linked_where(item, is_for_few=is_for_few)

    def _linked_where(self, item: str, *, is_for_few: bool = False) -> Q:
        return self.linked.where(item, is_for_few=is_for_few) if self.linked else Q()


def _is_wide(part: tuple[Condition, QuerySet[PropertyValue]]) -> bool:
    """Tell whether a condition has no exact value: as a rule it finds many."""
    return part[0].operator not in EXACT

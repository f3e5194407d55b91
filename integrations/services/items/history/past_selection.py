"""The filters, the search and the order of a table, asked of its rows as they were."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from integrations.models import Item
from integrations.services.common.errors import ConnectorError
from integrations.services.items.history.as_of import PastItem, Presence, undo
from integrations.services.items.history.table_history import (
    PastRow,
    by_item,
    changes_since,
)
from integrations.services.items.relations.around import leads_to
from integrations.services.items.relations.groups import read_address
from integrations.services.items.relations.write import Linking, links_of
from integrations.services.items.search.conditions import is_in
from integrations.services.items.search.own_words import find_words
from integrations.services.items.search.texts import Indexer
from integrations.services.items.storage.contents import kept_texts
from integrations.services.items.tables.columns.columns import UPDATED, Column
from integrations.services.items.tables.conditions import Asker, Condition
from integrations.services.items.tables.indexing.key_conditions import holds
from integrations.services.items.tables.indexing.rows import keys_by_column
from integrations.services.items.tables.listing import first_rows
from integrations.services.items.tables.operators import Operator
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_address import ANY

# So many rows of a table, in its order, are looked at for those of another time.
MOST_ROWS: Final = 5000
# Texts of so many items are held at once.
STEP: Final = 500
COUNTED: Final = frozenset({Operator.LAST, Operator.NEXT})


@dataclass(frozen=True, kw_only=True)
class PastRows:
    """The rows of a time, in their order.

    They are ``cut`` where the table has more rows than are looked at, and
    ``is_partial`` where more has changed since than is undone.
    """

    rows: Sequence[PastRow]
    is_cut: bool
    is_partial: bool


@dataclass(frozen=True, kw_only=True)
class PastSelection:
    """What a table selects, and in which order, asked of items as they were.

    Items are given as they were: copies with the names and properties of that time.
    """

    selection: Selection

    @property
    def is_asked(self) -> bool:
        """Tell whether anything is asked for but all rows, the last updated first."""
        query = self.selection.query
        is_usual = query.is_by_update and query.is_descending
        return bool(query.filters) or not is_usual

    @property
    def of_now(self) -> Sequence[Column]:
        """Return the columns in use whose values have no past, so are those of now."""
        query = self.selection.query
        used = [each.column for each in self._conditions]
        sort = query.sort if self.is_asked else None
        columns = {each.id: each for each in [*used, *([sort] if sort else [])]}
        return [
            each
            for each in columns.values()
            if each.yours or each.source or each.id == UPDATED
        ]

    @property
    def is_link_of_now(self) -> bool:
        """Tell whether rows are those that a relation leads to now, not then."""
        linked = self.selection.linked
        return linked is not None and not read_address(linked.relation)[1]

    @cached_property
    def _conditions(self) -> Sequence[Condition]:
        vague = self.selection.vague
        return [each for each in self.selection.query.conditions if each not in vague]

    def find_rows(self, at: datetime) -> PastRows:
        """Return the rows of a time: those that fit now, and what has changed since.

        What has not changed since fitted then if it does now, which indexes tell; of
        what has, each is looked at as it was.
        """
        selection, collection = self.selection, self.selection.collection
        is_building = bool(selection.indexes.building)
        now = first_rows(self._candidates(at), MOST_ROWS + 1)
        changes, has_more = changes_since([collection], at)
        undone = by_item(changes)
        known = {item.pk for item in now[:MOST_ROWS]}
        rows = Item.objects.filter(collection=collection)
        others = rows.in_bulk([key for key in undone if key not in known])
        found = [*now[:MOST_ROWS], *others.values()]
        there: list[PastRow] = []
        for item in found:
            past = undo(item, undone[item.pk], at)
            if past.presence is Presence.THERE:
                there.append(PastRow(item=self.of_then(item, past), past=past))
        asked = [row for row in there if is_building or undone[row.item.pk]]
        fits = self.fits([row.item for row in asked], at)
        left = {
            row.item.pk for row, is_in in zip(asked, fits, strict=True) if not is_in
        }
        fitting = {row.item.pk: row for row in there if row.item.pk not in left}
        ordered = self.order([row.item for row in fitting.values()])
        return PastRows(
            rows=[fitting[item.pk] for item in ordered],
            is_cut=len(now) > MOST_ROWS,
            is_partial=has_more,
        )

    def _candidates(self, at: datetime) -> Selection:
        """Return what selects all rows of now that can fit, if they have not changed.

        What an index that is not ready would find of several conditions, of which any
        is enough, is found by none of the others.
        """
        selection = self._of_day(at)
        if not selection.indexes.building:
            return selection
        query = selection.query.change(sort=None, is_descending=True)
        if query.match == ANY and len(selection.used) < len(self._conditions):
            hits = selection.hits
            keys = hits.keys if hits is not None and hits.are_few else None
            query = query.change(conditions=())
            return replace(selection, query=query, keys=keys)
        return replace(selection, query=query)

    @property
    def days_of_then(self) -> Sequence[Condition]:
        """Return the conditions whose days count from the day of the time asked for."""
        return [each for each in self._conditions if each.operator in COUNTED]

    def _of_day(self, at: datetime) -> Selection:
        """Return the selection for whoever looks on the day of a time."""
        selection, asker = self.selection, self._asker(at)
        if not self.days_of_then or asker == selection.asker:
            return selection
        return Selection.make(
            selection.collection, selection.query, selection.indexes, asker
        )

    def _asker(self, at: datetime) -> Asker:
        asker = self.selection.asker
        return replace(asker, today=at.astimezone(asker.zone).date())

    def of_then(self, item: Item, past: PastItem) -> Item:
        """Return a copy of an item with the values of another time."""
        made = copy(item)
        made.name, made.properties = past.name, past.properties
        made.parent_name = past.parent_name
        made.collection = self.selection.collection
        made.connection = made.collection.connection
        return made

    def fits(self, items: Sequence[Item], at: datetime) -> list[bool]:
        """Tell of each item whether the table selects it at a time."""
        conditions, asker = self._conditions, self._asker(at)
        is_any = self.selection.query.match == ANY and len(conditions) > 1
        find = any if is_any else all
        linked, found = self._linked_among(items), self._found_among(items)
        return [
            find(holds(each, keys[each.column.id], asker) for each in conditions)
            and item.pk in found
            and item.pk in linked
            for item, keys in zip(items, self._keys(items), strict=True)
        ]

    def _keys(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        columns = {each.column.id: each.column for each in self._conditions}
        if not columns:
            return [{} for _ in items]
        collection = self.selection.collection
        return [*keys_by_column(collection, items, list(columns.values()))]

    @cached_property
    def _indexer(self) -> Indexer:
        return Indexer(self.selection.collection)

    def _found_among(self, items: Sequence[Item]) -> set[int]:
        """Return the keys of those that a search finds.

        What its user noted and the texts of pages have no past: they are those of now,
        as of rows that have not changed since.
        """
        hits, keys = self.selection.hits, {item.pk for item in items}
        if hits is None or hits.condition is None:
            return keys if hits is None else set()
        found: set[int] = set()
        for begin in range(0, len(items), STEP):
            part = items[begin : begin + STEP]
            noted = find_words(
                self.selection.collection, [item.remote_id for item in part]
            )
            texts = kept_texts([item.pk for item in part])
            for item in part:
                words = self._indexer.text(
                    name=item.name,
                    remote_id=item.remote_id,
                    properties=item.properties,
                    parent_id=item.parent_remote_id,
                    content=texts.get(item.pk, ""),
                    noted=noted.get(item.remote_id, ()),
                )
                if is_in(hits.condition, f" {words} "):
                    found.add(item.pk)
        return found

    def _linked_among(self, items: Sequence[Item]) -> set[int]:
        """Return the keys of those that the relation of the table leads to, or from."""
        linked, keys = self.selection.linked, {item.pk for item in items}
        if linked is None:
            return keys
        relation, is_incoming = read_address(linked.relation)
        if not is_incoming:
            rows = Item.objects.filter(linked.where("pk"), pk__in=keys)
            return set(rows.values_list("pk", flat=True))
        told = {
            item.pk: Linking(item.properties, item.parent_remote_id or None)
            for item in items
        }
        try:
            links = links_of(self.selection.collection, told)
        except ConnectorError:
            return set()
        return {
            link.item_id
            for link in links
            if link.relation == relation
            and leads_to(linked.item, link.target_collection, link.target_remote_id)
        }

    def order(self, items: Sequence[Item]) -> list[Item]:
        """Return items in the order of the table; unknown values come last."""
        query = self.selection.query
        values: dict[int, Any] = {}
        if query.sort is None or query.is_by_update:
            values = {item.pk: item.remote_updated_at for item in items}
        elif items:
            sort = query.sort
            told = keys_by_column(self.selection.collection, items, [sort])
            for item, keys in zip(items, told, strict=True):
                first = keys[sort.id][0]
                values[item.pk] = first.text if query.sorts_by_text else first.number

        def place(item: Item) -> tuple[Any, int]:
            return values[item.pk], item.pk

        known = [item for item in items if values[item.pk] is not None]
        unknown = [item for item in items if values[item.pk] is None]
        known.sort(key=place, reverse=query.is_descending)
        unknown.sort(key=lambda item: item.pk, reverse=query.is_descending)
        return [*known, *unknown]

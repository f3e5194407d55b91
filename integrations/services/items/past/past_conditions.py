"""What a table asks of its rows, asked of items as they were: do they fit, where."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from integrations.models import Item
from integrations.services.items.past.as_of import PastItem
from integrations.services.items.relations.around import leads_to
from integrations.services.items.relations.groups import read_address
from integrations.services.items.relations.write import Linking, links_of
from integrations.services.items.search.conditions import is_in
from integrations.services.items.search.own_words import find_words
from integrations.services.items.search.texts import Indexer
from integrations.services.items.storage.contents import kept_texts
from integrations.services.items.tables.columns.values import is_apart
from integrations.services.items.tables.conditions import Asker, Condition
from integrations.services.items.tables.indexing.key_conditions import holds
from integrations.services.items.tables.indexing.rows import keys_by_column
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_address import ANY

# Texts of so many items are held at once.
STEP: Final = 500


class PastConditions(Struct, frozen=True, kw_only=True, dict=True):
    """What a table selects, and in which order, asked of items as they were.

    Items are given as they were: copies with the names and properties of that time.
    """

    selection: Selection

    @cached_property
    def conditions(self) -> Sequence[Condition]:
        """The conditions that are asked, without those that are left out."""
        return [*filter(self.selection.uses, self.selection.query.conditions)]

    def asker(self, at: datetime) -> Asker:
        """Return whoever looks, on the day of a time."""
        asker = self.selection.asker
        return replace(asker, today=at.astimezone(asker.zone).date())

    def of_then(self, item: Item, past: PastItem) -> Item:
        """Return a copy of an item with the values of another time."""
        made = copy(item)
        made.name, made.properties = past.name, past.properties
        made.parent_name = past.parent_name
        made.parent_remote_id = past.parent_remote_id
        made.collection = self.selection.collection
        made.connection = made.collection.connection
        return made

    def fits(self, items: Sequence[Item], at: datetime) -> list[bool]:
        """Tell of each item whether the table selects it at a time.

        Raises ConnectorError where a mistake of ours hides what an item linked to.
        """
        conditions, asker = self.conditions, self.asker(at)
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
        columns = {each.column.id: each.column for each in self.conditions}
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
                words = self._indexer.text_of(
                    item,
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
        return {
            link.item_id
            for link in links_of(self.selection.collection, told)
            if link.relation == relation
            and leads_to(linked.item, link.target_collection, link.target_remote_id)
        }

    def values(self, items: Sequence[Item]) -> dict[int, Any]:
        """Return by key what items are sorted by, None for what is not known."""
        query = self.selection.query
        if query.sort is None or query.is_by_update:
            return {item.pk: item.remote_updated_at for item in items}
        sort = query.sort
        told = keys_by_column(self.selection.collection, items, [sort])
        first = {
            item.pk: keys[sort.id][0] for item, keys in zip(items, told, strict=True)
        }
        if query.sorts_by_text:
            return {pk: key.text for pk, key in first.items()}
        return {
            pk: key.text if is_apart(key.text) else key.number
            for pk, key in first.items()
        }

    def order(self, values: Mapping[int, Any]) -> list[int]:
        """Return keys in the order of the table; unknown values come last.

        Before them come texts that are told among numbers.
        """
        is_descending = self.selection.query.is_descending
        found: list[int] = []
        for is_text, is_known in ((False, True), (True, True), (False, False)):
            keys = [
                key
                for key, value in values.items()
                if (value is not None) is is_known and is_apart(value) is is_text
            ]
            keys.sort(key=lambda key: (values[key], key), reverse=is_descending)
            found += keys
        return found

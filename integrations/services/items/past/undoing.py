"""The changes of many items since a time, known by their keys until they are undone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

from msgspec import Struct

from integrations.models import Collection, Item, ItemChange
from integrations.services.items.past.as_of import PastItem, undo
from integrations.services.items.past.table_history import by_item, change_keys_since


class Undoing(Struct, frozen=True, kw_only=True):
    """The latest changes of collections since a time: their keys by item.

    It ``has_more`` where there are more than are looked through.
    """

    at: datetime
    changes: Mapping[int, Sequence[int]]
    has_more: bool

    @classmethod
    def since(cls, collections: Sequence[Collection], at: datetime) -> Self:
        """Look for the changes since a time."""
        keys, has_more = change_keys_since(collections, at)
        own = ItemChange.objects.filter(pk__in=keys, item__collection__in=collections)
        found: defaultdict[int, list[int]] = defaultdict(list)
        for key, item in own.order_by().values_list("pk", "item_id"):
            found[item].append(key)
        return cls(at=at, changes=found, has_more=has_more)

    def pasts(self, items: Sequence[Item]) -> list[PastItem]:
        """Return some items as they were; all that they changed is held at once."""
        keys = [key for item in items for key in self.changes.get(item.pk, ())]
        rows = ItemChange.objects.filter(pk__in=keys).order_by("-at", "-pk")
        changes = by_item(rows)
        return [undo(item, changes[item.pk], self.at) for item in items]

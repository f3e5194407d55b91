"""The changes of many items since a time, known by their keys until they are undone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from integrations.models import Collection, Item, ItemChange
from integrations.services.items.past.as_of import PastItem, Presence, undo
from integrations.services.items.past.table_history import (
    MOST_UNDONE,
    PastRow,
    by_item,
    change_keys_since,
)
from integrations.services.items.types import parent_types


@dataclass(frozen=True, kw_only=True)
class Undoing:
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


def put_past_parents(rows: Sequence[PastRow], at: datetime) -> None:
    """Name what items were in at a time, where their provider tells its id alone.

    One that was not there at that time, or that changed too often since, has no name.
    """
    asked = [row for row in rows if row.past.parent_remote_id]
    asked = [row for row in asked if not row.past.parent_name]
    parents = Item.objects.filter(
        collection__connection__in={row.item.connection_id for row in asked},
        remote_id__in={row.past.parent_remote_id for row in asked},
    )
    found = list(parents) if asked else []
    since = ItemChange.objects.filter(item__in=found, at__gt=at)
    latest = list(since.order_by("-at", "-pk")[: MOST_UNDONE + 1]) if found else []
    changes = by_item(latest)
    names: dict[tuple[object, ...], str] = {}
    for item in found if len(latest) <= MOST_UNDONE else ():
        past = undo(item, changes[item.pk], at)
        if past.presence is Presence.THERE:
            names[item.connection_id, item.type, item.remote_id] = past.name
    for row in asked:
        keys = (
            (row.item.connection_id, each, row.past.parent_remote_id)
            for each in parent_types(row.item)
        )
        row.past.parent_name = next((names[key] for key in keys if key in names), "")

"""What items were in at a past time, by its name."""

from collections.abc import Sequence
from datetime import datetime

from integrations.models import Item, ItemChange
from integrations.services.items.past.as_of import Presence, undo
from integrations.services.items.past.table_history import (
    MOST_UNDONE,
    PastRow,
    by_item,
)
from integrations.services.items.types import parent_types


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

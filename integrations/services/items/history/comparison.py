"""Compare an item as it is stored, column by column, with what should be stored."""

import json
from collections.abc import Iterable
from datetime import datetime

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import rows


def differing_fields(stored: Item, item: IntegrationItem, *, now: datetime) -> set[str]:
    """Return the names of the columns that are not as storing the item makes them.

    Properties are compared one by one, as ``properties.<name>``. A modified time that
    the provider does not tell is ours, and is not compared.
    """
    expected = _expected(item, now)
    if item.last_modified_time is None:
        del expected["remote_updated_at"]
    told = json.loads(rows.dump(item.properties))
    names = {n for n, value in expected.items() if getattr(stored, n) != value}
    return names | {
        f"properties.{name}"
        for name in told.keys() | stored.properties.keys()
        if told.get(name) != stored.properties.get(name)
        or (name in told) is not (name in stored.properties)
    }


def forget_wrong_digests(
    collection: Collection, items: Iterable[IntegrationItem], *, now: datetime
) -> None:
    """Have rows written again that are not what their digest stands for.

    The caller holds the transaction, and stores the items in it.
    """
    shown = {item.id: item for item in items}
    rows = Item.objects.live().filter(collection=collection, remote_id__in=shown)
    wrong = [
        row.pk for row in rows if differing_fields(row, shown[row.remote_id], now=now)
    ]
    Item.objects.filter(pk__in=wrong).update(digest="")


def _expected(item: IntegrationItem, now: datetime) -> dict[str, object]:
    children = None if item.children is None else list(item.children)
    return {
        "type": item.type,
        "name": rows.fitting_name(item.name),
        "sort_name": rows.sort_name(item.name),
        "is_directory": item.directory,
        "parent_remote_id": (item.parent_id or "")[: rows.ID_LENGTH],
        "parent_name": rows.fitting_name(item.parent_path_or_name),
        "children": children,
        "remote_url": rows.fitting_url(item.url),
        "mime_type": (item.mime_type or "")[:120],
        "delta": (item.delta or "")[: rows.ID_LENGTH],
        "drive_id": (item.drive_id or "")[: rows.ID_LENGTH],
        "is_visible": item.visibility,
        "remote_created_at": _past(item.creation_time, now),
        "remote_updated_at": _past(item.last_modified_time, now),
    }


def _past(value: datetime | None, now: datetime) -> datetime | None:
    is_ahead = value is not None and value > now + rows.MOST_AHEAD
    return None if is_ahead else value

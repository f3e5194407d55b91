"""Show how an account's own structure changed: tables, their fields, their names."""

from typing import Any

from integrations.models import Connection, Item, ItemChange
from integrations.providers import CONNECTORS
from integrations.services.items import structure
from integrations.views.items import changed
from integrations.views.items.values import NO_LINKS

MOST = 20


def schema_changes(connection: Connection) -> list[dict[str, Any]]:
    """Return what happened last to the items that tell the structure."""
    connector = CONNECTORS.get(connection.provider)
    if connector is None or not connector.structure_types:
        return []
    # The latest changes are changes of the items that changed last.
    items = structure.latest_items(connection, connector.structure_types, most=MOST)
    changes = structure.latest_changes(items, most=MOST)
    by_key = {item.pk: item for item in items}
    entries = [_entry(by_key[change.item_id], change) for change in changes]
    entries += _additions(items)
    entries.sort(key=lambda entry: entry["when"], reverse=True)
    return entries[:MOST]


def _entry(item: Item, change: ItemChange) -> dict[str, Any]:
    sides = changed.describe_sides(item, change)
    fields = list(changed.changed_fields(change, sides, NO_LINKS))
    kind = changed.CHANGE_KINDS.get(change.kind, change.kind)
    return {"item": item, "when": change.at, "kind": kind, "fields": fields}


def _additions(items: list[Item]) -> list[dict[str, Any]]:
    """Return what was not there when the account was read for the first time."""
    return [
        {"item": item, "when": item.first_seen_at, "kind": "new", "fields": []}
        for item in items
        if item.was_new
    ]

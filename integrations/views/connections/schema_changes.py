"""Show how an account's own structure changed: tables, their fields, their names."""

from collections.abc import Sequence
from typing import Any

from integrations.models import Connection, Item, ItemChange
from integrations.providers import CONNECTORS
from integrations.services.items import structure
from integrations.services.items.history.change_query import ChangeQuery
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.types import type_name
from integrations.views.items.parts import changed, mistakes
from integrations.views.items.parts.values import NO_LINKS

MOST = 20


def make_context(connection: Connection) -> dict[str, Any]:
    """Return what the page shows of changes to the structure, and of there being more.

    The rest stands in the list of changes, and what is new in that of items.
    """
    found = _latest(connection)
    lists = []
    if len(found) > MOST:
        lists = [_list_of(connection, each) for each in _types_of(connection)]
    return {
        "schema_changes": found[:MOST],
        "schema_change_lists": lists,
        "schema_mistake": mistakes.of_entries(found[:MOST]),
    }


def _types_of(connection: Connection) -> Sequence[str]:
    connector = CONNECTORS.get(connection.provider)
    return sorted(connector.structure_types) if connector else ()


def _list_of(connection: Connection, item_type: str) -> dict[str, str]:
    return {
        "label": type_name(connection.provider, item_type),
        "url": ChangeQuery(connection=connection.pk, type=item_type).url,
        "items_url": ItemQuery(connection=connection.pk, type=item_type).url,
    }


def _latest(connection: Connection) -> list[dict[str, Any]]:
    """Return what happened last, and one more than is shown where there is more."""
    types = _types_of(connection)
    if not types:
        return []
    # The latest changes are changes of the items that changed last.
    items = structure.latest_items(connection, types, most=MOST + 1)
    changes = structure.latest_changes(items, most=MOST + 1)
    by_key = {item.pk: item for item in items}
    entries = [_entry(by_key[change.item_id], change) for change in changes]
    entries += _additions(items)
    entries.sort(key=lambda entry: entry["when"], reverse=True)
    return entries[: MOST + 1]


def _entry(item: Item, change: ItemChange) -> dict[str, Any]:
    sides = changed.describe_sides(item, change)
    fields = list(changed.changed_fields(sides, NO_LINKS))
    kind = changed.CHANGE_KINDS.get(change.kind, change.kind)
    return {
        "item": item,
        "when": change.at,
        "kind": kind,
        "fields": fields,
        "mistake": sides.mistake,
    }


def _additions(items: list[Item]) -> list[dict[str, Any]]:
    """Return what was not there when the account was read for the first time."""
    return [
        {"item": item, "when": item.first_seen_at, "kind": "new", "fields": []}
        for item in items
        if item.was_new
    ]

"""Put what is known of one item in words: its properties, kin and history."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import models

from integrations.models import Collection, Item, ItemChange
from integrations.providers import CONNECTORS
from integrations.providers.base import DisplayField
from integrations.services.export import to_integration_item
from integrations.services.related import find_related
from integrations.views.item_filters import type_name

MAX_CHILDREN = 20
MAX_CHANGES = 100
# A described value is a text already; only these look different on a page.
KINDS = {"link": "url", "email": "email", "phone": "phone", "code": "code"}
PREFIX = "properties."
FIELD_NAMES = {
    "name": "Name",
    "parent_name": "Parent",
    "parent_remote_id": "Parent id",
    "remote_url": "Link",
}
CHANGE_KINDS = {"restored": "revived"}


def make_context(item: Item) -> dict[str, Any]:
    """Return what the item's page shows besides the item itself."""
    parent = find_parent(item)
    children = list(find_children(item)[:MAX_CHILDREN])
    return {
        "facts": list(facts(item)),
        "properties": list(properties(item)),
        "parent": parent,
        "parent_name": "" if parent else item.parent_name,
        "children": children,
        "children_url": "",
        "related": find_related(item),
        "changes": list(changes(item)),
        "raw": json.dumps(to_integration_item(item), indent=2, ensure_ascii=False),
    }


def find_parent(item: Item) -> Item | None:
    """Return the stored parent of an item, wherever in its connection it is."""
    if not item.parent_remote_id:
        return None
    found = list(_with_remote_id(item, item.parent_remote_id))
    if len(found) > 1:
        found = [other for other in found if other.name == item.parent_name]
    return found[0] if found else None


def find_children(item: Item) -> models.QuerySet[Item]:
    """Return the live items that name this one as their parent."""
    children = (
        Item.objects.live()
        .filter(
            connection=item.connection_id,
            # The index goes by type, so every type there is gets named.
            type__in=_collections_beside(item).values("item_type"),
            parent_remote_id=item.remote_id,
        )
        .exclude(parent_remote_id="")
        .defer("properties")
        .order_by("sort_name", "pk")
    )
    if _with_remote_id(item, item.remote_id).exists():
        return children.filter(parent_name=item.name)
    return children


def _with_remote_id(item: Item, remote_id: str) -> models.QuerySet[Item]:
    """Return the other items of the connection under a remote id.

    There can be several: an id need only be unique within its collection.
    """
    return (
        Item.objects.live()
        .filter(collection__in=_collections_beside(item), remote_id=remote_id)
        .exclude(pk=item.pk)
        .defer("properties")
    )


def _collections_beside(item: Item) -> models.QuerySet[Collection]:
    return Collection.objects.filter(connection=item.connection_id).order_by()


def facts(item: Item) -> Iterator[dict[str, Any]]:
    """Yield what every item has, whatever its provider."""
    yield _row("Type", type_name(item.provider, item.type), "text")
    yield _row("Collection", item.collection.name, "text")
    yield _row("Created there", item.remote_created_at, "datetime")
    yield _row("Changed there", item.remote_updated_at, "datetime")
    yield _row("First seen here", item.first_seen_at, "datetime")
    yield _row("Id there", item.remote_id, "code")
    if item.is_directory:
        yield _row("Holds other items", "Yes", "text")
    if item.mime_type:
        yield _row("Format", item.mime_type, "text")


def properties(item: Item) -> Iterator[dict[str, Any]]:
    """Yield the provider's own properties as its connector describes them."""
    for field in _describe(item, item.properties):
        yield _row(field.label, field.value, KINDS.get(field.kind, "text"))


def _describe(item: Item, values: Mapping[str, Any]) -> Sequence[DisplayField]:
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return [DisplayField(name=n, label=n, value=str(v)) for n, v in values.items()]
    return connector.describe(values, item.collection.schema, item.connection.account)


def changes(item: Item) -> Iterator[dict[str, Any]]:
    """Yield what happened to the item, latest first, down to its first day here."""
    for change in item.changes.select_related("run")[:MAX_CHANGES]:
        yield {
            "when": change.at,
            "kind": CHANGE_KINDS.get(change.kind, change.kind),
            "run": change.run,
            "fields": list(_fields(item, change)),
        }
    yield {"when": item.first_seen_at, "kind": "created", "run": None, "fields": []}


def _fields(item: Item, change: ItemChange) -> Iterator[dict[str, Any]]:
    """Yield each changed field with its old and new value as people read them."""
    pairs = {
        name: pair
        for name, pair in change.fields.items()
        if isinstance(pair, list) and len(pair) == 2
    }
    own = {n: pair for n, pair in pairs.items() if not n.startswith(PREFIX)}
    for name, (old, new) in own.items():
        yield {"label": FIELD_NAMES.get(name, name), "old": old, "new": new}
    old_values, new_values = (
        {n.removeprefix(PREFIX): pair[i] for n, pair in pairs.items() if n not in own}
        for i in (0, 1)
    )
    old_shown = {f.name: f for f in _describe(item, old_values)}
    new_shown = {f.name: f for f in _describe(item, new_values)}
    for name, field in {**old_shown, **new_shown}.items():
        old_field, new_field = old_shown.get(name), new_shown.get(name)
        yield {
            "label": field.label,
            "old": old_field.value if old_field else "",
            "new": new_field.value if new_field else "",
        }


def _row(label: str, value: Any, kind: str) -> dict[str, Any]:
    return {"label": label, "value": value, "kind": kind}

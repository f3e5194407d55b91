"""Put what is known of one item in words: its properties, kin and history."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from integrations.models import Item, ItemChange
from integrations.providers import CONNECTORS
from integrations.providers.connector import VIEWER_ZONE
from integrations.providers.records import DisplayField
from integrations.services.items import links, listing, parents
from integrations.services.items.export import to_integration_item
from integrations.services.items.icons import put_icons
from integrations.services.items.links import Links, collections_beside
from integrations.services.items.query import ItemQuery
from integrations.services.items.related import find_related
from integrations.views.items.content import make_content
from integrations.views.items.filters import type_name

MAX_CHILDREN = 20
MAX_DEPTH = 12
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
    trail = find_trail(item)
    children = list(find_children(item)[:MAX_CHILDREN])
    happened = list(item.changes.select_related("run")[:MAX_CHANGES])
    described = describe(item, item.properties)
    linked = links.find(item, described, *_told_by(item, happened))
    top_name = parents.name_above(trail[0] if trail else item)
    put_icons([item, *trail, *children, *linked.found.values()])
    return {
        "facts": list(facts(item)),
        "content": make_content(item),
        "properties": list(properties(described, linked)),
        "trail": trail,
        "top_name": top_name,
        "children": children,
        "children_url": _children_url(item, children),
        "related": find_related(item),
        "changes": list(changes(item, happened, linked)),
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


def find_trail(item: Item) -> list[Item]:
    """Return the items that this one is inside of, the outermost first."""
    trail: list[Item] = []
    parent = find_parent(item)
    while parent and len(trail) < MAX_DEPTH and parent not in (item, *trail):
        trail.insert(0, parent)
        parent = find_parent(parent)
    return trail


def find_children(item: Item) -> models.QuerySet[Item]:
    """Return the live items that name this one as their parent."""
    children = (
        Item.objects.live()
        .filter(
            connection=item.connection_id,
            # The index goes by type, so every type there is gets named.
            type__in=listing.types_beside(item),
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
        .filter(collection__in=collections_beside(item), remote_id=remote_id)
        .exclude(pk=item.pk)
        .defer("properties")
    )


def _children_url(item: Item, children: Sequence[Item]) -> str:
    """Return the list of all children, when they are more than are shown here."""
    if len(children) < MAX_CHILDREN:
        return ""
    return ItemQuery(parent=item.uuid).url


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


def properties(
    described: Sequence[DisplayField], links: Links
) -> Iterator[dict[str, Any]]:
    """Yield the provider's own properties as its connector describes them."""
    for field in described:
        if field.linked_ids:
            yield _row(field.label, links.of(field), "links")
        else:
            yield _row(field.label, field.value, KINDS.get(field.kind, "text"))


def describe(item: Item, values: Mapping[str, Any]) -> Sequence[DisplayField]:
    """Return values as the item's connector describes them."""
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return [DisplayField(name=n, label=n, value=str(v)) for n, v in values.items()]
    return connector.describe(values, item.collection.schema, _account(item))


def _account(item: Item) -> dict[str, Any]:
    """Return the account's details, with the zone of whoever looks if it is known."""
    zone = timezone.get_current_timezone()
    is_told = zone != timezone.get_default_timezone()
    viewer = {VIEWER_ZONE: str(zone)} if is_told else {}
    return {**item.connection.account, **viewer}


def changes(
    item: Item, happened: Sequence[ItemChange], links: Links
) -> Iterator[dict[str, Any]]:
    """Yield what happened to the item, latest first, down to its first day here."""
    for change in happened:
        yield {
            "when": change.at,
            "kind": CHANGE_KINDS.get(change.kind, change.kind),
            "run": change.run,
            "fields": list(changed_fields(item, change, links)),
        }
    yield {"when": item.first_seen_at, "kind": "created", "run": None, "fields": []}


def _told_by(
    item: Item, happened: Sequence[ItemChange]
) -> Iterator[Sequence[DisplayField]]:
    """Yield what was and what is, for each change."""
    for change in happened:
        for side in _values(_pairs(change)):
            yield describe(item, side)


def _pairs(change: ItemChange) -> dict[str, list[Any]]:
    return {
        name: pair
        for name, pair in change.fields.items()
        if isinstance(pair, list) and len(pair) == 2
    }


def _values(pairs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the old and the new values of the provider's own properties."""
    old, new = (
        {n.removeprefix(PREFIX): p[i] for n, p in pairs.items() if n.startswith(PREFIX)}
        for i in (0, 1)
    )
    return old, new


def changed_fields(
    item: Item, change: ItemChange, links: Links
) -> Iterator[dict[str, Any]]:
    """Yield each changed field with its old and new value as users read them."""
    pairs = _pairs(change)
    own = {n: pair for n, pair in pairs.items() if not n.startswith(PREFIX)}
    for name, (old, new) in own.items():
        yield {"label": FIELD_NAMES.get(name, name), "old": old, "new": new}
    old_shown, new_shown = (
        {f.name: f for f in describe(item, side)} for side in _values(pairs)
    )
    for name, field in {**old_shown, **new_shown}.items():
        old_field, new_field = old_shown.get(name), new_shown.get(name)
        yield {
            "label": field.label,
            "old": links.text(old_field) if old_field else "",
            "new": links.text(new_field) if new_field else "",
        }


def _row(label: str, value: Any, kind: str) -> dict[str, Any]:
    return {"label": label, "value": value, "kind": kind}

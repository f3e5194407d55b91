"""Put what is known of one item in words: its properties, related items and history."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from integrations.models import Item, ItemChange, wording
from integrations.providers import CONNECTORS
from integrations.providers.connector import VIEWER_ZONE
from integrations.providers.records import DisplayField
from integrations.services.common.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items import links, parents
from integrations.services.items.detail import (
    find_breadcrumbs,
    find_children,
    find_merged_into,
)
from integrations.services.items.export import to_integration_item
from integrations.services.items.icons import put_icons
from integrations.services.items.links import Links
from integrations.services.items.query import ItemQuery
from integrations.services.items.related import find_related
from integrations.views.items.content import make_content
from integrations.views.items.filters import type_name

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
RAW_TEXT = "these values are shown as the provider gave them"
CHANGE_KINDS = {"restored": "revived"}


def make_context(item: Item) -> dict[str, Any]:
    """Return what the item's page shows besides the item itself."""
    breadcrumbs = find_breadcrumbs(item)
    children = list(find_children(item)[:MAX_CHILDREN])
    happened = list(item.changes.select_related("run")[:MAX_CHANGES])
    described, mistake = describe(item, item.properties)
    linked = links.find(item, described, *_told_by(item, happened))
    top_name = parents.name_above(breadcrumbs[0] if breadcrumbs else item)
    put_icons([item, *breadcrumbs, *children, *linked.found.values()])
    return {
        "facts": list(facts(item)),
        "content": make_content(item),
        "properties": list(properties(described, linked)),
        "mistake": mistake,
        "merged_into": find_merged_into(item),
        "breadcrumbs": breadcrumbs,
        "top_name": top_name,
        "children": children,
        "children_url": _children_url(item, children),
        "related": find_related(item),
        "changes": list(changes(item, happened, linked)),
        "raw": json.dumps(to_integration_item(item), indent=2, ensure_ascii=False),
    }


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


def describe(
    item: Item, values: Mapping[str, Any]
) -> tuple[Sequence[DisplayField], str]:
    """Return values as the item's connector describes them, raw ones when it cannot.

    A mistake of ours in it is said in the text beside them.
    """
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return _raw(values), ""
    schema, account = item.collection.schema, _account(item)
    try:
        with connector_boundary("describe", item=item.pk):
            return list(connector.describe(values, schema, account)), ""
    except ConnectorError as exc:
        return _raw(values), wording.connector_text(exc.reference, RAW_TEXT)


def _raw(values: Mapping[str, Any]) -> list[DisplayField]:
    return [DisplayField(name=n, label=n, value=str(v)) for n, v in values.items()]


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
            yield describe(item, side)[0]


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
        {f.name: f for f in describe(item, side)[0]} for side in _values(pairs)
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

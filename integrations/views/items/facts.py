"""Put what is known of one item in words: its properties, related items and history."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.models import Item, ItemChange, wording
from integrations.providers.fields import CURRENCY_PROPERTY
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField, read_fields
from integrations.services.common.errors import ConnectorError
from integrations.services.items import described, links, parents
from integrations.services.items.detail import (
    find_breadcrumbs,
    find_children,
    find_merged_into,
)
from integrations.services.items.export import to_integration_item
from integrations.services.items.icons import put_icons
from integrations.services.items.links import Links
from integrations.services.items.listing import parent_types
from integrations.services.items.query import ItemQuery
from integrations.services.items.related import find_related
from integrations.views.items.content import make_content
from integrations.views.items.facets import type_name
from integrations.views.items.properties import make_properties
from integrations.views.items.related_tables import make_related_tables
from integrations.views.items.values import Shown, show, show_time

MAX_CHILDREN = 20
MAX_CHANGES = 100
PREFIX = "properties."
FIELD_NAMES = {
    "name": "Name",
    "collection": "Collection",
    "parent_name": "Parent",
    "parent_remote_id": "Parent id",
    "remote_url": "Link",
}
RAW_TEXT = "these values are shown as the provider gave them"
CHANGE_KINDS = {"restored": "revived"}

Row = dict[str, Any]
Sides = tuple[Sequence[DisplayField], Sequence[DisplayField]]


def make_context(item: Item) -> dict[str, Any]:
    """Return what the item's page shows besides the item itself."""
    breadcrumbs = find_breadcrumbs(item)
    children = list(find_children(item)[:MAX_CHILDREN])
    happened = list(
        item.changes.select_related("run", "edit__created_by")[: MAX_CHANGES + 1]
    )
    has_older = len(happened) > MAX_CHANGES
    del happened[MAX_CHANGES:]
    values, mistake = describe(item, item.properties)
    sides = [(change, describe_sides(item, change)) for change in happened]
    told = (side for _, both in sides for side in both)
    linked = links.find(item, values, *told)
    top_name = parents.name_above(breadcrumbs[0] if breadcrumbs else item)
    put_icons([item, *breadcrumbs, *children, *linked.found.values()])
    return {
        "facts": list(facts(item)),
        "content": make_content(item),
        **make_properties(item, values, linked),
        "mistake": mistake,
        "merged_into": find_merged_into(item),
        "breadcrumbs": breadcrumbs,
        "has_one_parent_type": len(parent_types(item)) == 1,
        "top_name": top_name,
        "children": children,
        "children_url": _children_url(item, children),
        "tables": make_related_tables(item),
        "related": find_related(item),
        "changes": list(changes(item, sides, linked)),
        "has_older_changes": has_older,
        "raw": _raw_json(item),
    }


def _raw_json(item: Item) -> str:
    exported = to_integration_item(item, item.collection)
    return json.dumps(exported, indent=2, ensure_ascii=False)


def _children_url(item: Item, children: Sequence[Item]) -> str:
    """Return the list of all children, when they are more than are shown here."""
    if len(children) < MAX_CHILDREN:
        return ""
    return ItemQuery(parent=item.uuid).url


def facts(item: Item) -> Iterator[Row]:
    """Yield what every item has, whatever its provider."""
    yield _row("Type", Shown(text=type_name(item.provider, item.type)))
    yield _row("Collection", Shown(text=item.collection.name))
    yield _row("Created there", show_time(item.remote_created_at))
    updated = "Change noticed" if item.is_update_noticed else "Changed there"
    yield _row(updated, show_time(item.remote_updated_at))
    yield _row("First seen here", show_time(item.first_seen_at))
    yield _row("Id there", Shown(text=item.remote_id, kind="code"))
    if item.is_directory:
        yield _row("Holds other items", Shown(text="Yes"))
    if item.mime_type:
        yield _row("Format", Shown(text=item.mime_type))


def describe(
    item: Item, values: Mapping[str, Any]
) -> tuple[Sequence[DisplayField], str]:
    """Return values as the item's connector describes them, raw ones when it cannot.

    A mistake of ours in it is said in the text beside them.
    """
    try:
        return described.describe(item.collection, values, item=item.pk), ""
    except ConnectorError as exc:
        return describe_raw(values, {}), wording.connector_text(exc.reference, RAW_TEXT)


def changes(
    item: Item, sides: Sequence[tuple[ItemChange, Sides]], links: Links
) -> Iterator[dict[str, Any]]:
    """Yield what happened to the item, latest first, down to its first day here."""
    kind = "new" if item.was_new else "first_read"
    for change, both in sides:
        yield {
            "when": change.at,
            "kind": CHANGE_KINDS.get(change.kind, change.kind),
            "run": change.run,
            "edit": getattr(change, "edit", None),
            "fields": list(changed_fields(change, both, links)),
        }
    yield {"when": item.first_seen_at, "kind": kind, "run": None, "fields": []}


def describe_sides(item: Item, change: ItemChange) -> Sides:
    """Return what was and what is, beside the values that their meaning hangs on."""
    specs = read_fields(item.collection.schema)
    currencies = {spec.options.get(CURRENCY_PROPERTY) for spec in specs}
    beside = {n: v for n, v in item.properties.items() if n in currencies}

    def describe_some(values: Mapping[str, Any]) -> list[DisplayField]:
        fields, _ = describe(item, {**beside, **values})
        return [field for field in fields if field.name in values]

    old, new = _values(_pairs(change))
    return describe_some(old), describe_some(new)


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
    change: ItemChange, sides: Sides, links: Links
) -> Iterator[dict[str, Any]]:
    """Yield each changed field with its old and new value as users read them."""
    pairs = _pairs(change)
    own = {n: pair for n, pair in pairs.items() if not n.startswith(PREFIX)}
    for name, (old, new) in own.items():
        yield {"label": FIELD_NAMES.get(name, name), "old": old, "new": new}
    before, after = (_texts(side, links) for side in sides)
    for key in {**before, **after}:
        _, label = key
        yield {"label": label, "old": before.get(key, ""), "new": after.get(key, "")}


def _texts(fields: Sequence[DisplayField], links: Links) -> dict[tuple[str, str], str]:
    return {(f.name, f.label): show(f.value, links).text for f in fields}


def _row(label: str, value: Shown | None) -> Row:
    return {"label": label, "value": value}

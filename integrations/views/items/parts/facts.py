"""Put what is known of one item in words: its properties and related items."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from integrations.models import Item, ItemContent
from integrations.providers.kinds import DeletionKind
from integrations.providers.links import relations_in
from integrations.providers.records import DisplayField
from integrations.services.items.detail import (
    find_ancestry,
    find_children,
    find_merged_into,
    find_table,
)
from integrations.services.items.export import raw_values, to_integration_item
from integrations.services.items.icons import put_icons
from integrations.services.items.relations.around import ANYWHERE, Around, look_around
from integrations.services.items.relations.groups import find_groups
from integrations.services.items.relations.links import MAX_LINKS, Links
from integrations.services.items.relations.related import MOST, find_related
from integrations.services.items.relations.tables import MOST_ROWS, find_others
from integrations.services.items.relations.traces import traces_of
from integrations.services.items.types import parent_types, type_name
from integrations.views.items.parts import mistakes
from integrations.views.items.parts.changed import changes, describe, describe_sides
from integrations.views.items.parts.content import block_ids, kept_text, make_content
from integrations.views.items.parts.head import make_everything_links, make_head
from integrations.views.items.parts.properties import make_properties
from integrations.views.items.parts.related_tables import make_related_tables
from integrations.views.items.parts.values import Shown, show_time

MAX_CHANGES = 100
Row = dict[str, Any]


def make_context(item: Item) -> dict[str, Any]:
    """Return what the item's page shows besides the item itself."""
    happened = list(
        item.changes.select_related("run", "edit__created_by")[: MAX_CHANGES + 1]
    )
    has_older = len(happened) > MAX_CHANGES
    del happened[MAX_CHANGES:]
    values, mistake = describe(item, item.properties)
    sides = [(change, describe_sides(item, change)) for change in happened]
    kept = kept_text(item)
    told = (side for _, both in sides for side in (both.old, both.new))
    wanted = _wanted(item, kept, values, *told)
    around = look_around(item, wanted, shown=MOST_ROWS)
    linked = Links(found=around.live)
    put_icons([item, *around.by_key.values()])
    groups = find_groups(item, around)
    traces = traces_of(item.properties, values)
    related = find_related(item, traces, most=MOST + 1) if traces else []
    entries = list(changes(item, sides, linked))
    tables = make_related_tables(item, groups)
    beside = (row["item"] for table in tables for row in table["rows"])
    place = _make_place(item, around)
    return {
        "facts": list(facts(item)),
        "content": make_content(item, kept, around.live),
        **make_properties(item, values, linked),
        "mistake": mistake or mistakes.of_rows(beside),
        # Said once, where it is met first.
        "changes_mistake": "" if mistake else mistakes.of_entries(entries),
        "merged_into": find_merged_into(item, around),
        "head": make_head(item, values),
        **place,
        "tables": tables,
        "other_relations": find_others(item, groups),
        "related": related[:MOST],
        "has_more_related": len(related) > MOST,
        "everything": make_everything_links(traces),
        "changes": entries,
        "has_older_changes": has_older,
        "raw": _raw_json(item, place["breadcrumbs"]),
    }


def _make_place(item: Item, around: Around) -> dict[str, Any]:
    """Return what an item is inside of, what is inside of it, and its table."""
    ancestry = find_ancestry(item, around)
    table = find_table(item, around.collections.values())
    # What is inside of a table are its rows, which have a page of their own.
    inside = None if table else find_children(item, around)
    shown, types = inside.shown if inside else (), parent_types(item)
    put_icons([*ancestry.breadcrumbs, *(child.item for child in shown)])
    return {
        "breadcrumbs": ancestry.breadcrumbs,
        "top_name": ancestry.top_name,
        "has_one_parent_type": len(types) == 1,
        "parent_type": type_name(item.provider, types[0]),
        "table": table,
        "inside": inside,
    }


def _wanted(
    item: Item, kept: ItemContent | None, *told: Sequence[DisplayField]
) -> dict[str, list[str]]:
    """Return the ids that an item's values, its history and its text name."""
    wanted: dict[str, list[str]] = {ANYWHERE: block_ids(kept)}
    for field in chain.from_iterable(told):
        for relation in relations_in(field.value):
            ids = relation.linked_ids[:MAX_LINKS]
            wanted.setdefault(relation.linked_collection, []).extend(ids)
    if item.deleted_kind == DeletionKind.MERGED:
        place = item.collection.remote_id
        wanted.setdefault(place, []).append(item.deleted_detail)
    return wanted


def _raw_json(item: Item, above: Sequence[Item]) -> str:
    if above and not item.parent_name:
        item.parent_name = above[-1].name
    [properties] = raw_values([(item, item.collection)])
    exported = to_integration_item(item, properties)
    return json.dumps(exported, indent=2, ensure_ascii=False)


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


def _row(label: str, value: Shown | None) -> Row:
    return {"label": label, "value": value}

"""Lay out the kept text of an item: lists, tables and what stands inside what."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.models import Item, ItemContent
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.services.items.icons import put_icons
from integrations.services.items.links import Found, find_by_id
from integrations.services.sync import opened_text

# Blocks of one of these kinds in a row are one list, one table, one quotation.
GROUPS = {
    "item": "list",
    "todo": "todos",
    "row": "table",
    "quote": "quote",
    "callout": "callout",
}
# The page's own name is level 1, and its sections are level 2.
MAX_LEVEL, LEVELS_ABOVE = 6, 2
CHILDREN = ("page", "database", "data_source")

Block = Mapping[str, Any]


def make_content(item: Item) -> dict[str, Any] | None:
    """Return what the page shows of an item's text, None for items without one."""
    kept = ItemContent.objects.filter(item=item).first()
    is_older = kept is None or kept.read_for < item.remote_updated_at
    is_asked = is_older and _has_text(item) and opened_text.ask(item)
    if kept is None:
        if not _has_text(item):
            return None
        return {"state": "asked" if is_asked else "unread"}
    ids = [str(b.get("id")) for b in kept.blocks if b.get("kind") in CHILDREN]
    found = find_by_id(item, ids)
    put_icons(found.values())
    return {
        "state": _state(kept),
        "reason_text": kept.reason_text,
        "read_at": kept.read_at,
        "is_older": is_older,
        "is_truncated": kept.is_truncated,
        "groups": to_groups(kept.blocks, found),
    }


def _has_text(item: Item) -> bool:
    """Tell whether items of this type have a text that is fetched one by one."""
    if item.provider not in CONNECTORS:
        return False
    connector = CONNECTORS[item.provider]
    if not isinstance(connector, ReadsContent):
        return False
    return item.type in connector.content_types


def _state(kept: ItemContent) -> str:
    if kept.reason:
        return "unreadable"
    return "read" if kept.blocks else "empty"


def to_groups(blocks: Sequence[Block], found: Found) -> list[dict[str, Any]]:
    """Return blocks as a tree: each with what stands deeper behind it, in groups."""
    groups: list[dict[str, Any]] = []
    for block, inside in _families(blocks):
        entry = {**_to_entry(block, found), "groups": to_groups(inside, found)}
        about = _group_of(entry)
        if groups and entry["kind"] in GROUPS and groups[-1]["about"] == about:
            groups[-1]["entries"].append(entry)
        else:
            groups.append({"about": about, "entries": [entry], **about})
    return groups


def _group_of(entry: Block) -> dict[str, Any]:
    kind = GROUPS.get(entry["kind"], entry["kind"])
    is_ordered = kind == "list" and entry.get("number") is not None
    return {"kind": kind, "is_ordered": is_ordered, "icon": entry.get("icon", "")}


def _families(blocks: Sequence[Block]) -> Iterator[tuple[Block, Sequence[Block]]]:
    """Yield each outer block with the deeper ones that follow it."""
    start = 0
    while start < len(blocks):
        depth, end = _depth(blocks[start]), start + 1
        while end < len(blocks) and _depth(blocks[end]) > depth:
            end += 1
        yield blocks[start], blocks[start + 1 : end]
        start = end


def _depth(block: Block) -> int:
    depth = block.get("depth")
    return depth if isinstance(depth, int) else 0


def _to_entry(block: Block, found: Found) -> dict[str, Any]:
    entry = dict(block)
    entry["kind"] = str(block.get("kind", "paragraph"))
    if entry["kind"] == "heading":
        level = block.get("level")
        number = (level if isinstance(level, int) else 1) + LEVELS_ABOVE
        entry["level"] = min(number, MAX_LEVEL)
    if entry["kind"] in CHILDREN:
        entry["item"] = found.get(("", str(block.get("id"))))
    return entry

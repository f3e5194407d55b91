"""Show the kept text of an item, and say what is missing of it."""

from typing import Any

from integrations.models import Item, ItemContent
from integrations.providers.text.rich_text import from_json
from integrations.services.items.relations.links import Found
from integrations.services.items.unread_texts import types_with_text
from integrations.services.sync.texts import opened_text
from integrations.views.items.parts.rich_text import to_groups


def kept_text(item: Item) -> ItemContent | None:
    """Return the text that was fetched with an item, if it has one."""
    kept: ItemContent | None = getattr(item, "content", None)
    return kept


def block_ids(kept: ItemContent | None) -> list[str]:
    """Return the ids that the blocks of a text name."""
    blocks = [from_json(each) for each in kept.blocks] if kept else []
    return [block.id for block in blocks if block.id]


def make_content(
    item: Item, kept: ItemContent | None, found: Found
) -> dict[str, Any] | None:
    """Return what the page shows of an item's text, None for items without one."""
    updated_at = item.remote_updated_at or item.first_seen_at
    is_older = kept is None or kept.read_for < updated_at
    is_asked = is_older and _has_text(item) and opened_text.ask(item)
    if kept is None:
        if not _has_text(item):
            return None
        return {"state": "asked" if is_asked else "unread", "goes_on": _goes_on(item)}
    blocks = [from_json(each) for each in kept.blocks]
    items = {remote_id: each for (_, remote_id), each in found.items()}
    return {
        "state": _state(kept),
        "reason_text": kept.reason_text,
        "read_at": None if kept.is_deferred else kept.read_at,
        "is_deferred": kept.is_deferred,
        "is_older": is_older,
        "goes_on": _goes_on(item),
        "is_truncated": kept.is_truncated,
        "groups": to_groups(blocks, items),
    }


def _goes_on(item: Item) -> bool:
    """Tell whether its text may still be read."""
    return item.connection.is_syncable and not item.is_deleted


def _has_text(item: Item) -> bool:
    """Tell whether items of this type have a text that is fetched one by one."""
    return item.type in types_with_text(item.provider)


def _state(kept: ItemContent) -> str:
    if kept.is_deferred and not kept.blocks:
        return "deferred"
    if kept.reason and not kept.is_deferred:
        return "unreadable"
    return "read" if kept.blocks else "empty"

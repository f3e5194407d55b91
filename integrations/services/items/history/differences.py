"""What differs between a stored item and its new row, as the history holds it."""

from collections.abc import Mapping
from typing import Any

from integrations.services.items.storage.rows import (
    ID_LENGTH,
    Row,
    dump,
    fitting_name,
    fitting_url,
)

# So many changed fields of an item are kept, and so much of each of their values.
MOST_CHANGED, LONGEST_CHANGED = 200, 2000


def differences(old: Mapping[str, Any], row: Row) -> dict[str, list[Any]]:
    """Return what changed as ``field: [old, new]``, long values cut."""
    item = row.item
    new_facts = {
        "name": fitting_name(item.name),
        "parent_name": fitting_name(item.parent_path_or_name),
        "parent_remote_id": (item.parent_id or "")[:ID_LENGTH],
        "remote_url": fitting_url(item.url),
    }
    changes = {
        name: [cut(old[name]), cut(value)]
        for name, value in new_facts.items()
        if old[name] != value
    }
    before, after = old["properties"], item.properties
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name):
            changes[f"properties.{name}"] = [
                cut(before.get(name)),
                cut(after.get(name)),
            ]
    return dict(list(changes.items())[:MOST_CHANGED])


def is_capped(fields: Mapping[str, Any]) -> bool:
    """Tell whether more fields may have changed than the history holds."""
    return len(fields) >= MOST_CHANGED


def is_cut(value: Any) -> bool:
    """Tell whether the history holds only the beginning of a value."""
    is_text = isinstance(value, str) and len(value) == LONGEST_CHANGED + 1
    return is_text and value.endswith("…")


def cut(value: Any) -> Any:
    """Return a value as the history holds it, the beginning of a long one."""
    text = value if isinstance(value, str) else dump(value)
    if len(text) <= LONGEST_CHANGED:
        return value
    return text[:LONGEST_CHANGED] + "…"

"""Say that values could not be described by a mistake of ours, once for a page."""

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.models import Item
from integrations.models.messages.wording import RAW_ROWS, connector_text


def of_entries(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return the first mistake among what is put in words, empty for none."""
    return next((e["mistake"] for e in entries if e.get("mistake")), "")


def of_rows(items: Iterable[Item]) -> str:
    """Return the first mistake among the rows of a table, empty for none."""
    found = next((item.mistake for item in items if item.mistake), "")
    return connector_text(found, RAW_ROWS) if found else ""

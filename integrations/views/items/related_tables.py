"""Put the tables of what an item is linked with in words."""

from typing import Any

from integrations.models import Item
from integrations.providers.plain import plain
from integrations.services.items.icons import put_icons
from integrations.services.items.relations.tables import RelatedTable, find_tables
from integrations.views.items.values import show


def make_related_tables(item: Item) -> list[dict[str, Any]]:
    """Return the tables of an item, ready for their template."""
    tables = find_tables(item)
    put_icons([row.item for table in tables for row in table.rows])
    return [_to_context(table) for table in tables]


def _to_context(table: RelatedTable) -> dict[str, Any]:
    return {
        "label": table.label,
        "count": str(table.count),
        "sums": [plain(each) for each in table.sums],
        "columns": table.columns,
        "rows": [
            {
                "item": row.item,
                "is_primary": row.is_primary,
                "cells": [
                    {"label": label, "value": show(cell.value) if cell else None}
                    for label, cell in zip(table.columns, row.cells, strict=True)
                ],
            }
            for row in table.rows
        ],
        "missing": table.missing,
        "url": table.url,
    }

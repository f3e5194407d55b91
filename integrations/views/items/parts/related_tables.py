"""Put the tables of what an item is linked with in words."""

from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString

from integrations.models import Item
from integrations.providers.records import DisplayField
from integrations.providers.typed.fields import Money
from integrations.providers.typed.plain import plain
from integrations.services.items.relations.groups import Group
from integrations.services.items.relations.tables import (
    RelatedTable,
    TableColumn,
    TableRow,
    make_tables,
)
from integrations.views.items.origins import Origin, onward
from integrations.views.items.parts.values import NO_LINKS
from integrations.views.items.tables.cells import NUMBERS, make_cell
from integrations.views.items.tables.drawing import draw


def make_related_tables(item: Item, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return the tables of an item, ready for their template."""
    return [_to_context(table) for table in make_tables(item, groups)]


def put_ways(tables: Sequence[dict[str, Any]], item: Item, origin: Origin) -> None:
    """Let each row lead to its item so that the ones beside it are those of its table.

    ``origin`` is what the page of the tables was opened from.
    """
    page = Origin.of_item(item.uuid)
    for table in tables:
        told = {"relation": table["relation"], "collection": table["collection"]}
        here = page.told(origin, **told)
        for row in table["rows"]:
            row["url"] = onward(here, "item-detail", row["item"].uuid)


def _to_context(table: RelatedTable) -> dict[str, Any]:
    looks = ["right" if _is_number(table, n) else "" for n in range(len(table.columns))]
    return {
        "label": table.label,
        "count": str(table.count),
        "sums": [_sum_text(each, table.sums) for each in table.sums],
        "columns": [
            {"label": column.label, "look": look}
            for column, look in zip(table.columns, looks, strict=True)
        ],
        "rows": [
            {
                "item": row.item,
                "tags": _tags(row),
                "cells": [
                    {"label": column.label, "look": look, "html": _draw(cell, column)}
                    for column, look, cell in zip(
                        table.columns, looks, row.cells, strict=True
                    )
                ],
            }
            for row in table.rows
        ],
        "missing": table.missing,
        "deleted": table.deleted,
        "has_labels_of_others": table.is_incoming
        and any(row.labels for row in table.rows),
        "relation": table.relation,
        "collection": str(table.collection),
        "url": table.url,
    }


def _is_number(table: RelatedTable, place: int) -> bool:
    """Tell whether a column is aligned by its digits."""
    cells = [row.cells[place] for row in table.rows]
    return any(cell is not None and isinstance(cell.value, NUMBERS) for cell in cells)


def _draw(cell: DisplayField | None, column: TableColumn) -> SafeString:
    """Return a cell as the table of all such items has it."""
    value = cell.value if cell else None
    return draw(make_cell(value, NO_LINKS, column.colours))


def _sum_text(amount: Money, others: Sequence[Money]) -> str:
    """Return a sum in words; beside others one is told to have no currency."""
    text = plain(amount)
    is_bare = not (amount.currency or amount.symbol)
    return f"{text} without a currency" if is_bare and len(others) > 1 else text


def _tags(row: TableRow) -> list[str]:
    """Return what marks a link: the primary one of its type, and its labels."""
    first = [f"Primary {row.primary}"] if row.primary else []
    return [*first, *row.labels]

"""The heads of a table's columns, each with the order that a click gives."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from integrations.services.items.tables.columns.columns import UPDATED, Family
from integrations.services.items.tables.opening import OpenTable
from integrations.services.items.tables.table_address import NORMAL
from integrations.services.items.tables.table_query import TableQuery

# What rows are sorted by, where the column's name does not say it.
SORTED_BY = {
    Family.RELATION: "by the name of the first",
    Family.INCOMING: "by how many there are",
}


def make_heads(
    asked: OpenTable,
    *,
    is_in_order: bool,
    to_url: Callable[[TableQuery], str] = attrgetter("url"),
) -> list[dict[str, Any]]:
    """Return the heads of the columns, with the order that a click gives.

    Rows that are not ``is_in_order`` as asked are by their updates for now.
    """
    query = asked.selection.query
    if not is_in_order:
        query = query.change(sort=None, is_descending=True)
    sorted_by = query.sort.id if query.sort else UPDATED
    found = []
    for column in asked.shown:
        is_sorted = column.id == sorted_by
        order = "descending" if query.is_descending else "ascending"
        # Numbers are looked at from the greatest on, words from A.
        is_counted = column.is_number or column.family is Family.INCOMING
        first = query.change(sort=column, is_descending=is_counted)
        other = query.change(sort=column, is_descending=not query.is_descending)
        found.append(
            {
                "column": column,
                "label": column.label,
                "sort_url": to_url(other if is_sorted else first),
                "sorted_by": SORTED_BY.get(column.family, ""),
                "direction": order if is_sorted else "none",
                "width": column.width or NORMAL,
            }
        )
    return found

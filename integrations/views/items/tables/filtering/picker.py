"""The columns that a table can be filtered by, narrowed by a search."""

from collections.abc import Sequence
from typing import Any, Final

from integrations.services.items.search.words import fold
from integrations.services.items.tables.columns.columns import Column, Columns

# Which columns come first.
IN_TABLE: Final = "Shown in the table"


def make_context(
    columns: Columns, shown: Sequence[Column], search: str
) -> dict[str, Any]:
    """Return the columns in which all searched words are, those shown first."""
    words = fold(search)
    first = [columns.by_id[each.id] for each in shown if each.id in columns.by_id]
    ids = {column.id for column in first}
    others = [column for column in columns.by_id.values() if column.id not in ids]
    groups: dict[str, list[Column]] = {}
    for column in [*first, *others]:
        if _has(column, words):
            label = IN_TABLE if column.id in ids else column.group
            groups.setdefault(label, []).append(column)
    return {
        "find": search,
        "column_groups": [{"label": n, "columns": own} for n, own in groups.items()],
        "column_count": sum(len(own) for own in groups.values()),
    }


def _has(column: Column, words: Sequence[str]) -> bool:
    own = " ".join([*fold(column.label), *fold(column.id)])
    return all(word in own for word in words)

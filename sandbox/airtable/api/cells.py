"""Turn cells from one type into another."""

import json
import sqlite3
from typing import Any

from sandbox.airtable.values import is_empty

TEXTS = {"singleLineText", "multilineText", "richText", "singleSelect"}
NUMBERS = {"number", "currency", "percent", "duration", "rating"}


def convert(
    connection: sqlite3.Connection, table_id: str, field_id: str, kind: str
) -> None:
    """Turn every cell of a field into its new type; no modification time moves."""
    rows = connection.execute(
        "SELECT id, cells FROM airtable_record WHERE table_id = ?", (table_id,)
    ).fetchall()
    for row in rows:
        cells = json.loads(row["cells"])
        if field_id not in cells:
            continue
        value = _turn(cells.pop(field_id), kind)
        if not is_empty(value):
            cells[field_id] = value
        connection.execute(
            "UPDATE airtable_record SET cells = ? WHERE id = ?",
            (json.dumps(cells), row["id"]),
        )


def _turn(value: Any, kind: str) -> Any:
    if kind in TEXTS and not isinstance(value, (dict, list)):
        return str(value)
    if kind in NUMBERS and isinstance(value, (str, int, float)):
        try:
            return float(value)
        except ValueError:
            return None
    return None

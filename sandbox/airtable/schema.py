"""Find and keep tables, which are JSON as the base schema shows it."""

import json
from collections.abc import Sequence
from typing import Any

from sandbox.core.storage import Storage

Table = dict[str, Any]


def list_tables(storage: Storage, base: str) -> list[Table]:
    sql = "SELECT shown FROM airtable_table WHERE base = ? ORDER BY key"
    return [json.loads(row["shown"]) for row in storage.all(sql, base)]


def save_table(storage: Storage, base: str, table: Table) -> None:
    storage.run(
        "INSERT INTO airtable_table (id, base, shown) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET shown = excluded.shown",
        *(table["id"], base, json.dumps(table)),
    )


def pick(things: Sequence[dict[str, Any]], text: object) -> dict[str, Any] | None:
    """Return a table, field or view by its id, else the first one of that name."""
    for key in ("id", "name"):
        for thing in things:
            if thing[key] == text:
                return thing
    return None

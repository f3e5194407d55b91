"""Make and recognise ids; find and keep tables, and change the cells of records."""

import hashlib
import json
import random
import re
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sandbox.core.storage import Storage

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits
SHAPE = re.compile(r"[A-Za-z]{3}[A-Za-z0-9]{14}")
LENGTH = 17
TEXTS = {"singleLineText", "multilineText", "richText", "singleSelect"}
NUMBERS = {"number", "currency", "percent", "duration", "rating"}
# A table is JSON as the base schema shows it.
Table = dict[str, Any]


def make_id(prefix: str, rng: random.Random | None = None) -> str:
    source = rng or secrets.SystemRandom()
    return prefix + "".join(source.choices(ALPHABET, k=LENGTH - len(prefix)))


def derive_id(prefix: str, text: str) -> str:
    return prefix + hashlib.sha256(text.encode()).hexdigest()[: LENGTH - len(prefix)]


def is_id(prefix: str, text: str) -> bool:
    return text.startswith(prefix) and SHAPE.fullmatch(text) is not None


def is_empty(value: Any) -> bool:
    """Return whether Airtable leaves a value out of a record; zero is a value."""
    return value is None or value is False or value in ("", [])


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


def save_cells(storage: Storage, record: str, cells: Mapping[str, Any]) -> None:
    kept = {name: value for name, value in cells.items() if not is_empty(value)}
    sql = "UPDATE airtable_record SET cells = ? WHERE id = ?"
    storage.run(sql, json.dumps(kept), record)


def change_cells(
    storage: Storage, table: str, field: str, change: Callable[[Any], Any]
) -> None:
    """Change every cell of a field; that moves no modification time."""
    rows = storage.all(
        "SELECT id, cells FROM airtable_record WHERE table_id = ?"
        " AND json_extract(cells, ?) IS NOT NULL",
        *(table, f"$.{field}"),
    )
    for row in rows:
        cells = json.loads(row["cells"])
        changed = {**cells, field: change(cells[field])}
        if changed != cells:
            save_cells(storage, row["id"], changed)


def convert(value: Any, kind: str) -> Any:
    """Turn a cell into another type, or into nothing when it cannot follow."""
    if kind in TEXTS and not isinstance(value, (dict, list)):
        return str(value)
    if kind in NUMBERS and isinstance(value, (str, int, float)):
        with suppress(ValueError):
            return float(value)
    return None

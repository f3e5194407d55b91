"""Make and recognise ids, and change the cells of records."""

import hashlib
import json
import random
import re
import secrets
import string
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core.storage import Storage

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits
SHAPE = re.compile(r"[A-Za-z]{3}[A-Za-z0-9]{14}")
LENGTH = 17
TEXTS = {"singleLineText", "multilineText", "richText", "singleSelect"}
NUMBERS = {"number", "currency", "percent", "duration", "rating"}


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
        try:
            return float(value)
        except ValueError:
            return None
    return None

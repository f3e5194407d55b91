"""Make and recognise ids, and turn cells from one type into another."""

import hashlib
import json
import random
import re
import secrets
import sqlite3
import string
from typing import Any

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits
SHAPE = re.compile(r"[A-Za-z]{3}[A-Za-z0-9]{14}")
LENGTH = 17
TEXTS = {"singleLineText", "multilineText", "richText", "singleSelect"}
NUMBERS = {"number", "currency", "percent", "duration", "rating"}


def make_id(prefix: str, rng: random.Random | None = None) -> str:
    """Draw an id, from a seeded source when there is one."""
    source = rng or secrets.SystemRandom()
    return prefix + "".join(source.choices(ALPHABET, k=LENGTH - len(prefix)))


def derive_id(prefix: str, text: str) -> str:
    """Return the id that always stands for one text."""
    return prefix + hashlib.sha256(text.encode()).hexdigest()[: LENGTH - len(prefix)]


def is_id(prefix: str, text: str) -> bool:
    """Return whether a text has the shape of an id of one kind."""
    return text.startswith(prefix) and SHAPE.fullmatch(text) is not None


def is_empty(value: Any) -> bool:
    """Return whether Airtable leaves a value out of a record; zero is a value."""
    return value is None or value is False or value in ("", [])


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

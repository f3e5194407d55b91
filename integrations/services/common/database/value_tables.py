"""Hand many rows of values to a statement as a table that it can join or insert from.

They are one parameter for SQLite, as JSON, and one array a column for PostgreSQL, so a
thousand rows cost what parsing one statement costs.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database


def table_of(
    name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[Any]]:
    """Return what stands behind ``FROM``, and its parameters.

    ``columns`` names each value of a row and its type as PostgreSQL calls it. Values
    are None, int, str, UUID and datetime.
    """
    if database.vendor == "sqlite":
        values = (
            f"json_extract(value, '$[{number}]') AS {column}"
            for number, column in enumerate(columns)
        )
        table = f"(SELECT {', '.join(values)} FROM json_each(%s)) AS {name}"
        return table, [json.dumps(rows, default=_stored)]
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    table = f"UNNEST({arrays}) AS {name} ({', '.join(columns)})"
    return table, [[row[n] for row in rows] for n in range(len(columns))]


def _stored(value: object) -> object:
    """Return a value as Django's fields store it in SQLite."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return database.ops.adapt_datetimefield_value(value)
    raise TypeError(f"no value of a table: {type(value).__name__}")

"""Hand many rows of values to a statement as a table that it can join or insert from.

They are one parameter, a text of JSON, so a thousand rows cost what parsing one
statement costs.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection as database


def table_of(
    name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[str]]:
    """Return what stands behind ``FROM``, and its parameters.

    ``columns`` names each value of a row and its type as PostgreSQL calls it. Values
    are None, int, str, UUID and datetime.
    """
    if database.vendor == "sqlite":
        values = (
            f"json_extract(value, '$.{column}') AS {column}" for column in columns
        )
        table = f"(SELECT {', '.join(values)} FROM json_each(%s)) AS {name}"
    else:
        kinds = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        table = f"json_to_recordset(%s) AS {name} ({kinds})"
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return table, [json.dumps(named, default=_stored)]


def _stored(value: object) -> str:
    """Return a value as Django's fields store it."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(database.ops.adapt_datetimefield_value(value))
    raise TypeError(f"no value of a table: {type(value).__name__}")

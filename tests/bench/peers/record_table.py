"""The table of twelve columns that peers write for Airtable, where they write SQL."""

from collections.abc import Mapping
from typing import Any

from flat_table import FlatTable

FIELDS = tuple(f"fld{number:014d}" for number in range(10))
RECORDS = FlatTable("record", ("id", "created", *FIELDS))


def row_of(record: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the values of a record in the order of the columns."""
    values = [record["fields"].get(name) for name in FIELDS]
    return record["id"], record["createdTime"], *values

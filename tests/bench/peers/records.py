"""What peers keep of each record of Airtable."""

from collections.abc import Mapping
from typing import Any

FIELDS = tuple(f"fld{number:014d}" for number in range(10))
COLUMNS = ("id", "created", *FIELDS)


def row_of(record: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the values of a record in the order of the columns."""
    values = [record["fields"].get(name) for name in FIELDS]
    return record["id"], record["createdTime"], *values

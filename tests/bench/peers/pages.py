"""What peers keep of each row of a data source of Notion."""

from collections.abc import Mapping
from typing import Any

NAMES = ("Name", *(f"Column {number}" for number in range(9)))
COLUMNS = ("id", "edited", *(name.replace(" ", "_") for name in NAMES))


def row_of(page: Mapping[str, Any]) -> tuple[object, ...]:
    """Return the values of a row in the order of the columns."""
    values = [page["properties"][name] for name in NAMES]
    texts = [value[value["type"]] for value in values]
    plain = ["".join(part["plain_text"] for part in text) for text in texts]
    return page["id"], page["last_edited_time"], *plain

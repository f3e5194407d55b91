"""Show records as the API does: no empty cells, and files under expiring addresses."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable.api.schema import Field, Table
from sandbox.airtable.seed.accounts import PEOPLE
from sandbox.core.storage import Row
from sandbox.core.times import to_iso

Attach = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(kw_only=True)
class Renderer:
    """Render the records of one table for one answer."""

    table: Table
    fields: Collection[str] | None
    by_id: bool
    attach: Attach
    keys: dict[str, str] = field(init=False)
    special: dict[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what every record needs."""
        chosen = [
            f for f in self.table.fields if self.fields is None or f.id in self.fields
        ]
        self.keys = {f.id: f.id if self.by_id else f.name for f in chosen}
        self.special = {f.id: f for f in chosen if f.type in SPECIAL}

    def render(self, row: Row) -> dict[str, Any]:
        """Return one record."""
        cells = json.loads(row["cells"])
        shown = {
            self.keys[name]: value for name, value in cells.items() if name in self.keys
        }
        for name, special in self.special.items():
            value = SPECIAL[special.type](self, row, cells.get(name))
            if value is not None:
                shown[self.keys[name]] = value
        created = to_iso(row["created"])
        return {"id": row["id"], "createdTime": created, "fields": shown}


def _show_files(renderer: Renderer, row: Row, value: Any) -> Any:
    return [renderer.attach(file) for file in value] if value else None


def _show_created(renderer: Renderer, row: Row, value: Any) -> Any:
    return to_iso(row["created"])


def _show_modified(renderer: Renderer, row: Row, value: Any) -> Any:
    return None if row["modified"] is None else to_iso(row["modified"])


def _show_modifier(renderer: Renderer, row: Row, value: Any) -> Any:
    person = PEOPLE.get(row["modified_by"])
    if person is None:
        return value
    return {"id": person.id, "email": person.email, "name": person.name}


SPECIAL: dict[str, Callable[[Renderer, Row, Any], Any]] = {
    "multipleAttachments": _show_files,
    "createdTime": _show_created,
    "lastModifiedTime": _show_modified,
    "lastModifiedBy": _show_modifier,
}

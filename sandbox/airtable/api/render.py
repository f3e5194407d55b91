"""Show records as the API does: no empty cells, and files under expiring addresses."""

import json
from collections.abc import Callable, Collection
from typing import Any

from sandbox.airtable.api.schema import Table
from sandbox.airtable.seed.accounts import PEOPLE, show_person
from sandbox.core.storage import Row
from sandbox.core.times import to_iso

Attach = Callable[[dict[str, Any]], dict[str, Any]]


class Renderer:
    """Render the records of one table for one answer."""

    def __init__(
        self,
        table: Table,
        attach: Attach,
        *,
        fields: Collection[str] | None = None,
        by_id: bool,
    ) -> None:
        """Work out once what every record needs; no fields chosen are all of them."""
        self.attach = attach
        chosen = [f for f in table.fields if fields is None or f.id in fields]
        self.keys = {f.id: f.id if by_id else f.name for f in chosen}
        self.special = {f.id: f.type for f in chosen if f.type in SPECIAL}

    def render(self, row: Row) -> dict[str, Any]:
        """Return one record."""
        cells = json.loads(row["cells"])
        for field, kind in self.special.items():
            cells[field] = SPECIAL[kind](self, row, cells.get(field))
        shown = {
            self.keys[field]: value
            for field, value in cells.items()
            if field in self.keys and value is not None
        }
        return {"id": row["id"], "createdTime": to_iso(row["created"]), "fields": shown}


def _show_files(renderer: Renderer, row: Row, value: Any) -> Any:
    return [renderer.attach(file) for file in value] if value else None


def _show_created(renderer: Renderer, row: Row, value: Any) -> Any:
    return to_iso(row["created"])


def _show_modified(renderer: Renderer, row: Row, value: Any) -> Any:
    return None if row["modified"] is None else to_iso(row["modified"])


def _show_modifier(renderer: Renderer, row: Row, value: Any) -> Any:
    person = PEOPLE.get(row["modified_by"])
    return show_person(person) if person else value


SPECIAL: dict[str, Callable[[Renderer, Row, Any], Any]] = {
    "multipleAttachments": _show_files,
    "createdTime": _show_created,
    "lastModifiedTime": _show_modified,
    "lastModifiedBy": _show_modifier,
}

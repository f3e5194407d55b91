"""Load the tables of a base with their fields and views."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.core.storage import Row, Storage


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a table."""

    id: str
    name: str
    type: str
    options: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the field as the base schema shows it."""
        shown = {"id": self.id, "name": self.name, "type": self.type}
        return {**shown, "options": self.options} if self.options else shown


@dataclass(frozen=True, kw_only=True)
class View:
    """One view; it shows the records in which `filled` has a value."""

    id: str
    name: str
    type: str
    filled: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of a base."""

    id: str
    base: str
    name: str
    description: str
    primary_field: str
    fields: tuple[Field, ...]
    views: tuple[View, ...]

    def find_field(self, text: str) -> Field | None:
        """Return a field by its id, else the first one of that name."""
        by_id = (f for f in self.fields if f.id == text)
        by_name = (f for f in self.fields if f.name == text)
        return next(by_id, None) or next(by_name, None)

    def to_dict(self, *, with_visible: bool) -> dict[str, Any]:
        """Return the table as the base schema shows it."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name}
        if self.description:
            shown["description"] = self.description
        shown["primaryFieldId"] = self.primary_field
        shown["fields"] = [field.to_dict() for field in self.fields]
        shown["views"] = []
        for view in self.views:
            made: dict[str, Any] = {"id": view.id, "name": view.name, "type": view.type}
            if with_visible and view.type == "grid":
                made["visibleFieldIds"] = [field.id for field in self.fields]
            shown["views"].append(made)
        return shown


def list_tables(storage: Storage, base: str) -> list[Table]:
    """Return every table of a base, in the order of their making."""
    rows = storage.all("SELECT * FROM airtable_table WHERE base = ? ORDER BY key", base)
    return [_load(storage, row) for row in rows]


def find_table(storage: Storage, base: str, text: str) -> Table | None:
    """Return a table by its id, else the first one of that name."""
    row = storage.one(
        "SELECT * FROM airtable_table WHERE base = ?1 AND (id = ?2 OR name = ?2)"
        " ORDER BY id = ?2 DESC, key",
        *(base, text),
    )
    return None if row is None else _load(storage, row)


def _load(storage: Storage, row: Row) -> Table:
    fields = storage.all(
        "SELECT id, name, type, options FROM airtable_field WHERE table_id = ?"
        " ORDER BY key",
        row["id"],
    )
    views = storage.all(
        "SELECT id, name, type, filled FROM airtable_view WHERE table_id = ?"
        " ORDER BY key",
        row["id"],
    )
    columns = ("id", "base", "name", "description", "primary_field")
    return Table(
        **{name: row[name] for name in columns},
        fields=tuple(
            Field(**{**dict(field), "options": json.loads(field["options"])})
            for field in fields
        ),
        views=tuple(View(**dict(view)) for view in views),
    )

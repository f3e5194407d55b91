"""Load the tables of a base with their fields and views."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.core.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Field:
    """Describe one field of a table."""

    id: str
    name: str
    type: str
    options: dict[str, Any]
    description: str

    def to_dict(self) -> dict[str, Any]:
        """Return the field as the base schema shows it."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name, "type": self.type}
        if self.description:
            shown["description"] = self.description
        if self.options:
            shown["options"] = self.options
        return shown


@dataclass(frozen=True, kw_only=True)
class View:
    """Describe one view; it shows the records in which `filled` has a value."""

    id: str
    name: str
    type: str
    filled: str

    def to_dict(self) -> dict[str, Any]:
        """Return the view as the base schema shows it."""
        return {"id": self.id, "name": self.name, "type": self.type}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Describe one table."""

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
        shown["views"] = [view.to_dict() for view in self.views]
        for view in shown["views"] if with_visible else ():
            if view["type"] == "grid":
                view["visibleFieldIds"] = [field.id for field in self.fields]
        return shown


def list_tables(storage: "Storage", base: str) -> list[Table]:
    """Return every table of a base, in the order of their making."""
    rows = storage.all("SELECT * FROM airtable_table WHERE base = ? ORDER BY key", base)
    return [_load(storage, dict(row)) for row in rows]


def find_table(storage: "Storage", base: str, text: str) -> Table | None:
    """Return a table by its id, else the first one of that name."""
    row = storage.one(
        "SELECT * FROM airtable_table WHERE base = ? AND (id = ? OR name = ?)"
        " ORDER BY id = ? DESC, key",
        base,
        text,
        text,
        text,
    )
    return None if row is None else _load(storage, dict(row))


def _load(storage: "Storage", row: dict[str, Any]) -> Table:
    fields = storage.all(
        "SELECT * FROM airtable_field WHERE table_id = ? ORDER BY key", row["id"]
    )
    views = storage.all(
        "SELECT * FROM airtable_view WHERE table_id = ? ORDER BY key", row["id"]
    )
    del row["key"]
    return Table(
        **row,
        fields=tuple(
            Field(
                id=f["id"],
                name=f["name"],
                type=f["type"],
                options=json.loads(f["options"]),
                description=f["description"],
            )
            for f in fields
        ),
        views=tuple(
            View(id=v["id"], name=v["name"], type=v["type"], filled=v["filled"])
            for v in views
        ),
    )

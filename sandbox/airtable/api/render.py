"""Show records as the API does: no empty cells, and files under expiring addresses."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.airtable.api.attachments import make_attach
from sandbox.airtable.schema import Table
from sandbox.airtable.seed.accounts import PEOPLE, show_person
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso
from sandbox.core.web import Request


def make_render(
    sandbox: Sandbox, request: Request, table: Table, *, by_id: bool
) -> Callable[[Row], dict[str, Any]]:
    """Return what shows a record of a table."""
    attach = make_attach(sandbox, request)
    fields = {field["id"]: field for field in table["fields"]}
    special: dict[str, Callable[[Row, Any], Any]] = {
        "multipleAttachments": lambda _, files: files and [*map(attach, files)],
        "createdTime": lambda row, _: to_iso(row["created"]),
        "lastModifiedTime": lambda row, _: row["modified"] and to_iso(row["modified"]),
        "lastModifiedBy": _show_modifier,
    }
    own = {name: special.get(field["type"]) for name, field in fields.items()}

    def render(row: Row) -> dict[str, Any]:
        cells, shown = json.loads(row["cells"]), {}
        for name, show in own.items():
            value = show(row, cells.get(name)) if show else cells.get(name)
            if value is not None:
                shown[name if by_id else fields[name]["name"]] = value
        return {"id": row["id"], "createdTime": to_iso(row["created"]), "fields": shown}

    return render


def _show_modifier(row: Row, value: Any) -> Any:
    person = PEOPLE.get(row["modified_by"])
    return show_person(person) if person else value

"""Show records as the API does: no empty cells, and files under expiring addresses."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from sandbox.airtable.seed.accounts import PEOPLE, SLUG, show_person
from sandbox.airtable.values import Table, derive_id
from sandbox.core.serving.web import Request
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso

THUMBNAILS = {"small": 36, "large": 512, "full": 3000}


def make_render(
    sandbox: Sandbox, request: Request, table: Table, *, by_id: bool
) -> Callable[[Row], dict[str, Any]]:
    """Return what shows a record of a table."""
    attach = _make_attach(sandbox, request)
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
    user = PEOPLE.get(row["modified_by"])
    return show_person(user) if user else value


def _make_attach(
    sandbox: Sandbox, request: Request
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what gives a stored file the addresses of this answer."""
    life = sandbox.switches.get(SLUG, "attachment_seconds", request.account)
    expires = int(sandbox.clock() + life)

    def make_url(file: dict[str, Any], size: str) -> str:
        mark, name = derive_id("", f"{expires}/{size}/{file['id']}"), file["filename"]
        place = f"{request.origin}/{SLUG}/attachments/{expires}/{mark}/{size}"
        return f"{place}/{file['id']}/{quote(name, safe='')}"

    def attach(file: dict[str, Any]) -> dict[str, Any]:
        shown = {"id": file["id"], "url": make_url(file, "file"), **file}
        if "width" in file:
            shown["thumbnails"] = {
                name: {"url": make_url(file, name), "width": side, "height": side}
                for name, side in THUMBNAILS.items()
            }
        return shown

    return attach

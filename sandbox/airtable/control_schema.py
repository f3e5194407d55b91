"""Let people and tests change bases, tables and fields, and who may see them."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.airtable.api import quotas
from sandbox.airtable.control import get_base, get_field, get_table, get_text
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.values import Table, change_cells, convert, make_id, save_table
from sandbox.control.helpers import get_account, get_number
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Sandbox

Field = dict[str, Any]


def rename_base(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    base, name = get_base(sandbox, params)["id"], _require(params, "name")
    sandbox.storage.run("UPDATE airtable_base SET name = ? WHERE id = ?", name, base)
    return {"base": base}


def unshare_base(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Take a base out of every present grant of the account, or out of one."""
    base, grant = get_base(sandbox, params), get_text(params, "grant")
    taken = sandbox.storage.run(
        "INSERT OR IGNORE INTO airtable_unshared SELECT id, ?1 FROM oauth_grant"
        " WHERE provider = 'airtable' AND account = ?2 AND (?3 = '' OR id = ?3)",
        *(base["id"], base["account"], grant),
    )
    return {"base": base["id"], "grants": taken.rowcount}


def share_base(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    base, grant = get_base(sandbox, params)["id"], get_text(params, "grant")
    sql = "DELETE FROM airtable_unshared WHERE base = ?1 AND (?2 = '' OR grant_id = ?2)"
    return {"base": base, "grants": sandbox.storage.run(sql, base, grant).rowcount}


def rename_table(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    base, table = get_table(sandbox, params)
    return _save(sandbox, base, {**table, "name": _require(params, "name")})


def add_table(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    field = {"id": make_id("fld"), "name": "Name", "type": "singleLineText"}
    table = {
        "id": make_id("tbl"),
        "name": _require(params, "name"),
        "primaryFieldId": field["id"],
        "fields": [field],
        "views": [{"id": make_id("viw"), "name": "Grid view", "type": "grid"}],
    }
    return _save(sandbox, get_base(sandbox, params)["id"], table, field)


def remove_table(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    _, table = get_table(sandbox, params)
    for name, column in (("table", "id"), ("record", "table_id")):
        sql = f"DELETE FROM airtable_{name} WHERE {column} = ?"  # noqa: S608
        sandbox.storage.run(sql, table["id"])
    return {"table": table["id"]}


def add_field(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    base, table = get_table(sandbox, params)
    field = {"id": make_id("fld"), "name": _require(params, "name")}
    _set_type(field, get_text(params, "to") or "singleLineText", params)
    table["fields"].append(field)
    return _save(sandbox, base, table, field)


def _on_field(change: Callable[[Sandbox, Table, Field, Params], object]) -> Command:
    def run(sandbox: Sandbox, params: Params) -> dict[str, Any]:
        base, table = get_table(sandbox, params)
        field = get_field(table, get_text(params, "field"))
        change(sandbox, table, field, params)
        return _save(sandbox, base, table, field)

    return run


def _rename(sandbox: Sandbox, table: Table, field: Field, params: Params) -> None:
    field["name"] = _require(params, "name")


def _remove(sandbox: Sandbox, table: Table, field: Field, params: Params) -> None:
    """Delete a field; the primary field stays, as at Airtable."""
    if field["id"] == table["primaryFieldId"]:
        raise CommandError("the primary field cannot be removed")
    table["fields"].remove(field)


def _retype(sandbox: Sandbox, table: Table, field: Field, params: Params) -> None:
    """Change a field to the type `to`; a cell that cannot follow becomes empty."""
    kind, place = _require(params, "to"), (table["id"], field["id"])
    _set_type(field, kind, params)
    change_cells(sandbox.storage, *place, lambda cell: convert(cell, kind))


def set_calls(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    own = [workspace.id for workspace in get_account(COMPANIES, params).workspaces]
    workspace = get_text(params, "id") or own[0]
    if workspace not in own:
        raise CommandError(f"no workspace {workspace}")
    quotas.set_calls(sandbox, workspace, get_number(params, "calls", 0))
    return quotas.describe(sandbox, workspace)


def _save(
    sandbox: Sandbox, base: str, table: Table, field: dict[str, Any] | None = None
) -> dict[str, Any]:
    save_table(sandbox.storage, base, table)
    done = {"table": table["id"]}
    return done if field is None else {**done, "field": field["id"]}


def _require(params: Params, name: str) -> str:
    if text := get_text(params, name):
        return text
    raise CommandError(f"say what is new in `{name}`")


def _set_type(field: dict[str, Any], kind: str, params: Params) -> None:
    options = params.get("options") or {}
    field["type"] = kind
    field["options"] = json.loads(options) if isinstance(options, str) else options
    if not field["options"]:
        del field["options"]


SCHEMA_COMMANDS: dict[str, Command] = {
    "bases/rename": rename_base,
    "bases/unshare": unshare_base,
    "bases/share": share_base,
    "tables/rename": rename_table,
    "tables/add": add_table,
    "tables/remove": remove_table,
    "fields/rename": _on_field(_rename),
    "fields/add": add_field,
    "fields/remove": _on_field(_remove),
    "fields/retype": _on_field(_retype),
    "quota/set": set_calls,
}

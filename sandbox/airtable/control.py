"""Let people and tests change the simulated records behind the API's back."""

import json
from typing import Any

from sandbox.airtable.api import quotas
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.values import (
    Table,
    change_cells,
    list_tables,
    make_id,
    pick,
    save_cells,
)
from sandbox.control import helpers
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row

SHOW = 'SELECT id, table_id AS "table", created, modified, cells FROM airtable_record'
RECORD = """
SELECT r.*, t.base FROM airtable_record r JOIN airtable_table t ON t.id = r.table_id
JOIN airtable_base b ON b.id = t.base WHERE r.id = ? AND b.account = ?
"""
TEXTS = ("singleLineText", "multilineText", "richText")


def get_text(params: Params, name: str) -> str:
    return str(params.get(name) or "")


def list_account_bases(sandbox: Sandbox, params: Params) -> list[Row]:
    """Return every base of an account, shared or not."""
    account = helpers.get_account(COMPANIES, params).id
    sql = "SELECT * FROM airtable_base WHERE account = ? ORDER BY id"
    return sandbox.storage.all(sql, account)


def get_base(sandbox: Sandbox, params: Params) -> Row:
    """Return the base a command names, by its id or by a name of its own."""
    text, bases = get_text(params, "base"), list_account_bases(sandbox, params)
    found = [row for row in bases if text == row["id"]]
    found = found or [row for row in bases if text == row["name"]]
    if len(found) != 1:
        raise CommandError(f"{len(found)} bases are called {text!r}")
    return found[0]


def get_table(sandbox: Sandbox, params: Params) -> tuple[str, Table]:
    """Return a table, by id or by name inside its base, after the id of that base."""
    text = get_text(params, "table") or get_text(params, "type")
    for base in list_account_bases(sandbox, params):
        if params.get("base") in (None, "", base["id"], base["name"]):
            table = pick(list_tables(sandbox.storage, base["id"]), text)
            if table is not None:
                return base["id"], table
    raise CommandError(f"no table {text!r}")


def get_field(table: Table, name: str) -> dict[str, Any]:
    field = pick(table["fields"], name)
    if field is None:
        raise CommandError(f"{table['name']} has no field {name!r}")
    return field


def get_record(sandbox: Sandbox, params: Params) -> tuple[Row, Table]:
    text, account = get_text(params, "id"), helpers.get_account(COMPANIES, params).id
    row = sandbox.storage.one(RECORD, text, account)
    if row is None:
        raise CommandError(f"no such record: {text}")
    tables = list_tables(sandbox.storage, row["base"])
    return row, next(table for table in tables if table["id"] == row["table_id"])


def edit(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Set cells of one record; null clears one.

    With `quiet` the modification time stays, as when a lookup or formula changes.
    """
    row, table = get_record(sandbox, params)
    _change(sandbox, row, _get_values(table, params), params)
    return {"id": row["id"]}


def create(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    _, table = get_table(sandbox, params)
    record, values = make_id("rec"), _get_values(table, params)
    sandbox.storage.run(
        "INSERT INTO airtable_record (id, table_id, created, cells)"
        " VALUES (?, ?, ?, '{}')",
        *(record, table["id"], sandbox.now_ms),
    )
    save_cells(sandbox.storage, record, values)
    return {"id": record, "table": table["id"]}


def delete(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    row, _ = get_record(sandbox, params)
    storage = sandbox.storage

    def unlink(cell: list[str]) -> list[str]:
        return [record for record in cell if record != row["id"]]

    storage.run("DELETE FROM airtable_record WHERE id = ?", row["id"])
    for table in list_tables(storage, row["base"]):
        for field in table["fields"]:
            options = field.get("options", {})
            if options.get("linkedTableId") == row["table_id"]:
                change_cells(storage, table["id"], field["id"], unlink)
    return {"id": row["id"]}


def touch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Change the first `count` records, after `offset`, at one and the same moment."""
    _, table = get_table(sandbox, params)
    field = next((f for f in table["fields"] if f["type"] in TEXTS), None)
    if field is None:
        raise CommandError("this table has no text to change")
    rows = sandbox.storage.all(
        "SELECT * FROM airtable_record WHERE table_id = ? ORDER BY id LIMIT ? OFFSET ?",
        table["id"],
        *helpers.get_part(params),
    )
    name = field["id"]
    return helpers.touch(
        sandbox, params, rows, lambda r, text: _change(sandbox, r, {name: text}, params)
    )


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return one record by id, or a page of a table's records from `after` on."""
    if params.get("id"):
        row, _ = get_record(sandbox, params)
        rows = sandbox.storage.all(f"{SHOW} WHERE id = ?", row["id"])
    else:
        rows = sandbox.storage.all(
            f"{SHOW} WHERE table_id = ? AND id > ? ORDER BY id LIMIT ?",
            get_table(sandbox, params)[1]["id"],
            get_text(params, "after"),
            helpers.get_limit(params),
        )
    shown = ({**dict(row), "cells": json.loads(row["cells"])} for row in rows)
    return {"records": list(shown)}


def count(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Count the bases, tables and records of an account and digest the records."""
    company, bases = helpers.get_account(COMPANIES, params), []
    for base in list_account_bases(sandbox, params):
        tables = list_tables(sandbox.storage, base["id"])
        counted = [_count_table(sandbox, table, params) for table in tables]
        about = {name: base[name] for name in ("id", "name", "workspace")}
        bases.append({**about, "tables": counted})
    tables = [table for base in bases for table in base["tables"]]
    return {
        "account": company.id,
        "types": {
            "bases": {"live": len(bases)},
            "tables": {"live": len(tables)},
            "records": {"live": sum(table["live"] for table in tables)},
        },
        "bases": bases,
        "workspaces": [quotas.describe(sandbox, w.id) for w in company.workspaces],
    }


def _count_table(sandbox: Sandbox, table: Table, params: Params) -> dict[str, Any]:
    sql = "SELECT id, modified FROM airtable_record WHERE table_id = ? ORDER BY id"
    rows = sandbox.storage.all(sql, table["id"])
    changes = ((row["id"], row["modified"] or "-") for row in rows)
    about = {"id": table["id"], "name": table["name"], "fields": len(table["fields"])}
    return {**about, **helpers.describe_live(changes, params)}


def _get_values(table: Table, params: Params) -> dict[str, Any]:
    given = helpers.get_values(params, "fields", "field")
    return {get_field(table, n)["id"]: value for n, value in given.items()}


def _change(sandbox: Sandbox, row: Row, values: dict[str, Any], params: Params) -> None:
    save_cells(sandbox.storage, row["id"], {**json.loads(row["cells"]), **values})
    if not params.get("quiet"):
        editor = helpers.get_account(COMPANIES, params).people[0].id
        sql = "UPDATE airtable_record SET modified = ?, modified_by = ? WHERE id = ?"
        sandbox.storage.run(sql, sandbox.now_ms, editor, row["id"])


QUERIES = {"inventory": count, "records": show}
COMMANDS: dict[str, Command] = {
    "records/edit": edit,
    "records/create": create,
    "records/delete": delete,
    "records/touch": touch,
}

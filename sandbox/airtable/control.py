"""Let people and tests change the simulated records behind the API's back."""

import json
import sqlite3
from typing import Any

from sandbox.airtable.api.schema import Table, list_tables
from sandbox.airtable.inventory import get_inventory
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.targets import (
    get_record,
    get_table,
    get_table_of,
)
from sandbox.airtable.values import is_empty, make_id
from sandbox.control.helpers import (
    get_account,
    get_limit,
    get_number,
    get_values,
)
from sandbox.core.provider import TOUCH, CommandError, Field, Form, Params
from sandbox.core.state import Command, Sandbox
from sandbox.core.storage import Row
from sandbox.core.times import to_iso

TEXTS = ("singleLineText", "multilineText", "richText")


def edit(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Set cells of one record; null clears one.

    With `quiet` the modification time stays, as when a lookup or formula changes.
    """
    row = get_record(sandbox, params)
    values = _get_values(get_table_of(sandbox, row), params)
    moment = None if params.get("quiet") else sandbox.now_ms
    with sandbox.storage.write() as connection:
        _change(connection, row, values, moment, _get_editor(params))
    return {"id": row["id"]}


def create(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Create one record from the cells given."""
    table = get_table(sandbox, params)
    values = _get_values(table, params)
    cells = {name: value for name, value in values.items() if not is_empty(value)}
    record = make_id("rec")
    with sandbox.storage.write() as connection:
        connection.execute(
            "INSERT INTO airtable_record (id, table_id, created, cells)"
            " VALUES (?, ?, ?, ?)",
            (record, table.id, sandbox.now_ms, json.dumps(cells)),
        )
    return {"id": record, "table": table.id}


def delete(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Delete one record, and the links that lead to it."""
    row = get_record(sandbox, params)
    tables = list_tables(sandbox.storage, row["base"])
    links = [
        (table.id, field.id)
        for table in tables
        for field in table.fields
        if field.options.get("linkedTableId") == row["table_id"]
    ]
    with sandbox.storage.write() as connection:
        connection.execute("DELETE FROM airtable_record WHERE id = ?", (row["id"],))
        for table_id, field_id in links:
            _unlink(connection, table_id, field_id, row["id"])
    return {"id": row["id"]}


def touch(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Change the first `count` records, after `offset`, at one and the same moment."""
    table = get_table(sandbox, params)
    field = next((f for f in table.fields if f.type in TEXTS), None)
    if field is None:
        raise CommandError("this table has no text to change")
    rows = sandbox.storage.all(
        "SELECT * FROM airtable_record WHERE table_id = ? ORDER BY id LIMIT ? OFFSET ?",
        table.id,
        get_number(params, "count", 1),
        get_number(params, "offset", 0),
    )
    text = str(params.get("value") or f"Touched {to_iso(sandbox.now_ms)}")
    with sandbox.storage.write() as connection:
        for row in rows:
            moment, editor = sandbox.now_ms, _get_editor(params)
            _change(connection, row, {field.id: text}, moment, editor)
    ids = [row["id"] for row in rows]
    return {"touched": len(ids), "ids": ids, "value": text}


def show(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Return one record by id, or a page of a table's records from `after` on."""
    if params.get("id"):
        rows = [get_record(sandbox, params)]
    else:
        rows = sandbox.storage.all(
            "SELECT * FROM airtable_record WHERE table_id = ? AND id > ?"
            " ORDER BY id LIMIT ?",
            get_table(sandbox, params).id,
            str(params.get("after") or ""),
            get_limit(params),
        )
    return {"records": [_show_row(row) for row in rows]}


def _show_row(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "table": row["table_id"],
        "created": row["created"],
        "modified": row["modified"],
        "cells": json.loads(row["cells"]),
    }


def _get_values(table: Table, params: Params) -> dict[str, Any]:
    """Return the cells to set, by the ids of their fields."""
    given = get_values(params, "fields", "field")
    found = {name: table.find_field(name) for name in given}
    if unknown := [name for name, field in found.items() if field is None]:
        message = f"{table.name} has no field {', '.join(unknown)}"
        raise CommandError(message)
    return {field.id: given[name] for name, field in found.items() if field}


def _get_editor(params: Params) -> str:
    return get_account(COMPANIES, params).people[0].id


def _change(
    connection: sqlite3.Connection,
    row: Row,
    values: dict[str, Any],
    moment: int | None,
    editor: str,
) -> None:
    cells = {**json.loads(row["cells"]), **values}
    kept = {name: value for name, value in cells.items() if not is_empty(value)}
    connection.execute(
        "UPDATE airtable_record SET cells = ? WHERE id = ?",
        (json.dumps(kept), row["id"]),
    )
    if moment is not None:
        connection.execute(
            "UPDATE airtable_record SET modified = ?, modified_by = ? WHERE id = ?",
            (moment, editor, row["id"]),
        )


def _unlink(
    connection: sqlite3.Connection, table_id: str, field_id: str, record: str
) -> None:
    """Take a deleted record out of a link field; that moves no modification time."""
    rows = connection.execute(
        "SELECT id, cells FROM airtable_record WHERE table_id = ? AND cells LIKE ?",
        (table_id, f"%{record}%"),
    ).fetchall()
    for row in rows:
        cells = json.loads(row["cells"])
        cells[field_id] = [one for one in cells.get(field_id, []) if one != record]
        if not cells[field_id]:
            del cells[field_id]
        connection.execute(
            "UPDATE airtable_record SET cells = ? WHERE id = ?",
            (json.dumps(cells), row["id"]),
        )


QUERIES = {"inventory": get_inventory, "records": show}
COMMANDS: dict[str, Command] = {
    "records/edit": edit,
    "records/create": create,
    "records/delete": delete,
    "records/touch": touch,
}

BASE = Field("base", "Base: id or name", hint="Operations")
TABLE = Field("table", "Table: id or name", hint="Customers")
FIELD = Field("field", "Field: id or name", hint="Notes")
NAME = Field("name", "New name")

FORMS = (
    Form(
        "A record",
        {
            "records/edit": "Save",
            "records/create": "Add new",
            "records/delete": "Delete",
        },
        (
            Field("id", "Record id, to change one", hint="rec…"),
            Field("table", "Table, to add one", hint="Customers"),
            FIELD,
            Field("value", "Value"),
        ),
    ),
    Form(TOUCH.title, TOUCH.commands, (BASE, TABLE, *TOUCH.fields)),
    Form(
        "Fields",
        {
            "fields/rename": "Rename",
            "fields/add": "Add",
            "fields/retype": "Change type",
            "fields/remove": "Remove",
        },
        (BASE, TABLE, FIELD, NAME, Field("to", "Type", hint="number")),
    ),
    Form(
        "Tables and bases",
        {
            "tables/rename": "Rename table",
            "tables/add": "Add table",
            "tables/remove": "Remove table",
            "bases/rename": "Rename base",
            "bases/unshare": "Stop sharing base",
            "bases/share": "Share base again",
        },
        (BASE, TABLE, NAME),
    ),
    Form(
        "Calls used this month",
        {"quota/set": "Set"},
        (
            Field("id", "Workspace id", hint="wsp…"),
            Field("calls", "Calls", value="999", is_number=True),
        ),
    ),
)

"""Find what a command of the control page is about."""

from typing import Any

from sandbox.airtable.schema import Table, list_tables, pick
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.control.helpers import get_account
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row

RECORD = """
SELECT r.*, t.base FROM airtable_record r JOIN airtable_table t ON t.id = r.table_id
JOIN airtable_base b ON b.id = t.base WHERE r.id = ? AND b.account = ?
"""


def get_text(params: Params, name: str) -> str:
    return str(params.get(name) or "")


def list_account_bases(sandbox: Sandbox, params: Params) -> list[Row]:
    """Return every base of an account, shared or not."""
    account = get_account(COMPANIES, params).id
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
    text, account = get_text(params, "id"), get_account(COMPANIES, params).id
    row = sandbox.storage.one(RECORD, text, account)
    if row is None:
        raise CommandError(f"no such record: {text}")
    tables = list_tables(sandbox.storage, row["base"])
    return row, next(table for table in tables if table["id"] == row["table_id"])

"""Find what a command of the control page is about."""

from sandbox.airtable.api.schema import Field, Table, find_table, list_tables
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.control.helpers import get_account
from sandbox.core.provider import CommandError, Params
from sandbox.core.state import Sandbox
from sandbox.core.storage import Row


def list_account_bases(sandbox: Sandbox, account: str) -> list[Row]:
    """Return every base of an account, shared or not."""
    return sandbox.storage.all(
        "SELECT * FROM airtable_base WHERE account = ? ORDER BY id", account
    )


def get_base(sandbox: Sandbox, params: Params) -> Row:
    """Return the base a command names, by its id or by a name of its own."""
    text = str(params.get("base") or "")
    bases = list_account_bases(sandbox, get_account(COMPANIES, params).id)
    found = [row for row in bases if text == row["id"]]
    found = found or [row for row in bases if text == row["name"]]
    if len(found) != 1:
        message = f"{len(found)} bases are called {text!r}"
        raise CommandError(message)
    return found[0]


def get_table(sandbox: Sandbox, params: Params) -> Table:
    """Return the table a command names: by id, or by name inside its base."""
    text = str(params.get("table") or params.get("type") or "")
    for base in list_account_bases(sandbox, get_account(COMPANIES, params).id):
        if params.get("base") in (None, "", base["id"], base["name"]):
            table = find_table(sandbox.storage, base["id"], text)
            if table is not None:
                return table
    message = f"no table {text!r}"
    raise CommandError(message)


def get_field(table: Table, params: Params) -> Field:
    """Return the field a command names, by id or name."""
    field = table.find_field(str(params.get("field") or ""))
    if field is None:
        message = f"{table.name} has no field {params.get('field')!r}"
        raise CommandError(message)
    return field


def get_record(sandbox: Sandbox, params: Params) -> Row:
    text = str(params.get("id") or "")
    row = sandbox.storage.one(
        "SELECT r.*, t.base FROM airtable_record r"
        " JOIN airtable_table t ON t.id = r.table_id"
        " JOIN airtable_base b ON b.id = t.base WHERE r.id = ? AND b.account = ?",
        text,
        get_account(COMPANIES, params).id,
    )
    if row is None:
        message = f"no such record: {text}"
        raise CommandError(message)
    return row


def get_table_of(sandbox: Sandbox, row: Row) -> Table:
    tables = list_tables(sandbox.storage, row["base"])
    return next(table for table in tables if table.id == row["table_id"])

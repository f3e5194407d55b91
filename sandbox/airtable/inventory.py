"""Count what the sandbox holds, so that tests can compare it with a copy."""

from typing import Any

from sandbox.airtable.api import quotas
from sandbox.airtable.api.schema import Table, list_tables
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.targets import list_account_bases
from sandbox.control.helpers import describe_live, get_account
from sandbox.core.provider import Params
from sandbox.core.state import Sandbox
from sandbox.core.times import to_iso


def get_inventory(sandbox: Sandbox, params: Params) -> dict[str, Any]:
    """Count the bases, tables and records of an account and digest the records."""
    company = get_account(COMPANIES, params)
    bases = [
        {
            **{name: base[name] for name in ("id", "name", "workspace")},
            "tables": [
                _count_table(sandbox, table, params)
                for table in list_tables(sandbox.storage, base["id"])
            ],
        }
        for base in list_account_bases(sandbox, company.id)
    ]
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
    rows = sandbox.storage.all(
        "SELECT id, modified FROM airtable_record WHERE table_id = ? ORDER BY id",
        table.id,
    )
    changes = (
        (row["id"], to_iso(row["modified"]) if row["modified"] else "-") for row in rows
    )
    about = {"id": table.id, "name": table.name, "fields": len(table.fields)}
    return {**about, **describe_live(changes, params)}

"""Count what the sandbox holds, so that tests can compare it with a copy."""

import hashlib
from typing import TYPE_CHECKING, Any

from sandbox.airtable.api import quotas
from sandbox.airtable.api.schema import Table, list_tables
from sandbox.airtable.targets import get_company, list_account_bases
from sandbox.core.provider import Params
from sandbox.core.times import to_iso

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox


def get_inventory(sandbox: "Sandbox", params: Params) -> dict[str, Any]:
    """Count the bases, tables and records of an account and digest the records.

    `ids` is the SHA-256 of a table's record ids in rising order, one per line;
    `content` is that of lines of id and last modification. `with_ids` adds the ids.
    """
    company = get_company(params)
    bases = [
        {
            "id": base["id"],
            "name": base["name"],
            "workspace": base["workspace"],
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


def _count_table(sandbox: "Sandbox", table: Table, params: Params) -> dict[str, Any]:
    rows = sandbox.storage.all(
        "SELECT id, modified FROM airtable_record WHERE table_id = ? ORDER BY id",
        table.id,
    )
    ids = [row["id"] for row in rows]
    lines = [
        f"{row['id']} {to_iso(row['modified']) if row['modified'] else '-'}"
        for row in rows
    ]
    found: dict[str, Any] = {
        "id": table.id,
        "name": table.name,
        "fields": len(table.fields),
        "live": len(ids),
        "ids": _digest(ids),
        "content": _digest(lines),
    }
    if params.get("with_ids"):
        found["id_list"] = ids
    return found


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

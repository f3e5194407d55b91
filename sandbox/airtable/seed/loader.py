"""Fill the accounts with realistic and awkward data, the same for the same seed."""

import json
import random
from sqlite3 import Connection
from typing import Any

from sandbox.airtable.schema import save_table
from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.seed.making import BASES, TABLES, BaseMaker
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox

LARGE = COMPANIES[0].id
FULL = sum(
    TABLES[key]["size"]
    for base in BASES
    if base["account"] == LARGE
    for key in base["tables"]
)


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill every account; the number of records in the plan is the large one's."""
    for company in COMPANIES:
        records = plan.sizes.get("records", FULL) if company.id == LARGE else FULL
        rng = random.Random(f"{plan.seed}/{company.id}")
        with sandbox.storage.write() as connection:
            for base in BASES:
                if base["account"] == company.id:
                    maker = BaseMaker(rng, company.people, base, records / FULL)
                    _save(maker, base, connection)


def _save(maker: BaseMaker, base: dict[str, Any], connection: Connection) -> None:
    connection.execute(
        "INSERT INTO airtable_base VALUES (?, ?, ?, ?)",
        (maker.id, *(base[name] for name in ("account", "workspace", "name"))),
    )
    connection.executemany(
        "INSERT INTO airtable_member VALUES (?, ?, ?)",
        [(maker.id, user, level) for user, level in base["levels"].items()],
    )
    for table in maker.tables:
        shown, key = maker.show_table(table), table["key"]
        save_table(connection, maker.id, shown)
        rows = []
        for draft in maker.drafts[key]:
            cells = {maker.ids[f"{key}.{k}"]: v for k, v in draft.cells.items()}
            times = (draft.created, draft.modified)
            rows.append((draft.id, shown["id"], *times, json.dumps(cells)))
        connection.executemany(
            "INSERT INTO airtable_record (id, table_id, created, modified, cells)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )

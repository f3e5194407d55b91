"""Fill the accounts with realistic and awkward data, the same for the same seed."""

import json
import random
from typing import Any

from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.seed.making import BASES, TABLES, BaseMaker
from sandbox.airtable.values import save_table
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage

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
        with sandbox.storage.write():
            for base in BASES:
                if base["account"] == company.id:
                    maker = BaseMaker(rng, company.people, base, records / FULL)
                    _save(maker, base, sandbox.storage)


def _save(maker: BaseMaker, base: dict[str, Any], storage: Storage) -> None:
    row = (maker.id, *(base[name] for name in ("account", "workspace", "name")))
    storage.run("INSERT INTO airtable_base VALUES (?, ?, ?, ?)", *row)
    for member in base["levels"].items():
        storage.run("INSERT INTO airtable_member VALUES (?, ?, ?)", maker.id, *member)
    for table in maker.tables:
        shown, key = maker.show_table(table), table["key"]
        save_table(storage, maker.id, shown)
        rows = []
        for draft in maker.drafts[key]:
            cells = {maker.ids[f"{key}.{k}"]: v for k, v in draft.cells.items()}
            times = (draft.created, draft.modified)
            rows.append((draft.id, shown["id"], *times, json.dumps(cells)))
        storage.connection.executemany(
            "INSERT INTO airtable_record (id, table_id, created, modified, cells)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )

"""Fill the accounts with realistic and awkward data, the same for the same seed."""

import json
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.airtable.api.ids import make_id
from sandbox.airtable.seed.accounts import COMPANIES, HARBOUR, KESTREL, NORDLICHT
from sandbox.airtable.seed.bases import BASES
from sandbox.airtable.seed.making import BaseMaker
from sandbox.airtable.seed.plans import BasePlan, TablePlan
from sandbox.airtable.seed.small_bases import KESTREL_BASES, NORDLICHT_BASES
from sandbox.core.provider import Plan

if TYPE_CHECKING:
    import sqlite3

    from sandbox.core.state import Sandbox

PLANS: dict[str, Sequence[BasePlan]] = {
    HARBOUR.id: BASES,
    NORDLICHT.id: NORDLICHT_BASES,
    KESTREL.id: KESTREL_BASES,
}
FULL = sum(table.size for base in BASES for table in base.tables)


def seed(sandbox: "Sandbox", plan: Plan) -> None:
    """Fill every account; the number of records in the plan is the large one's."""
    for company in COMPANIES:
        share = 1.0
        if company is HARBOUR:
            share = plan.sizes.get("records", FULL) / FULL
        rng = random.Random(f"{plan.seed}/{company.id}")
        with sandbox.storage.write() as connection:
            for base in PLANS[company.id]:
                maker = BaseMaker(rng, company.id, company.people, base, share)
                _save(maker, connection)


def _save(maker: BaseMaker, connection: "sqlite3.Connection") -> None:
    """Store the base and everything in it."""
    base = (maker.id, maker.account, maker.base.workspace.id, maker.base.name)
    connection.execute("INSERT INTO airtable_base VALUES (?, ?, ?, ?)", base)
    connection.executemany(
        "INSERT INTO airtable_member VALUES (?, ?, ?)",
        [(maker.id, user, level) for user, level in maker.base.levels.items()],
    )
    for table in maker.base.tables:
        _save_table(maker, connection, table)


def _save_table(
    maker: BaseMaker, connection: "sqlite3.Connection", table: TablePlan
) -> None:
    table_id = maker.tables[table.key]
    ids = {field.key: maker.fields[table.key, field.key] for field in table.fields}
    connection.execute(
        "INSERT INTO airtable_table (id, base, name, description, primary_field)"
        " VALUES (?, ?, ?, ?, ?)",
        (table_id, maker.id, table.name, table.description, next(iter(ids.values()))),
    )
    connection.executemany(
        "INSERT INTO airtable_field (id, table_id, name, type, options, description)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                ids[field.key],
                table_id,
                field.name,
                field.type,
                json.dumps(maker.resolve(table, dict(field.options))),
                field.description,
            )
            for field in table.fields
        ],
    )
    connection.executemany(
        "INSERT INTO airtable_view (id, table_id, name, type, filled)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (make_id("viw", maker.rng), table_id, name, kind, ids.get(filled, ""))
            for name, kind, filled in table.views
        ],
    )
    connection.executemany(
        "INSERT INTO airtable_record (id, table_id, created, modified, cells)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            (
                record,
                table_id,
                draft.created,
                draft.modified,
                json.dumps({ids[key]: value for key, value in draft.cells.items()}),
            )
            for record, draft in zip(
                maker.records[table.key], maker.drafts[table.key], strict=True
            )
        ),
    )

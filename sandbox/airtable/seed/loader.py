"""Fill the accounts with realistic and awkward data, the same for the same seed."""

import json
import random
import sqlite3

from sandbox.airtable.seed.accounts import COMPANIES
from sandbox.airtable.seed.making import BaseMaker
from sandbox.airtable.seed.plans import BASES, TablePlan
from sandbox.airtable.values import make_id
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox

LARGE = COMPANIES[0].id
FULL = sum(t.size for base in BASES if base.account == LARGE for t in base.tables)


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill every account; the number of records in the plan is the large one's."""
    for company in COMPANIES:
        records = plan.sizes.get("records", FULL) if company.id == LARGE else FULL
        rng = random.Random(f"{plan.seed}/{company.id}")
        with sandbox.storage.write() as connection:
            for base in BASES:
                if base.account == company.id:
                    maker = BaseMaker(rng, company.people, base, records / FULL)
                    _save(maker, connection)


def _save(maker: BaseMaker, connection: sqlite3.Connection) -> None:
    base = maker.base
    connection.execute(
        "INSERT INTO airtable_base VALUES (?, ?, ?, ?)",
        (maker.id, base.account, base.workspace, base.name),
    )
    connection.executemany(
        "INSERT INTO airtable_member VALUES (?, ?, ?)",
        [(maker.id, user, level) for user, level in base.levels.items()],
    )
    for table in base.tables:
        _save_schema(maker, connection, table)
        _save_records(maker, connection, table)


def _save_schema(
    maker: BaseMaker, connection: sqlite3.Connection, table: TablePlan
) -> None:
    table_id = maker.tables[table.key]
    ids = {field.key: maker.fields[table.key, field.key] for field in table.fields}
    connection.execute(
        "INSERT INTO airtable_table (id, base, name, description, primary_field)"
        " VALUES (?, ?, ?, ?, ?)",
        (table_id, maker.id, table.name, table.description, next(iter(ids.values()))),
    )
    for field in table.fields:
        options = json.dumps(maker.resolve(table, field.make_options()))
        connection.execute(
            "INSERT INTO airtable_field (id, table_id, name, type, options)"
            " VALUES (?, ?, ?, ?, ?)",
            (ids[field.key], table_id, field.name, field.type, options),
        )
    for name, kind, *filled in table.views:
        field_id = ids[filled[0]] if filled else ""
        connection.execute(
            "INSERT INTO airtable_view (id, table_id, name, type, filled)"
            " VALUES (?, ?, ?, ?, ?)",
            (make_id("viw", maker.rng), table_id, name, kind, field_id),
        )


def _save_records(
    maker: BaseMaker, connection: sqlite3.Connection, table: TablePlan
) -> None:
    key, fields = table.key, maker.fields
    pairs = zip(maker.records[key], maker.drafts[key], strict=True)
    connection.executemany(
        "INSERT INTO airtable_record (id, table_id, created, modified, cells)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            (
                record,
                maker.tables[key],
                draft.created,
                draft.modified,
                json.dumps({fields[key, k]: v for k, v in draft.cells.items()}),
            )
            for record, draft in pairs
        ),
    )

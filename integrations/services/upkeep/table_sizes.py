"""Sizes of the tables that grow: as a database tells them without counting."""

from django.db import connection
from django.db.models import Model

from integrations.models import (
    Collection,
    Connection,
    DownloadPart,
    ImportRow,
    Item,
    ItemContent,
    ItemLink,
    OwnValue,
    PropertyValue,
)
from integrations.services.upkeep import retention

# What users have, for as long as they have it, beside what is deleted by its age.
OF_USERS: tuple[type[Model], ...] = (
    Connection,
    Collection,
    Item,
    ItemContent,
    ItemLink,
    PropertyValue,
    OwnValue,
    ImportRow,
    DownloadPart,
)
Sizes = dict[str, dict[str, int]]


def growing() -> list[type[Model]]:
    """Return the models of all tables that grow."""
    by_age = dict.fromkeys(rule.model for rule in retention.RULES)
    return [*OF_USERS, *by_age]


def measure() -> Sizes:
    """Return about how many rows each table has, and its bytes where those are told."""
    names = {model._meta.db_table: retention.name_of(model) for model in growing()}  # noqa: SLF001 (the documented name)
    measured = _postgresql() if connection.vendor == "postgresql" else _sqlite(names)
    return {names[table]: size for table, size in measured.items() if table in names}


def _postgresql() -> Sizes:
    """Read the statistics that PostgreSQL keeps, and the sizes of its files."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_live_tup, pg_total_relation_size(relid)"
            " FROM pg_stat_user_tables WHERE schemaname = current_schema()"
        )
        rows = cursor.fetchall()
    return {table: {"rows": number, "bytes": size} for table, number, size in rows}


def _sqlite(tables: dict[str, str]) -> Sizes:
    """Read the first and last number of each table's rows: at most so many are there.

    What is deleted is mostly the oldest; to count would read the whole table.
    """
    found: Sizes = {}
    with connection.cursor() as cursor:
        for table in tables:
            quoted = connection.ops.quote_name(table)
            # Together they would read the whole table; each alone reads its end of it.
            ends = (f"(SELECT {end}(rowid) FROM {quoted})" for end in ("min", "max"))  # noqa: S608 (a name of ours)
            cursor.execute(f"SELECT {', '.join(ends)}")
            first, last = cursor.fetchone()
            found[table] = {"rows": last - first + 1 if last else 0}
    return found

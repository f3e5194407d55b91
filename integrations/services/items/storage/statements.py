"""The SQL that stores items: inserted, or updated where they are there already."""

from typing import NamedTuple

from django.db import connection as database

from integrations.models import Item

# What an upsert writes when the row is already there. The UUID and the moment the
# item was first seen are the row's own and stay.
UPDATED = (
    "type",
    "name",
    "sort_name",
    "is_directory",
    "parent_remote_id",
    "parent_name",
    "children",
    "remote_url",
    "mime_type",
    "delta",
    "drive_id",
    "is_visible",
    "remote_created_at",
    "remote_updated_at",
    "is_update_noticed",
    "properties",
    "digest",
    "deleted_at",
    "deleted_kind",
    "deleted_detail",
    "changed_at",
)
INSERTED = (
    "uuid",
    "owner_id",
    "connection_id",
    "collection_id",
    "provider",
    "remote_id",
    "first_seen_at",
    "new_at",
    *UPDATED,
)


MODIFIED, NOTICED = "remote_updated_at", "is_update_noticed"
# What differs in an item that was edited, as opposed to one that was only moved.
CONTENT = ("name", "children", "properties")


class Upsert(NamedTuple):
    """The parts of a statement, as ``write_rows`` puts them together."""

    before: str
    row: str
    after: str


def upsert_statement() -> Upsert:
    """Return the statement, whose values are those of ``INSERTED``."""
    quote = database.ops.quote_name
    table = quote(Item._meta.db_table)  # noqa: SLF001 (Django documents _meta)
    is_postgres = database.vendor == "postgresql"
    json_columns = {"children", "properties"}
    marks = [
        "%s::jsonb" if is_postgres and name in json_columns else "%s"
        for name in INSERTED
    ]
    dated = (MODIFIED, NOTICED)
    updates = ", ".join(
        f"{quote(n)} = excluded.{quote(n)}" for n in UPDATED if n not in dated
    )
    columns = ", ".join(quote(name) for name in INSERTED)
    # Every name in it is one of ours; the values are bound parameters.
    return Upsert(
        before=f"INSERT INTO {table} ({columns}) VALUES",
        row=f"({', '.join(marks)})",
        after=(
            f"ON CONFLICT ({quote('collection_id')}, {quote('remote_id')})"
            f" DO UPDATE SET {updates}, {_modified(table)}"
        ),
    )


def _modified(table: str) -> str:
    """Return the SQL of when a row that is there already was modified.

    Where the provider does not say, what differs is dated by when that was noticed,
    and what only moved or came back keeps what was known.
    """
    quote = database.ops.quote_name
    same = "IS NOT DISTINCT FROM" if database.vendor == "postgresql" else "IS"
    is_same = " AND ".join(
        f"{table}.{quote(name)} {same} excluded.{quote(name)}" for name in CONTENT
    )
    told, noticed_at = f"excluded.{quote(MODIFIED)}", f"excluded.{quote('changed_at')}"
    kept, was_noticed = f"{table}.{quote(MODIFIED)}", f"{table}.{quote(NOTICED)}"
    return (
        f"{quote(MODIFIED)} = COALESCE({told},"
        f" CASE WHEN {is_same} THEN {kept} ELSE {noticed_at} END), "
        f"{quote(NOTICED)} = {told} IS NULL"
        f" AND CASE WHEN {is_same} THEN {was_noticed} ELSE TRUE END"
    )

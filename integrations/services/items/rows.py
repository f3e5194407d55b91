"""Turn an IntegrationItem into the row that is stored, and tell rows apart."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection as database

from integrations.models import Collection, Item
from integrations.models.uuids import time_ordered_uuid
from integrations.providers.kinds import DeletionKind
from integrations.providers.records import IntegrationItem

NAME_LENGTH = 500
SORT_NAME_LENGTH = 80
URL_LENGTH = 1000
ID_LENGTH = 255
# So many changed fields of an item are kept, and so much of each of their values.
MOST_CHANGED, LONGEST_CHANGED = 200, 2000
_ENCODER = msgspec.json.Encoder(order="deterministic")
# Numbers that json writes otherwise, such as 1e-05; digests are told apart by it.
_ODD_NUMBER = re.compile(
    r"(?:^|[:,\[])-?(?:[0-9]+(?:\.[0-9]+)?e-?[0-9]+|0\.0000[0-9]+)(?:$|[,}\]])"
)

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
# Clocks differ by less; what is said of later days is no time that anything had.
MOST_AHEAD = timedelta(days=1)


class Known(NamedTuple):
    """What is stored of one item, as far as a comparison needs it."""

    pk: int
    digest: str
    is_deleted: bool
    is_deselected: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """An item ready to be written, with its digest."""

    item: IntegrationItem
    properties_json: str
    digest: str

    @classmethod
    def of(cls, item: IntegrationItem) -> "Row":
        """Serialise once what is both stored and compared."""
        properties_json = dump(item.properties)
        digest = blake2b(digest_size=16)
        digest.update(repr(_facts(item)).encode())
        digest.update(properties_json.encode())
        return cls(
            item=item, properties_json=properties_json, digest=digest.hexdigest()
        )


def dump(value: Any) -> str:
    """Write JSON the same way for the same value, and as every release did."""
    try:
        text = _ENCODER.encode(value).decode()
    except (TypeError, ValueError):
        # What providers do not send, such as a class of ours.
        return _dump_slowly(value)
    return _dump_slowly(value) if _ODD_NUMBER.search(text) else text


def _dump_slowly(value: Any) -> str:
    return json.dumps(
        value,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    )


def _facts(item: IntegrationItem) -> list[Any]:
    return [
        item.type,
        item.name,
        item.directory,
        item.parent_id,
        item.parent_path_or_name,
        item.children,
        item.url,
        item.mime_type,
        item.delta,
        item.drive_id,
        item.visibility,
        item.creation_time,
        item.last_modified_time,
    ]


class _Values:
    """Make the values of ``INSERTED`` in the form the database driver takes.

    What a page's rows share is looked up once: ``database`` finds its connection
    anew at every attribute.
    """

    def __init__(self, collection: Collection, *, now: datetime) -> None:
        connection = collection.connection
        self._has_uuids = database.features.has_native_uuid_field
        self._is_sqlite = database.vendor == "sqlite"
        self._now, self._latest = self._to_column(now), now + MOST_AHEAD
        is_first_load = collection.first_full_refresh_at is None
        self._new_at = None if is_first_load else self._now
        self._owner = (
            connection.owner_id,
            self._uuid(connection.pk),
            self._uuid(collection.pk),
            connection.provider,
        )

    def _uuid(self, value: UUID) -> Any:
        return value if self._has_uuids else value.hex

    def _to_column(self, value: datetime | None) -> Any:
        if value is None or not self._is_sqlite:
            return value
        return str(value.astimezone(UTC).replace(tzinfo=None))

    def _past(self, value: datetime | None) -> Any:
        """Return a time that can be true; one far ahead would stay the latest."""
        is_ahead = value is not None and value > self._latest
        return None if is_ahead else self._to_column(value)

    def of(self, row: Row) -> tuple[Any, ...]:
        """Return the values of one row."""
        item, now = row.item, self._now
        return (
            self._uuid(time_ordered_uuid()),
            *self._owner,
            item.id,
            now,
            self._new_at,
            item.type,
            item.name[:NAME_LENGTH],
            sort_name(item.name),
            item.directory,
            (item.parent_id or "")[:ID_LENGTH],
            (item.parent_path_or_name or "")[:NAME_LENGTH],
            None if item.children is None else dump(item.children),
            fitting_url(item.url),
            (item.mime_type or "")[:120],
            (item.delta or "")[:ID_LENGTH],
            (item.drive_id or "")[:ID_LENGTH],
            item.visibility,
            self._past(item.creation_time),
            self._past(item.last_modified_time),
            None,
            row.properties_json,
            row.digest,
            None,
            None,
            "",
            now,
        )


def sort_name(name: str) -> str:
    """Return the form of a name that lists are sorted by."""
    return name.casefold()[:SORT_NAME_LENGTH]


def fitting_url(url: str | None) -> str:
    """Return a link that fits its column: one that was cut is a wrong link."""
    return url if url and len(url) <= URL_LENGTH else ""


def _statement() -> str:
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
    return (
        f"INSERT INTO {table} ({columns}) VALUES ({', '.join(marks)}) "
        f"ON CONFLICT ({quote('collection_id')}, {quote('remote_id')}) "
        f"DO UPDATE SET {updates}, {_modified(table)}"
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


def read_known(collection: Collection, ids: Sequence[str]) -> dict[str, Known]:
    """Return what is stored of the items with these remote ids."""
    if not ids:
        return {}
    key: Any = collection.pk
    if not database.features.has_native_uuid_field:
        key = collection.pk.hex
    statement = (
        "SELECT remote_id, id, digest, deleted_at, deleted_kind FROM integrations_item"
        f" WHERE collection_id = %s AND remote_id IN ({', '.join(['%s'] * len(ids))})"
    )
    with database.cursor() as cursor:
        cursor.execute(statement, [key, *ids])
        return {
            remote_id: Known(
                pk, digest, at is not None, kind == DeletionKind.DESELECTED
            )
            for remote_id, pk, digest, at, kind in cursor.fetchall()
        }


def upsert(rows: list[Row], collection: Collection, *, now: datetime) -> None:
    """Write rows in one prepared statement; the caller holds the transaction.

    Plain SQL, as in ``read_known``, because these are the product's hottest
    statements: building model instances and querysets cost half of a page's time.
    """
    values = _Values(collection, now=now)
    with database.cursor() as cursor:
        cursor.executemany(_statement(), [values.of(row) for row in rows])


def differences(old: Mapping[str, Any], row: Row) -> dict[str, list[Any]]:
    """Return what changed as ``field: [old, new]``, long values cut."""
    item = row.item
    new_facts = {
        "name": item.name[:NAME_LENGTH],
        "parent_name": (item.parent_path_or_name or "")[:NAME_LENGTH],
        "parent_remote_id": (item.parent_id or "")[:ID_LENGTH],
        "remote_url": fitting_url(item.url),
    }
    changes = {
        name: [cut(old[name]), cut(value)]
        for name, value in new_facts.items()
        if old[name] != value
    }
    before, after = old["properties"], item.properties
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name):
            changes[f"properties.{name}"] = [
                cut(before.get(name)),
                cut(after.get(name)),
            ]
    return dict(list(changes.items())[:MOST_CHANGED])


def is_capped(fields: Mapping[str, Any]) -> bool:
    """Tell whether more fields may have changed than the history holds."""
    return len(fields) >= MOST_CHANGED


def is_cut(value: Any) -> bool:
    """Tell whether the history holds only the beginning of a value."""
    is_text = isinstance(value, str) and len(value) == LONGEST_CHANGED + 1
    return is_text and value.endswith("…")


def cut(value: Any) -> Any:
    """Return a value as the history holds it, the beginning of a long one."""
    text = value if isinstance(value, str) else dump(value)
    if len(text) <= LONGEST_CHANGED:
        return value
    return text[:LONGEST_CHANGED] + "…"

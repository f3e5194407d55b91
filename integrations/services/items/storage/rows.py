"""Turn an IntegrationItem into the row that is stored."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection as database
from msgspec import Struct

from integrations.models import Collection
from integrations.models.uuids import time_ordered_uuid
from integrations.providers.kinds import DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.values import cut
from integrations.services.common.database.row_reads import read_rows
from integrations.services.common.database.row_writes import uuid_value, write_rows
from integrations.services.items.storage.statements import upsert_statement

NAME_LENGTH = 500
SORT_NAME_LENGTH = 80
URL_LENGTH = 1000
ID_LENGTH = 255
_ENCODER = msgspec.json.Encoder(order="deterministic")
# Numbers that json writes otherwise, such as 1e-05; digests are told apart by it.
_ODD_NUMBER = re.compile(
    r"(?:^|[:,\[])-?(?:[0-9]+(?:\.[0-9]+)?e-?[0-9]+|0\.0000[0-9]+)(?:$|[,}\]])"
)
# Some of what each of them has, found in a tenth of the time.
_ODD_ENDS = re.compile(r"e(?<=[0-9]e)-?[0-9]+(?:$|[,}\]])")

# Clocks differ by less; what is said of later days is no time that anything had.
MOST_AHEAD = timedelta(days=1)


class Known(NamedTuple):
    """What is stored of one item, as far as a comparison needs it."""

    pk: int
    digest: str
    is_deleted: bool
    is_deselected: bool = False


class Row(Struct, frozen=True, kw_only=True):
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
    return _dump_slowly(value) if _has_odd_number(text) else text


def _has_odd_number(text: str) -> bool:
    may_have = "0.0000" in text or _ODD_ENDS.search(text)
    return bool(may_have and _ODD_NUMBER.search(text))


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
            fitting_name(item.name),
            sort_name(item.name),
            item.directory,
            (item.parent_id or "")[:ID_LENGTH],
            fitting_name(item.parent_path_or_name),
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


def fitting_name(name: str | None) -> str:
    """Return a name that fits its column, one that was cut with an ellipsis."""
    return cut(name or "", NAME_LENGTH)


def fitting_url(url: str | None) -> str:
    """Return a link that fits its column: one that was cut is a wrong link."""
    return url if url and len(url) <= URL_LENGTH else ""


def read_known(collection: Collection, ids: Sequence[str]) -> dict[str, Known]:
    """Return what is stored of the items with these remote ids."""
    found = read_rows(
        "SELECT remote_id, id, digest, deleted_at, deleted_kind FROM integrations_item"
        " WHERE collection_id = %s AND remote_id IN",
        [uuid_value(collection.pk)],
        ids,
    )
    return {
        remote_id: Known(pk, digest, at is not None, kind == DeletionKind.DESELECTED)
        for remote_id, pk, digest, at, kind in found
    }


def upsert(rows: list[Row], collection: Collection, *, now: datetime) -> None:
    """Write rows; the caller holds the transaction.

    Plain SQL, as in ``read_known``, because these are the product's hottest
    statements: building model instances and querysets cost half of a page's time.
    """
    if not rows:
        return
    values, statement = _Values(collection, now=now), upsert_statement()
    write_rows(
        statement.before,
        statement.row,
        [values.of(row) for row in rows],
        after=statement.after,
    )

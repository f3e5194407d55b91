"""Answer a connector's questions about stored items, where its listings have holes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from msgspec.structs import replace

from integrations.models import Collection, Item, ItemChange
from integrations.providers.stored import StoredItem
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import (
    Checkpoint,
    CheckpointError,
    FullRefresh,
    Incremental,
)

COLUMNS = (
    "pk",
    "remote_id",
    "type",
    "collection_id",
    "changed_at",
    "first_seen_at",
    "remote_updated_at",
    "parent_remote_id",
    "properties",
)


class Stored:
    """Answer for one collection, about its whole connection; live items only."""

    def __init__(self, collection: Collection) -> None:
        """Look at the connection through one of its collections."""
        self._collection = collection
        self.turn = collection.generation
        self.last_full_refresh = collection.last_full_refresh_at
        refresh = _refresh_of(collection)
        self.began = refresh.began if refresh else None
        self.is_full_refresh = isinstance(refresh, FullRefresh)
        self._stored_since = (
            refresh.stored_since if isinstance(refresh, Incremental) else None
        )
        self.count = collection.stored_count

    @cached_property
    def _names(self) -> Mapping[UUID, tuple[str, int]]:
        """Return the remote ids and sizes of the connection's collections, by key.

        Most pages are read without a question about what is stored.
        """
        rows = Collection.objects.filter(connection=self._collection.connection_id)
        return {
            pk: (remote_id, count)
            for pk, remote_id, count in rows.values_list(
                "pk", "remote_id", "stored_count"
            )
        }

    def _live(self) -> QuerySet[Item]:
        return Item.objects.live().filter(connection=self._collection.connection_id)

    def find(self, ids: Sequence[str]) -> Mapping[str, StoredItem]:
        """Return the items of the whole connection that have these ids."""
        rows = Item.objects.live().filter(
            collection__in=list(self._names), remote_id__in=list(ids)
        )
        return {item.id: item for item in self._stored(rows)}

    def find_own(self, ids: Sequence[str]) -> Mapping[str, StoredItem]:
        """Return the collection's items that have these ids.

        Nothing while deletions are held: what is shown then has to be read, because
        only what is read is marked as not being among them.
        """
        if self._collection.hold is not None:
            return {}
        rows = Item.objects.live().filter(
            collection=self._collection, remote_id__in=list(ids)
        )
        return {item.id: item for item in self._stored(rows)}

    def walk(
        self, *, after: str, limit: int, since: datetime | None = None
    ) -> Sequence[StoredItem]:
        """Return the next items of the connection in the order they changed here.

        What changed there after a time was stored here after it, too.
        """
        rows = self._live()
        if since is not None:
            edited = Q(remote_updated_at__gte=since.replace(second=0, microsecond=0))
            if self._stored_since is not None:
                edited |= Q(changed_at__gte=self._stored_since)
            rows = rows.filter(edited, changed_at__gte=since)
        if after:
            stamp, _, key = after.partition("|")
            at = parse_datetime(stamp)
            rows = rows.filter(Q(changed_at__gt=at) | Q(changed_at=at, pk__gt=int(key)))
        return self._stored(rows.order_by("changed_at", "pk")[:limit])

    def children(self, parent_id: str, *, types: Sequence[str]) -> Sequence[StoredItem]:
        """Return the items of the whole connection inside another."""
        rows = self._live().filter(type__in=list(types), parent_remote_id=parent_id)
        return self._stored(rows)

    def latest(
        self, *, edited_after: datetime | None, limit: int
    ) -> Sequence[StoredItem]:
        """Return the collection's items that changed last at the provider."""
        rows = Item.objects.live().filter(collection=self._collection)
        if edited_after is not None:
            rows = rows.filter(remote_updated_at__gt=edited_after)
        return self._stored(rows.order_by("-remote_updated_at", "-pk")[:limit])

    def orphans(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items without their parent, by parent and id."""
        parents = Item.objects.live().filter(
            collection__in=list(self._names), remote_id=OuterRef("parent_remote_id")
        )
        parent, bar, key = after.partition("|")
        behind = Q(parent_remote_id__gt=parent)
        if bar:
            behind |= Q(parent_remote_id=parent, remote_id__gt=key)
        rows = (
            Item.objects.live()
            .filter(behind, collection=self._collection)
            .exclude(parent_remote_id="")
            .filter(~Exists(parents))
        )
        found = self._stored(rows.order_by("parent_remote_id", "remote_id")[:limit])
        return [replace(each, position=f"{each.parent_id}|{each.id}") for each in found]

    def unseen(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, that this full refresh has not seen."""
        keys: list[int] = []
        for key, _remote_id in seen_bitmap.unseen(self._collection, after=after):
            keys.append(key)
            if len(keys) == limit:
                break
        rows = Item.objects.filter(pk__in=keys)
        found = self._stored(rows.order_by("remote_id"))
        return [replace(each, position=each.id) for each in found]

    def _stored(self, rows: QuerySet[Item]) -> list[StoredItem]:
        return [self._to_stored(row) for row in _values(rows)]

    def _to_stored(self, row: Mapping[str, Any]) -> StoredItem:
        changed_at: datetime = row["changed_at"]
        remote_id, count = self._names.get(row["collection_id"], ("", 0))
        return StoredItem(
            id=str(row["remote_id"]),
            type=str(row["type"]),
            collection_id=remote_id,
            changed=changed_at,
            updated=row["remote_updated_at"],
            arrived=row["restored_at"] or row["first_seen_at"],
            parent_id=str(row["parent_remote_id"]) or None,
            properties=row["properties"],
            crowd=count,
            position=f"{changed_at.isoformat()}|{row['pk']}",
        )


def _refresh_of(collection: Collection) -> Checkpoint | None:
    try:
        return checkpoint.read(collection)
    except CheckpointError:
        return None


def _values(rows: QuerySet[Item]) -> Iterable[Mapping[str, Any]]:
    restored = ItemChange.objects.filter(
        item=OuterRef("pk"), kind=ItemChange.Kind.RESTORED
    ).order_by("-at")
    return rows.values(*COLUMNS, restored_at=Subquery(restored.values("at")[:1]))


def next_to_probe(collection: Collection, limit: int) -> list[str]:
    """Return the ids of some live items, in rotation behind ``probed_until``.

    None while deletions are held: a user decides about what is gone.
    """
    last = collection.probed_until
    if collection.held_deletions or not limit:
        return []
    live = Item.objects.live().filter(collection=collection)
    ids = live.order_by("-remote_id").values_list("remote_id", flat=True)
    found = list((ids.filter(remote_id__lt=last) if last else ids)[:limit])
    if last and len(found) < limit:
        found += ids.filter(remote_id__gte=last)[: limit - len(found)]
    return found

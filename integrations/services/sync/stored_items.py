"""Answer a connector's questions about stored items, where its listings have holes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.dateparse import parse_datetime

from integrations.models import Collection, Item
from integrations.providers.stored import StoredItem
from integrations.services.sync import seen_bitmap

COLUMNS = (
    "pk",
    "remote_id",
    "type",
    "collection_id",
    "changed_at",
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
        others = Collection.objects.filter(connection=collection.connection_id)
        self._names = {
            pk: (remote_id, count)
            for pk, remote_id, count in others.values_list(
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
        """Return the next items of the connection in the order they changed here."""
        rows = self._live()
        if since is not None:
            rows = rows.filter(changed_at__gte=since)
        if after:
            stamp, _, key = after.partition("|")
            at = parse_datetime(stamp)
            rows = rows.filter(Q(changed_at__gt=at) | Q(changed_at=at, pk__gt=int(key)))
        return self._stored(rows.order_by("changed_at", "pk")[:limit])

    def orphans(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, whose parent is not stored."""
        parents = Item.objects.live().filter(
            collection__in=list(self._names), remote_id=OuterRef("parent_remote_id")
        )
        rows = (
            Item.objects.live()
            .filter(collection=self._collection, remote_id__gt=after)
            .exclude(parent_remote_id="")
            .filter(~Exists(parents))
        )
        return self._stored(rows.order_by("remote_id")[:limit])

    def unseen(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the collection's items, by id, that this full refresh has not seen."""
        keys: list[int] = []
        for key, _remote_id in seen_bitmap.unseen(self._collection, after=after):
            keys.append(key)
            if len(keys) == limit:
                break
        rows = Item.objects.filter(pk__in=keys)
        return self._stored(rows.order_by("remote_id"))

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
            parent_id=str(row["parent_remote_id"]) or None,
            properties=row["properties"],
            crowd=count,
            position=f"{changed_at.isoformat()}|{row['pk']}",
        )


def _values(rows: QuerySet[Item]) -> Iterable[Mapping[str, Any]]:
    return rows.values(*COLUMNS)

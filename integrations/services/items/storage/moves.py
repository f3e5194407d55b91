"""Move rows to the collection that their item is in now, history included."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from msgspec import Struct

from integrations.models import Collection, Item, ItemLink
from integrations.services.items.storage.rows import Known
from integrations.services.items.tables.indexing.rows import moves_items


class Moved(Struct, frozen=True, kw_only=True):
    """A row that moved, and the name of the collection that it left."""

    known: Known
    left: str


def take_over(collection: Collection, ids: Sequence[str]) -> dict[str, Moved]:
    """Bring rows of other collections here, by remote id; the rest is truly new.

    Only where the provider's ids are unique in an account does an id prove that it is
    the same item. The caller holds the transaction, and all the collections.
    """
    if not ids or not moves_items(collection):
        return {}
    found = _find_elsewhere(collection, ids)
    if found:
        keys = [item.pk for item in found.values()]
        Item.objects.filter(pk__in=keys).update(collection=collection)
        ItemLink.objects.filter(item__in=keys).update(collection=collection)
        _count_out(item.collection_id for item in found.values() if not item.is_deleted)
    return {remote_id: _to_moved(item) for remote_id, item in found.items()}


def count_live(moved: Mapping[str, Moved]) -> int:
    """Return how many of the items lived where they were."""
    return sum(not item.known.is_deleted for item in moved.values())


def _find_elsewhere(collection: Collection, ids: Sequence[str]) -> dict[str, Item]:
    """Return the rows under these ids; of several, the one that lives or lived last."""
    others = Collection.objects.filter(connection=collection.connection_id)
    rows = (
        Item.objects.filter(
            collection__in=others.exclude(pk=collection.pk), remote_id__in=ids
        )
        .select_related("collection")
        .only("remote_id", "digest", "deleted_at", "collection", "collection__name")
        .order_by(F("deleted_at").asc(nulls_last=True))
    )
    return {row.remote_id: row for row in rows}


def _to_moved(item: Item) -> Moved:
    known = Known(item.pk, item.digest, item.is_deleted)
    return Moved(known=known, left=item.collection.name)


def _count_out(collection_ids: Iterable[UUID]) -> None:
    for key, number in Counter(collection_ids).items():
        Collection.objects.filter(pk=key).update(
            stored_count=Greatest(F("stored_count") - number, 0)
        )

"""Mark what a full refresh sees, and find what it did not see."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from integrations.models import Collection, Item, SeenBlock
from integrations.providers import CONNECTORS
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import DELETED_KIND
from integrations.services.common.database.row_reads import read_rows
from integrations.services.common.database.row_writes import uuid_value, write_rows
from integrations.services.items.storage import store
from integrations.services.items.storage.store import CHUNK


def mark(collection: Collection, keys: Iterable[int]) -> None:
    """Mark items as seen by the collection's current full refresh."""
    by_block: dict[int, list[int]] = {}
    for key in keys:
        by_block.setdefault(key // SeenBlock.BITS, []).append(key % SeenBlock.BITS)
    if not by_block:
        return
    place = (uuid_value(collection.pk), collection.generation)
    marked = _read(place, list(by_block))
    for number, offsets in by_block.items():
        bits = marked.setdefault(number, bytearray(SeenBlock.BITS // 8))
        for offset in offsets:
            bits[offset // 8] |= 1 << (offset % 8)
    # Plain SQL, as items are written: one of these is written with every page.
    write_rows(
        "INSERT INTO integrations_seenblock (collection_id, generation, number, bits)"
        " VALUES",
        "(%s, %s, %s, %s)",
        [(*place, number, bytes(bits)) for number, bits in marked.items()],
        after="ON CONFLICT (collection_id, generation, number)"
        " DO UPDATE SET bits = excluded.bits",
    )


def _read(place: tuple[Any, int], numbers: Sequence[int]) -> dict[int, bytearray]:
    """Return the marks of some blocks of a refresh, of those that there are."""
    found = read_rows(
        "SELECT number, bits FROM integrations_seenblock WHERE collection_id = %s"
        " AND generation = %s AND number IN",
        place,
        numbers,
    )
    return {number: bytearray(bits) for number, bits in found}


def forget(collection: Collection) -> None:
    """Drop the marks of full refreshes that are over."""
    SeenBlock.objects.filter(collection=collection).delete()


def unseen(collection: Collection, *, after: str = "") -> Iterator[tuple[int, str]]:
    """Yield key and remote id of live items that the full refresh did not see."""
    marks = {
        block.number: bytes(block.bits)
        for block in SeenBlock.objects.filter(
            collection=collection, generation=collection.generation
        )
    }
    last = after
    while True:
        chunk = list(
            Item.objects.filter(collection=collection, remote_id__gt=last)
            .order_by("remote_id")
            .values_list("pk", "remote_id", "deleted_at")[:CHUNK]
        )
        for key, remote_id, deleted_at in chunk:
            if deleted_at is None and not _is_marked(marks, key):
                yield key, remote_id
        if len(chunk) < CHUNK:
            return
        last = chunk[-1][1]


def _is_marked(marks: Mapping[int, bytes], key: int) -> bool:
    block = marks.get(key // SeenBlock.BITS)
    offset = key % SeenBlock.BITS
    return block is not None and bool(block[offset // 8] & (1 << (offset % 8)))


def count(collection: Collection) -> int:
    """Count the items that the current refresh saw, each of them once."""
    blocks = SeenBlock.objects.filter(
        collection=collection, generation=collection.generation
    )
    return sum(
        int.from_bytes(bits, "big").bit_count()
        for bits in blocks.values_list("bits", flat=True)
    )


def count_unseen(collection: Collection) -> int:
    """Count live items that the current refresh did not see, without reading them."""
    return max(0, store.count_live(collection) - count(collection))


def soft_delete_unseen(
    collection: Collection,
    noted: Mapping[str, Deletion],
    *,
    run_id: UUID | None,
    now: datetime,
) -> int:
    """Delete what the refresh did not see, a chunk at a time; return how many it was.

    ``noted`` says what became of some of them, by remote id.
    """
    usual = Deletion(
        kind=DeletionKind(
            collection.details.get(DELETED_KIND)
            or CONNECTORS[collection.connection.provider].deleted_kind
        )
    )
    deleted = 0
    chunk: dict[int, Deletion] = {}
    for key, remote_id in unseen(collection):
        chunk[key] = noted.get(remote_id, usual)
        if len(chunk) == CHUNK:
            deleted += store.soft_delete(collection, chunk, run_id=run_id, now=now)
            chunk = {}
    return deleted + store.soft_delete(collection, chunk, run_id=run_id, now=now)

"""Recognize records that are told as they were when their items were stored.

Of each item a digest is kept that stands for what the provider told, what it was mapped
by, and the digest of the item that came of it. So it says nothing of an item that was
changed here in any way, and nobody has to forget it.
"""

import sys
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from integrations.models import Collection, RecordDigests
from integrations.providers.records import Same
from integrations.providers.stored import Recognize
from integrations.services.common import release
from integrations.services.common.database.row_reads import read_rows
from integrations.services.common.database.row_writes import uuid_value, write_rows
from integrations.services.items.storage.rows import Known, read_known

# What an item is made by: the connectors and what they lean on, and how it is digested.
MAPPING = (
    "integrations/http",
    "integrations/oauth",
    "integrations/providers",
    "integrations/services/items/storage",
)
# Read as the code is loaded: an upgrade in place may replace the files of a worker
# that still runs.
CODE = blake2b(
    f"{sys.version}\n{release.digest_of(*MAPPING)}".encode(), digest_size=32
).digest()
Blocks = dict[int, bytearray]


def recognizer(collection: Collection) -> Recognize:
    """Return what recognizes records of a collection while all of it is listed.

    Nothing where everything is wanted anew: then rows are looked at themselves.
    """
    is_anew = collection.full_refresh_wanted_at is not None
    is_worth = collection.stored_count > 0 and not is_anew

    def recognize(sources: Mapping[str, bytes]) -> Mapping[str, str]:
        known = read_known(collection, list(sources)) if is_worth else {}
        blocks = _read(collection, [each.pk for each in known.values()])
        return {
            remote_id: each.digest
            for remote_id, each in known.items()
            if not each.is_deleted
            and _kept(blocks, each.pk) == _digest(sources[remote_id], each.digest)
        }

    return recognize


def still_same(same: Mapping[str, Same], known: Mapping[str, Known]) -> dict[str, int]:
    """Return the keys of recognized items that are stored as they were, by remote id.

    The caller has locked their collection: one may have been edited or deleted since.
    """
    found = ((key, known.get(key), each) for key, each in same.items())
    return {
        key: old.pk
        for key, old, each in found
        if old is not None and not old.is_deleted and old.digest == each.digest
    }


def note(
    collection: Collection,
    keys: Mapping[str, int],
    sources: Mapping[str, bytes],
    digests: Mapping[str, str],
) -> None:
    """Note what items were made of; their keys and ``digests`` are by remote id.

    The caller holds the collection.
    """
    told = {
        keys[key]: _digest(source, digests[key])
        for key, source in sources.items()
        if key in digests
    }
    if not told:
        return
    blocks = _read(collection, told)
    changed: set[int] = set()
    for pk, digest in told.items():
        number, place = _place(pk)
        block = blocks.setdefault(
            number, bytearray(RecordDigests.KEYS * RecordDigests.SIZE)
        )
        if block[place] != digest:
            block[place] = digest
            changed.add(number)
    write_rows(
        "INSERT INTO integrations_recorddigests (collection_id, number, digests)"
        " VALUES",
        "(%s, %s, %s)",
        [
            (uuid_value(collection.pk), each, bytes(blocks[each]))
            for each in sorted(changed)
        ],
        after="ON CONFLICT (collection_id, number)"
        " DO UPDATE SET digests = excluded.digests",
    )


def _kept(blocks: Blocks, pk: int) -> bytes:
    number, place = _place(pk)
    return bytes(blocks.get(number, b"")[place])


def _place(pk: int) -> tuple[int, slice]:
    """Return the block that an item's digest is kept in, and its bytes there."""
    number, place = divmod(pk, RecordDigests.KEYS)
    return number, slice(place * RecordDigests.SIZE, (place + 1) * RecordDigests.SIZE)


def _digest(source: bytes, digest: str) -> bytes:
    told = source + digest.encode()
    return blake2b(told, digest_size=RecordDigests.SIZE, key=CODE).digest()


def _read(collection: Collection, keys: Iterable[int]) -> Blocks:
    found = read_rows(
        "SELECT number, digests FROM integrations_recorddigests"
        " WHERE collection_id = %s AND number IN",
        [uuid_value(collection.pk)],
        sorted({key // RecordDigests.KEYS for key in keys}),
    )
    return {number: bytearray(digests) for number, digests in found}

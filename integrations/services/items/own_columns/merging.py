"""What a user noted of a record that was merged goes on with the one that took it."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.db.models import Q

from integrations.models import Collection, Item, OwnColumn, OwnValue
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import rows

# Longer chains of merges are followed so far.
FARTHEST: Final = 20


def heirs_of(collection: Collection, remote_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids that records went on with, by theirs, the nearest first.

    The last is the live one, or whatever became of it; none for who was not merged.
    """
    into: dict[str, str] = {}
    asked = set(remote_ids)
    merged = Item.objects.filter(
        collection=collection, deleted_kind=DeletionKind.MERGED
    ).exclude(Q(deleted_at=None) | Q(deleted_detail=""))
    for _ in range(FARTHEST):
        found = merged.filter(remote_id__in=asked)
        told = dict(found.values_list("remote_id", "deleted_detail"))
        into |= told
        asked = set(told.values()) - into.keys()
        if not asked:
            break
    return {each: _chain(each, into) for each in remote_ids}


def _chain(remote_id: str, into: Mapping[str, str]) -> list[str]:
    """Return where a record went, until nowhere or where it has been."""
    chain = [remote_id]
    while (after := into.get(chain[-1])) is not None and after not in chain:
        chain.append(after)
    return chain[1:]


def inherit(collection: Collection, deletions: Mapping[int, Deletion]) -> None:
    """Copy values of merged records to those they became; what these have stays.

    Called when the deletions are stored.
    """
    merged = [
        key
        for key, each in deletions.items()
        if each.kind == DeletionKind.MERGED and each.detail
    ]
    if not merged:
        return
    columns = list(OwnColumn.objects.of_collection(collection))
    if not columns:
        return
    gone = Item.objects.filter(pk__in=merged).values_list("remote_id", flat=True)
    heirs = heirs_of(collection, list(gone))
    values = OwnValue.objects.filter(column__in=columns, remote_id__in=heirs)
    OwnValue.objects.bulk_create(
        [
            OwnValue(column_id=own.column_id, remote_id=heir, value=own.value)
            for own in values.order_by("pk")
            for heir in heirs[own.remote_id]
        ],
        ignore_conflicts=True,
    )
    taken = {heir for each in heirs.values() for heir in each}
    _write_rows(collection, taken, columns)
    reindex.index_noted(collection, taken)


def _write_rows(
    collection: Collection, remote_ids: set[str], columns: list[OwnColumn]
) -> None:
    """Write the values of some records into the indexes of own columns."""
    names = {column.column_id for column in columns}
    kept = [each for each in rows.lock(collection) if each.index.name in names]
    if kept:
        live = Item.objects.live().filter(
            collection=collection, remote_id__in=remote_ids
        )
        rows.write(collection, kept, list(live))

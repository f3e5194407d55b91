"""What a user noted of a record that was merged goes on with the one that took it."""

from collections.abc import Mapping

from integrations.models import Collection, Item, OwnColumn, OwnValue
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import rows


def inherit(collection: Collection, deletions: Mapping[int, Deletion]) -> None:
    """Copy values of merged records to those they became; what these have stays."""
    merged = {
        key: each.detail
        for key, each in deletions.items()
        if each.kind == DeletionKind.MERGED and each.detail
    }
    if not merged:
        return
    columns = list(OwnColumn.objects.of_collection(collection))
    if not columns:
        return
    gone = Item.objects.filter(pk__in=merged).values_list("remote_id", "pk")
    taken_by = {remote_id: merged[key] for remote_id, key in gone}
    values = OwnValue.objects.filter(column__in=columns, remote_id__in=taken_by)
    OwnValue.objects.bulk_create(
        [
            OwnValue(
                column_id=each.column_id,
                remote_id=taken_by[each.remote_id],
                value=each.value,
            )
            for each in values.order_by("pk")
        ],
        ignore_conflicts=True,
    )
    taken = set(taken_by.values())
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

"""Values of own columns, written with the indexes that rows are found by."""

from collections.abc import Mapping

from django.db import transaction

from integrations.models import Collection, Item, OwnColumn, OwnValue
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.services.items.own_columns import merging
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import rows


def set_values(
    item: Item, collection: Collection, told: Mapping[OwnColumn, str]
) -> None:
    """Store values of one item, empty ones as none.

    The collection is locked as a sync locks it: no index is built by what was. What
    was read before that may not be so any more: a column that is gone takes its value
    along, and an item that was merged passes it on.
    """
    with transaction.atomic():
        kept = {each.index.name: each for each in rows.lock(collection)}
        alive = OwnColumn.objects.in_bulk([column.pk for column in told])
        for column, text in told.items():
            if column.pk in alive:
                _set(column, item.remote_id, text)
        names = [column.column_id for column in alive.values()]
        indexes = [kept[name] for name in names if name in kept]
        item.own_values = None
        own = Item.objects.filter(pk=item.pk, collection=collection)
        current = own.only("deleted_at", "deleted_kind", "deleted_detail").first()
        if current is not None and not current.is_deleted and indexes:
            rows.write(collection, indexes, [item])
        reindex.index_noted(collection, [item.remote_id])
        if current is not None and current.deleted_kind == DeletionKind.MERGED:
            taken = Deletion(kind=DeletionKind.MERGED, detail=current.deleted_detail)
            merging.inherit(collection, {item.pk: taken})


def _set(column: OwnColumn, remote_id: str, text: str) -> None:
    own = OwnValue.objects.filter(column=column, remote_id=remote_id)
    if not text:
        own.delete()
        return
    OwnValue.objects.update_or_create(
        column=column, remote_id=remote_id, defaults={"value": text}
    )

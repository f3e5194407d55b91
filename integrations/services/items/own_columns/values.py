"""Values of own columns, written with the indexes that rows are found by."""

from collections.abc import Mapping

from django.db import transaction

from integrations.models import Collection, Item, OwnColumn, OwnValue
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import rows


def set_values(
    item: Item, collection: Collection, told: Mapping[OwnColumn, str]
) -> None:
    """Store values of one item, empty ones as none.

    The collection is locked as a sync locks it: no index is built by what was.
    """
    with transaction.atomic():
        kept = {each.index.name: each for each in rows.lock(collection)}
        for column, text in told.items():
            own = OwnValue.objects.filter(column=column, remote_id=item.remote_id)
            if not text:
                own.delete()
                continue
            OwnValue.objects.update_or_create(
                column=column, remote_id=item.remote_id, defaults={"value": text}
            )
        names = [column.column_id for column in told]
        indexes = [kept[name] for name in names if name in kept]
        item.own_values = None
        if indexes and not item.is_deleted:
            rows.write(collection, indexes, [item])
        reindex.index_noted(collection, [item.remote_id])

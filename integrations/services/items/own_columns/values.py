"""Values of own columns, written with the indexes that rows are found by."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from django.db import transaction

from integrations.models import Collection, Item, OwnColumn, OwnValue
from integrations.services.items.own_columns import merging
from integrations.services.items.search import reindex
from integrations.services.items.tables.indexing import rows


def set_values(
    item: Item, collection: Collection, told: Mapping[OwnColumn, str]
) -> None:
    """Store values of one item, empty ones as none.

    The collection is locked as a sync locks it: no index is built by what was. What
    was read before that may not be so any more: a column that is gone takes its value
    along, and an item that was merged passes it on to whoever has its former one.
    """
    with transaction.atomic():
        kept = {each.index.name: each for each in rows.lock(collection)}
        alive = OwnColumn.objects.in_bulk([column.pk for column in told])
        heirs = merging.heirs_of(collection, [item.remote_id])
        ids = [item.remote_id, *heirs[item.remote_id]]
        for column, text in told.items():
            if column.pk in alive:
                _set(column, ids, text)
        names = [column.column_id for column in alive.values()]
        indexes = [kept[name] for name in names if name in kept]
        item.own_values = None
        if indexes:
            live = Item.objects.live().filter(collection=collection, remote_id__in=ids)
            rows.write(collection, indexes, list(live))
        reindex.index_noted(collection, ids)


def _set(column: OwnColumn, remote_ids: Sequence[str], text: str) -> None:
    """Store a value of the first, and of those after it that have it from there.

    One that differs was noted beside that record itself, and goes on from there.
    """
    own = OwnValue.objects.filter(column=column, remote_id__in=remote_ids)
    noted = dict(own.values_list("remote_id", "value"))
    former = noted.get(remote_ids[0], "")
    same = list(takewhile(lambda each: noted.get(each, "") == former, remote_ids))
    if not text:
        own.filter(remote_id__in=same).delete()
        return
    OwnValue.objects.bulk_create(
        [OwnValue(column=column, remote_id=each, value=text) for each in same],
        update_conflicts=True,
        unique_fields=["column", "remote_id"],
        update_fields=["value"],
    )

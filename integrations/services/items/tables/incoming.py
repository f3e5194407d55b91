"""Values of columns that show what other items name those of a table in."""

from collections.abc import Sequence

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from integrations.models import Item, ItemLink
from integrations.providers.typed.fields import Relation
from integrations.services.items.tables.columns import Column

# Of those that name one item; a download names fewer in words.
MOST_NAMED = 100


def load(
    items: Sequence[Item], columns: Sequence[Column], *, most: int = MOST_NAMED
) -> None:
    """Put onto items what names them, by column, for all by one query.

    Of those that name one item, the ``most`` latest.
    """
    if not items or not columns:
        return
    by_name = {(column.source, column.relation): column for column in columns}
    links = ItemLink.objects.filter(
        connection=items[0].connection_id,
        target_remote_id__in=[item.remote_id for item in items],
        relation__in=[relation for _, relation in by_name],
        item__collection__remote_id__in=[source for source, _ in by_name],
        item__deleted_at__isnull=True,
    )
    partition = [F("target_remote_id"), F("item__collection"), F("relation")]
    latest = F("item").desc()
    number = Window(RowNumber(), partition_by=partition, order_by=latest)
    total = Window(Count("*"), partition_by=partition)
    rows = links.annotate(number=number, total=total).filter(number__lte=most)
    found: dict[tuple[str, str], list[str]] = {}
    totals: dict[tuple[str, str], int] = {}
    for target, relation, source, remote_id, number_of in rows.order_by(
        "number"
    ).values_list(
        "target_remote_id",
        "relation",
        "item__collection__remote_id",
        "item__remote_id",
        "total",
    ):
        column = by_name.get((source, relation))
        if column is not None:
            found.setdefault((target, column.id), []).append(remote_id)
            totals[target, column.id] = number_of
    for item in items:
        item.incoming = {
            column.id: Relation(
                linked_ids=tuple(ids),
                linked_collection=column.source,
                total=totals[item.remote_id, column.id],
            )
            for column in columns
            if (ids := found.get((item.remote_id, column.id)))
        }

"""Values of columns that show what other items name those of a table in."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import (
    Count,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models.functions import Coalesce

from integrations.models import Item, ItemLink
from integrations.providers.typed.fields import Relation
from integrations.services.items.tables.columns.columns import Column

# Of those that name one item; a download names fewer in words.
MOST_NAMED: Final = 100
# So many links of one item are looked at, whatever it has.
MOST_LOOKED: Final = 500


class _Listed(Subquery):
    """The rows of a query as one text: a JSON list of pairs."""

    template = (
        "(SELECT json_group_array(json_array(l.item_id, l.remote_id))"
        " FROM (%(subquery)s) AS l)"
    )

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        """Write it with PostgreSQL's functions."""
        return self.as_sql(
            compiler,
            connection,
            template="(SELECT json_agg(json_build_array(l.item_id, l.remote_id))::text"
            " FROM (%(subquery)s) AS l)",
        )


def load(
    items: Sequence[Item],
    columns: Sequence[Column],
    *,
    most: int = MOST_NAMED,
    is_exact: bool = False,
) -> None:
    """Put onto items what names them, by column, for all by one query.

    Of those that name one item, the ``most`` latest of as many links as are looked at,
    and how many of these there are. Where it ``is_exact`` all are looked at.
    """
    if not items or not columns:
        return
    told: dict[str, Any] = {}
    for number, column in enumerate(columns):
        links = _links(items[0], column)
        named = links.values("item_id", remote_id=F("item__remote_id"))
        # By their own keys SQLite finds the links of one item in order, and stops at
        # the last; PostgreSQL looks at all of this item, and no other, to sort them.
        order, count = ("-item", most) if is_exact else ("-pk", MOST_LOOKED + 1)
        told[f"named_{number}"] = _Listed(
            named.order_by(order)[:count], output_field=TextField()
        )
        if is_exact:
            counted = links.order_by().values("connection").annotate(n=Count("*"))
            told[f"total_{number}"] = Coalesce(
                Subquery(counted.values("n")), 0, output_field=IntegerField()
            )
    rows = Item.objects.filter(pk__in=[item.pk for item in items]).annotate(**told)
    found = {row["pk"]: row for row in rows.values("pk", *told)}
    for item in items:
        row = found.get(item.pk, {})
        item.incoming = {
            column.id: relation
            for number, column in enumerate(columns)
            if (relation := _relation(column, row, number, most))
        }


def _relation(
    column: Column, row: Mapping[str, Any], number: int, most: int
) -> Relation | None:
    """Return what names an item in one column, the latest first."""
    pairs = json.loads(row.get(f"named_{number}") or "[]")
    if not pairs:
        return None
    total = row.get(f"total_{number}")
    shown = MOST_LOOKED if total is None else most
    ids = [remote_id for _, remote_id in sorted(pairs, reverse=True)[:shown]]
    return Relation(
        linked_ids=tuple(ids[:most]),
        linked_collection=column.source,
        total=len(ids) if total is None else total,
        has_more=total is None and len(pairs) > MOST_LOOKED,
    )


def _links(item: Item, column: Column) -> QuerySet[ItemLink]:
    """Return the links by which live items name one in a column."""
    return ItemLink.objects.filter(
        connection=item.connection_id,
        target_remote_id=OuterRef("remote_id"),
        relation=column.relation,
        item__collection__remote_id=column.source,
        item__deleted_at__isnull=True,
    )

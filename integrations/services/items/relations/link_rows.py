"""Read the links of an item, either way: the first of each relation, as plain rows."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, OrderBy, Q, QuerySet, UUIDField, Value, Window
from django.db.models.functions import Cast, RowNumber

from integrations.models import Item, ItemLink
from integrations.models.items.link import labels_in
from integrations.services.common.database.prepared import prepared

_OWN_ORDER = (F("is_primary").desc(), F("position").asc(), F("pk").asc())
_LATEST = F("item__remote_updated_at").desc(nulls_last=True)
_COLUMNS = (
    "is_own",
    "number",
    "pk",
    "item_id",
    "place",
    "relation",
    "is_primary",
    "target_collection",
    "target_remote_id",
    "position",
    "label",
)


class LinkRow(NamedTuple):
    """A stored link without its model, for a page looks at hundreds.

    ``is_own`` tells that the item itself names another one; else ``place`` is the key
    of the collection that the naming item is in. ``number`` counts the links of a
    relation from 1: the item's own in their order, of others what changed last first.
    """

    is_own: bool
    number: int
    id: int
    item_id: int
    place: UUID | None
    relation: str
    is_primary: bool
    target_collection: str
    target_remote_id: str
    position: int
    label: str | None

    @property
    def labels(self) -> list[str]:
        """Return what users at the provider call this one link."""
        return labels_in(self.label)


def leading_to(connection: UUID, remote_id: str, collection: str | None) -> Q:
    """Return the condition that a link leads to an id in a collection, None for any."""
    named = Q(connection=connection, target_remote_id=remote_id)
    if collection is None:
        return named
    return named & Q(target_collection__in=[collection, ""])


def find_links(
    item: Item, *, is_unique: bool, most: int
) -> tuple[list[LinkRow], list[LinkRow]]:
    """Return the links of an item and those that live items lead to it, one query.

    Of each relation with a collection there are so many at ``most``, and one more.
    ``is_unique`` tells that an id names one item of the whole account.
    """
    rows = _links(
        item.pk,
        item.connection_id,
        item.remote_id,
        item.collection.remote_id,
        is_unique=is_unique,
        most=most + 1,
    )
    own, others = list[LinkRow](), list[LinkRow]()
    for row in map(LinkRow._make, rows):
        (own if row.is_own else others).append(row)
    own.sort(key=_own_place)
    others.sort(key=lambda row: (row.number, row.id))
    return own, others


def _own_place(row: LinkRow) -> tuple[str, bool, int, int]:
    return row.relation, not row.is_primary, row.position, row.id


@prepared(ItemLink)
def _links(
    item: int,
    connection: UUID,
    remote_id: str,
    collection: str,
    *,
    is_unique: bool,
    most: int,
) -> "QuerySet[ItemLink, tuple[object, ...]]":
    named = leading_to(connection, remote_id, None if is_unique else collection)
    own = ItemLink.objects.filter(item=item).annotate(
        is_own=Value(True),  # noqa: FBT003 (a value of the row)
        # PostgreSQL takes no value for a text, unless it is told.
        place=Cast(Value(None), output_field=UUIDField()),
    )
    others = ItemLink.objects.filter(named, item__deleted_at__isnull=True).annotate(
        is_own=Value(False),  # noqa: FBT003
        place=F("item__collection_id"),
    )
    first = _first(own, "target_collection", _OWN_ORDER, most)
    latest = _first(others, "place", (_LATEST, F("item_id").asc(), F("pk").asc()), most)
    # A link of an item to itself is in both.
    return first.union(latest, all=True)


def _first(
    links: "QuerySet[ItemLink]", place: str, order: Sequence[OrderBy], most: int
) -> "QuerySet[ItemLink, tuple[object, ...]]":
    """Return the first links of each relation and place."""
    number = Window(RowNumber(), partition_by=["relation", place], order_by=order)
    numbered = links.annotate(number=number).filter(number__lte=most)
    return numbered.values_list(*_COLUMNS)

"""Read the links of an item, either way: the first of each relation, as plain rows."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import (
    Count,
    Exists,
    F,
    OrderBy,
    Q,
    QuerySet,
    UUIDField,
    Value,
    Window,
)
from django.db.models.functions import Cast, RowNumber

from integrations.models import Item, ItemLink
from integrations.models.items.link import labels_in
from integrations.services.common.database.prepared import prepared

_OWN_ORDER = (F("is_primary").desc(), F("position").asc(), F("pk").asc())
_LATEST = (
    F("item__remote_updated_at").desc(nulls_last=True),
    F("item_id").desc(),
    F("pk").asc(),
)
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


class Target(NamedTuple):
    """What links lead to: an id in a collection of a connection, or None for any."""

    connection: UUID
    remote_id: str
    collection: str | None

    @property
    def condition(self) -> Q:
        """Return the condition that a link leads to it."""
        return leading_to(*self)


def leading_to(connection: UUID, remote_id: str, collection: str | None) -> Q:
    """Return the condition that a link leads to an id in a collection, None for any."""
    named = Q(connection=connection, target_remote_id=remote_id)
    if collection is None:
        return named
    return named & Q(target_collection__in=[collection, ""])


def ask(item: Item, target: Target, *, most: int, few: int | None) -> list[LinkRow]:
    """Return the links of an item and those that live items lead to it, one query.

    Of each relation with a collection there are so many at ``most``, in their order. If
    more than ``few`` lead to it, there are none of them; in their place each relation
    has one row with their number below zero, which counts those of deleted items too.
    """
    rows = _links(
        item.pk,
        target.connection,
        target.remote_id,
        item.collection.remote_id,
        is_unique=target.collection is None,
        most=most,
        few=few,
    )
    return list(map(LinkRow._make, rows))


def in_order(target: Target, some: Q, *, most: int) -> list[LinkRow]:
    """Return the first links of each relation among some that lead to a target."""
    others = _others(target.condition).filter(some)
    return list(map(LinkRow._make, _first(others, "place", _LATEST, most)))


@prepared(ItemLink)
def _links(
    item: int,
    connection: UUID,
    remote_id: str,
    collection: str,
    *,
    is_unique: bool,
    most: int,
    few: int | None,
) -> "QuerySet[ItemLink, tuple[object, ...]]":
    named = leading_to(connection, remote_id, None if is_unique else collection)
    own = ItemLink.objects.filter(item=item).annotate(
        is_own=Value(True),  # noqa: FBT003 (a value of the row)
        # PostgreSQL takes no value for a text, unless it is told.
        place=Cast(Value(None), output_field=UUIDField()),
    )
    others = _others(named)
    parts = [_first(own, "target_collection", _OWN_ORDER, most)]
    if few is not None:
        # By what the index holds alone.
        naming = ItemLink.objects.filter(leading_to(connection, remote_id, None))
        are_many = Exists(naming[few : few + 1])
        others = others.filter(~are_many)
        parts.append(_sizes(naming.filter(are_many)))
    parts.append(_first(others, "place", _LATEST, most))
    # A link of an item to itself is in both.
    return parts[0].union(*parts[1:], all=True)


def _others(named: Q) -> "QuerySet[ItemLink]":
    """Return the links of live items to another one."""
    return ItemLink.objects.filter(named, item__deleted_at__isnull=True).annotate(
        is_own=Value(False),  # noqa: FBT003
        place=F("item__collection_id"),
    )


def _sizes(links: "QuerySet[ItemLink]") -> "QuerySet[ItemLink, tuple[object, ...]]":
    """Return how many links there are of each relation and place, as such rows."""
    nothing, zero = Value(""), Value(0)
    told = {
        "is_own": Value(False),  # noqa: FBT003
        "number": -Count("*"),
        "key": zero,
        "of": zero,
        "first": Value(False),  # noqa: FBT003
        "inside": nothing,
        "target": nothing,
        "at": zero,
        "called": nothing,
    }
    counted = links.order_by().values("collection", "relation").annotate(**told)
    return counted.values_list(
        *("is_own", "number", "key", "of", "collection", "relation"),
        *("first", "inside", "target", "at", "called"),
    )


def _first(
    links: "QuerySet[ItemLink]", place: str, order: Sequence[OrderBy], most: int
) -> "QuerySet[ItemLink, tuple[object, ...]]":
    """Return the first links of each relation and place."""
    number = Window(RowNumber(), partition_by=["relation", place], order_by=order)
    numbered = links.annotate(number=number).filter(number__lte=most)
    return numbered.values_list(*_COLUMNS)

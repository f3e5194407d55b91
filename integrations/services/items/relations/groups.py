"""Find what an item is linked with, in both directions, grouped by relation."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from msgspec import Struct, field

from integrations.models import Collection, Item, ItemLink
from integrations.models.items.item import ItemQuerySet
from integrations.providers.links import INVERSE_FIELD
from integrations.providers.records import FieldSpec, read_fields
from integrations.services.items.relations.around import (
    ANYWHERE,
    MOST_LINKS,
    Around,
    ids_are_unique,
    linked_to,
    look_around,
)
from integrations.services.items.relations.links import collections_beside

# What an address puts before a relation by which the others name an item, and before
# one of its own that would be misread as that.
INCOMING, OUTGOING = "-", "+"


class Linked(NamedTuple):
    """A stored item that is linked, whether the relation's primary one, and its labels.

    Where the others name an item, these are what they call it.
    """

    item: Item
    is_primary: bool
    labels: Sequence[str]


class Group(Struct, kw_only=True):
    """Items of one collection that one relation links with an item.

    ``missing`` counts those that are named and not stored, ``unread`` those that are
    stored, and not read; ``is_incoming`` tells that the others name the item, rather
    than it them. It ``has_more`` than are looked at.
    """

    relation: str
    label: str
    collection: Collection
    is_incoming: bool = False
    linked: list[Linked] = field(default_factory=list)
    missing: int = 0
    unread: int = 0
    has_more: bool = False

    @property
    def address(self) -> str:
        """Return the relation as an address tells it, with its direction."""
        if self.is_incoming:
            return f"{INCOMING}{self.relation}"
        is_misread = self.relation.startswith((INCOMING, OUTGOING))
        return f"{OUTGOING}{self.relation}" if is_misread else self.relation

    @property
    def is_full(self) -> bool:
        """Tell whether it holds as many as are looked at."""
        return len(self.linked) + self.missing + self.unread >= MOST_LINKS

    @property
    def live(self) -> list[Linked]:
        """Return those that are not deleted."""
        return [each for each in self.linked if not each.item.is_deleted]


def find_groups(item: Item, around: Around | None = None) -> list[Group]:
    """Return what an item names, and then what names it.

    Where both sides have a field for the same links, the item's own is shown.
    """
    if around is None:
        around = look_around(item)
    own = _outgoing(around)
    shown = {group.relation for group in own if not group.has_more}
    return [*own, *(g for g in _incoming(around) if _inverse(g) not in shown)]


def label_of(address: str, item: Item, collection: Collection) -> str:
    """Return what a relation of an item with a collection is called."""
    name, is_incoming = read_address(address)
    naming = collection if is_incoming else item.collection
    return _labels(naming).get(name, collection.name)


def read_address(address: str) -> tuple[str, bool]:
    """Return the relation of an address, and whether the others name an item by it."""
    is_signed = address.startswith((INCOMING, OUTGOING))
    return address[1:] if is_signed else address, address.startswith(INCOMING)


def linked_with(item: Item, address: str = "", *, key: str = "pk") -> Q:
    """Return the condition that an item is linked with another one.

    By the relation that an address tells, or by any, either way. However many they
    are, as opposed to what a page looks at. ``key`` is what rows call an item's key.
    """
    relation, is_incoming = read_address(address)
    own = ItemLink.objects.filter(item=item)
    naming = ItemLink.objects.filter(linked_to(item))
    among = f"{key}__in"
    if is_incoming:
        return Q((among, naming.filter(relation=relation).values("item")))
    if relation:
        own = own.filter(relation=relation)
    named = Q((among, _named(item, own).values("pk")))
    return named if relation else named | Q((among, naming.values("item")))


def _named(item: Item, own: QuerySet[ItemLink]) -> ItemQuerySet:
    """Return the items that some of an item's own links lead to."""
    named = Item.objects.filter(
        collection__in=collections_beside(item).values("pk"),
        remote_id__in=own.values("target_remote_id"),
    )
    if not ids_are_unique(item):
        is_there = Q(target_collection=OuterRef("collection__remote_id"))
        is_it = is_there | Q(target_collection=ANYWHERE)
        same = own.filter(is_it, target_remote_id=OuterRef("remote_id"))
        named = named.filter(Exists(same))
    return named


def _outgoing(around: Around) -> list[Group]:
    """Group what an item names by relation and by the collection where that is.

    In the order of their labels, which is the same whatever a database takes for it.
    """
    by_name = {each.remote_id: each for each in around.collections.values()}
    any_place = ids_are_unique(around.item)
    groups: dict[tuple[str, UUID], Group] = {}
    labels = _labels(around.item.collection)
    for link in around.outgoing:
        name = ANYWHERE if any_place else link.target_collection
        found = around.found.get((name, link.target_remote_id))
        place = found.collection if found else by_name.get(link.target_collection)
        if place is None:
            continue
        label = labels.get(link.relation, place.name)
        group = groups.setdefault(
            (link.relation, place.pk),
            Group(relation=link.relation, label=label, collection=place),
        )
        if group.is_full:
            group.has_more = True
        elif found is None:
            group.missing += 1
        else:
            group.linked.append(Linked(found, link.is_primary, link.labels))
    return _by_label(groups.values())


def _incoming(around: Around) -> list[Group]:
    """Group what names an item; what changed last comes first."""
    groups: dict[tuple[str, UUID], Group] = {}
    for link in around.incoming:
        item = around.by_key.get(link.item_id)
        is_unread = link.id in around.unread
        place = link.place if item is None else item.collection_id
        collection = around.collections.get(place) if place else None
        if collection is None or (item is None and not is_unread):
            continue
        group = groups.get((link.relation, collection.pk))
        if group is None:
            group = _incoming_group(link.relation, collection)
            groups[link.relation, collection.pk] = group
        if group.is_full:
            group.has_more = True
        elif item is None or is_unread:
            group.unread += 1
        else:
            group.linked.append(Linked(item, link.is_primary, link.labels))
    for group in groups.values():
        group.linked.sort(key=_latest_first)
    return _by_label(groups.values())


def _by_label(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: group.label.casefold())


def incoming_label(relation: str, collection: Collection) -> str:
    """Return what pages call items of a collection that name one by a relation."""
    label = _labels(collection).get(relation, "")
    return f"{collection.name} ({label})" if label else collection.name


def _incoming_group(relation: str, collection: Collection) -> Group:
    name = incoming_label(relation, collection)
    return Group(relation=relation, label=name, collection=collection, is_incoming=True)


def _latest_first(linked: Linked) -> tuple[float, int]:
    updated = linked.item.remote_updated_at
    return -updated.timestamp() if updated else 0.0, -linked.item.pk


def _labels(collection: Collection) -> dict[str, str]:
    return {spec.name: spec.label for spec in read_fields(collection.schema)}


def _inverse(group: Group) -> str:
    return inverse_of(group.relation, group.collection)


def inverse_of(relation: str, collection: Collection) -> str:
    """Return the field of the other side that shows the links of a relation."""
    specs = read_fields(collection.schema)
    none = FieldSpec(name="", label="")
    spec = next((each for each in specs if each.name == relation), none)
    return spec.options.get(INVERSE_FIELD, "")

"""Find what an item is linked with, in both directions, grouped by relation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from integrations.models import Collection, Item, ItemLink
from integrations.providers import CONNECTORS
from integrations.providers.links import INVERSE_FIELD
from integrations.providers.records import FieldSpec, read_fields

# So many links are looked at in either direction; beyond them a group says that there
# are more.
MOST_LINKS = 500


class Linked(NamedTuple):
    """A stored item that is linked, as far as putting it into a group needs it."""

    pk: int
    is_primary: bool
    position: int
    updated: datetime | None


@dataclass(kw_only=True)
class Group:
    """Items of one collection that one relation links with an item.

    ``missing`` counts those that are named and not stored; ``is_incoming`` tells that
    the others name the item, rather than it them.
    """

    relation: str
    label: str
    collection: Collection
    is_incoming: bool = False
    linked: list[Linked] = field(default_factory=list)
    missing: int = 0
    has_more: bool = False

    @property
    def keys(self) -> list[int]:
        """Return the keys of the stored items, the primary one first."""
        return [each.pk for each in self.linked]


def find_groups(item: Item) -> list[Group]:
    """Return what an item names, and then what names it.

    Where both sides have a field for the same links, the item's own is shown.
    """
    outgoing = list(
        ItemLink.objects.filter(item=item).order_by(
            "relation", "-is_primary", "position", "pk"
        )[: MOST_LINKS + 1]
    )
    incoming = list(
        ItemLink.objects.filter(linked_to(item), item__deleted_at__isnull=True)
        .values_list(
            "relation",
            "item__collection",
            "item_id",
            "is_primary",
            "item__remote_updated_at",
        )
        .order_by()[: MOST_LINKS + 1]
    )
    if not outgoing and not incoming:
        return []
    collections = _collections(item, outgoing, {row[1] for row in incoming})
    own = _outgoing(item, outgoing, collections)
    shown = {group.relation for group in own if not group.has_more}
    others = _incoming(item, incoming, collections)
    return [*own, *(g for g in others if _inverse_of(g) not in shown)]


def linked_to(item: Item) -> Q:
    """Return the condition that a link leads to an item."""
    named = Q(connection=item.connection_id, target_remote_id=item.remote_id)
    if _ids_are_unique(item):
        return named
    return named & Q(target_collection__in=(item.collection.remote_id, ""))


def linked_keys(item: Item) -> list[int]:
    """Return the keys of the live items that are linked with one, either way."""
    groups = find_groups(item)
    return list(dict.fromkeys(key for group in groups for key in group.keys))


def _ids_are_unique(item: Item) -> bool:
    connector = CONNECTORS.get(item.provider)
    return connector is not None and connector.ids_unique_in == "account"


def _collections(
    item: Item, links: Iterable[ItemLink], keys: Iterable[UUID]
) -> list[Collection]:
    """Return the collections that links lead to or come from."""
    beside = Collection.objects.filter(connection=item.connection_id)
    names = {link.target_collection for link in links}
    if "" not in names and not _ids_are_unique(item):
        beside = beside.filter(Q(remote_id__in=names) | Q(pk__in=set(keys)))
    return list(beside.defer("checkpoint", "details", "held_deletions"))


def _outgoing(
    item: Item, links: Sequence[ItemLink], collections: Sequence[Collection]
) -> list[Group]:
    """Group what an item names by relation and by the collection where that is."""
    by_name = {each.remote_id: each for each in collections}
    by_key = {each.pk: each for each in collections}
    found = _find_targets(links, collections)
    any_place = _ids_are_unique(item)
    groups: dict[tuple[str, UUID], Group] = {}
    labels = _labels(item.collection)
    for link in links[:MOST_LINKS]:
        anywhere = any_place or not link.target_collection
        name = "" if anywhere else link.target_collection
        hit = found.get((name, link.target_remote_id))
        place = by_key.get(hit[0]) if hit else by_name.get(link.target_collection)
        if place is None:
            continue
        label = labels.get(link.relation, place.name)
        group = groups.setdefault(
            (link.relation, place.pk),
            Group(relation=link.relation, label=label, collection=place),
        )
        if hit is None:
            group.missing += 1
        else:
            _, pk, updated = hit
            group.linked.append(Linked(pk, link.is_primary, link.position, updated))
    for group in groups.values():
        group.has_more = len(links) > MOST_LINKS
    return list(groups.values())


def _find_targets(
    links: Sequence[ItemLink], collections: Sequence[Collection]
) -> dict[tuple[str, str], tuple[UUID, int, datetime | None]]:
    """Return collection, key and date of stored targets, by name and by id alone."""
    names = {each.pk: each.remote_id for each in collections}
    rows = Item.objects.filter(
        collection__in=list(names),
        remote_id__in={link.target_remote_id for link in links},
    ).values_list("collection_id", "remote_id", "pk", "remote_updated_at")
    found = {}
    for place, remote_id, pk, updated in rows:
        found[names[place], remote_id] = place, pk, updated
        found.setdefault(("", remote_id), (place, pk, updated))
    return found


def _incoming(
    item: Item,
    rows: Sequence[tuple[str, UUID, int, bool, datetime | None]],
    collections: Sequence[Collection],
) -> list[Group]:
    """Group what names an item; what changed last comes first."""
    places = {each.pk: each for each in collections}
    groups: dict[tuple[str, UUID], Group] = {}
    for relation, place, pk, is_primary, updated in rows[:MOST_LINKS]:
        collection = places[place]
        label = _labels(collection).get(relation, "")
        name = f"{collection.name} ({label})" if label else collection.name
        group = groups.setdefault(
            (relation, place),
            Group(
                relation=relation,
                label=name,
                collection=collection,
                is_incoming=True,
                has_more=len(rows) > MOST_LINKS,
            ),
        )
        group.linked.append(Linked(pk, is_primary, 0, updated))
    for group in groups.values():
        group.linked.sort(key=_latest_first)
    return sorted(groups.values(), key=lambda group: group.label.casefold())


def _latest_first(linked: Linked) -> tuple[float, int]:
    return -linked.updated.timestamp() if linked.updated else 0.0, linked.pk


def _labels(collection: Collection) -> dict[str, str]:
    return {spec.name: spec.label for spec in read_fields(collection.schema)}


def _inverse_of(group: Group) -> str:
    """Return the field of the other side that shows the links of a group."""
    specs = read_fields(group.collection.schema)
    none = FieldSpec(name="", label="")
    spec = next((each for each in specs if each.name == group.relation), none)
    return spec.options.get(INVERSE_FIELD, "")

"""Load what is around an item in few queries: its links, and what they lead to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, F, JSONField, Q, Value, When
from msgspec import Struct

from integrations.models import Collection, Item
from integrations.models.items.item import ItemQuerySet
from integrations.models.ordered_json import OrderedJSONField
from integrations.providers import CONNECTORS
from integrations.providers.records import read_fields
from integrations.services.items.icons import with_icons
from integrations.services.items.relations.first_links import find_links
from integrations.services.items.relations.link_rows import LinkRow, leading_to
from integrations.services.items.types import parent_types, types_in

# So many links of a relation with a collection are looked at, in either direction.
MOST_LINKS = 500
ANYWHERE = ""
# The kind of fields that hold amounts, with every provider.
MONEY: Final = "money"

# Of more items than these are read no properties, but a link to each and its state.
FEW = 100
NAMED = (
    "uuid",
    "collection_id",
    "provider",
    "remote_id",
    "type",
    "name",
    "parent_remote_id",
    "parent_name",
    "remote_updated_at",
    "deleted_at",
    "deleted_kind",
    "deleted_detail",
)

# Remote ids that are looked for, by the remote id of the collection they are in.
Wanted = Mapping[str, Iterable[str]]


class Around(Struct, frozen=True, kw_only=True, dict=True):
    """The links of an item both ways, and the stored items that are named, by name.

    A name is a collection's remote id, or empty, and an item's. Deleted items are among
    those found; each one has its collection. ``unread`` are the keys of links whose
    items were not read, for they are only counted.
    """

    item: Item
    outgoing: Sequence[LinkRow]
    incoming: Sequence[LinkRow]
    collections: Mapping[UUID, Collection]
    found: Mapping[tuple[str, str], Item]
    by_key: Mapping[int, Item]
    unread: AbstractSet[int] = frozenset()

    @cached_property
    def live(self) -> dict[tuple[str, str], Item]:
        """Return the found items that are still there."""
        live: dict[tuple[str, str], Item] = {}
        for name, item in self.found.items():
            if not item.is_deleted and name[0]:
                live[name] = item
                live.setdefault((ANYWHERE, name[1]), item)
        return live

    def with_remote_id(self, remote_id: str, types: Iterable[str]) -> list[Item]:
        """Return the other items under a remote id, of some types."""
        wanted = set(types)
        return [
            item
            for (name, each), item in self.found.items()
            if name and each == remote_id and item.type in wanted and item != self.item
        ]


def look_around(
    item: Item, wanted: Wanted | None = None, *, shown: int | None = None
) -> Around:
    """Return the links of an item, and the items that they and ``wanted`` name.

    Of those that name it by one relation only so many are read as are ``shown``, unless
    their amounts are added up; None reads all.
    """
    outgoing, incoming = find_links(
        item, is_unique=ids_are_unique(item), most=MOST_LINKS, shown=shown
    )
    names: dict[str, set[str]] = {}
    for link in outgoing:
        names.setdefault(link.target_collection, set()).add(link.target_remote_id)
    for name, ids in (wanted or {}).items():
        names.setdefault(name, set()).update(ids)
    places = {link.place for link in incoming if link.place}
    collections = _collections(item, names, places)
    unread = set() if shown is None else _only_counted(incoming, collections, shown)
    keys = [link.item_id for link in incoming if link.id not in unread]
    items = list(_find_items(item, names, keys, collections))
    found: dict[tuple[str, str], Item] = {}
    for each in items:
        each.connection_id = item.connection_id
        each.collection = collections[each.collection_id]
        found[each.collection.remote_id, each.remote_id] = each
        found.setdefault((ANYWHERE, each.remote_id), each)
    return Around(
        item=item,
        outgoing=outgoing,
        incoming=incoming,
        collections=collections,
        found=found,
        by_key={each.pk: each for each in items},
        unread=unread,
    )


def _only_counted(
    incoming: Sequence[LinkRow], collections: Mapping[UUID, Collection], shown: int
) -> set[int]:
    """Return the keys of links whose items a page counts, and does nothing else with.

    Of a relation with more than are looked at nothing is added up.
    """
    most = Counter[tuple[str, UUID | None]]()
    for link in incoming:
        place = link.relation, link.place
        most[place] = max(most[place], link.number)
    with_amounts = {key for key, each in collections.items() if has_amounts(each)}
    return {
        link.id
        for link in incoming
        if link.number > shown
        and (
            link.place not in with_amounts
            or most[link.relation, link.place] > MOST_LINKS
        )
    }


def has_amounts(collection: Collection) -> bool:
    """Tell whether items of a collection have fields that hold amounts of money."""
    return any(spec.kind == MONEY for spec in read_fields(collection.schema))


def linked_to(item: Item) -> Q:
    """Return the condition that a link leads to an item."""
    inside = None if ids_are_unique(item) else item.collection.remote_id
    return leading_to(item.connection_id, item.remote_id, inside)


def leads_to(item: Item, collection: str, remote_id: str) -> bool:
    """Tell whether a link to an id, in a collection where that is told, is to an item.

    The link is one of the same connection.
    """
    if remote_id != item.remote_id:
        return False
    is_here = collection in (item.collection.remote_id, ANYWHERE)
    return is_here or ids_are_unique(item)


def ids_are_unique(item: Item) -> bool:
    """Tell whether an id names one item of the whole account."""
    connector = CONNECTORS.get(item.provider)
    return connector is not None and connector.ids_unique_in == "account"


def _collections(
    item: Item, names: Wanted, places: Iterable[UUID]
) -> dict[UUID, Collection]:
    """Return the connection's collections; those that are named with their schema."""
    is_named: Any = Q(remote_id__in=list(names)) | Q(pk__in=set(places))
    if ANYWHERE in names or ids_are_unique(item):
        is_named = Q(pk__isnull=False)
    rows = (
        Collection.objects.filter(connection=item.connection_id)
        .only("remote_id", "name", "item_type", "stored_count", "is_selected")
        .annotate(
            named_schema=Case(
                When(is_named, then=F("schema")),
                default=Value(None, JSONField()),
                output_field=OrderedJSONField(),
            )
        )
    )
    found = {}
    for row in rows:
        row.schema = row.named_schema or {}
        row.connection = item.connection
        found[row.pk] = row
    return {**found, item.collection_id: item.collection}


def _find_items(
    item: Item,
    names: Wanted,
    keys: Sequence[int],
    collections: Mapping[UUID, Collection],
) -> ItemQuerySet:
    """Return the items of some names, the parent, and those of some keys."""
    by_name = {each.remote_id: key for key, each in collections.items()}
    parents = set(parent_types(item)) if item.parent_remote_id else set()
    above = [k for k, each in collections.items() if parents & set(types_in(each))]
    conditions = [Q(pk__in=keys)] if keys else []
    if above:
        conditions.append(Q(collection__in=above, remote_id=item.parent_remote_id))
    for name, ids in names.items():
        is_anywhere = not name or ids_are_unique(item)
        inside = list(collections) if is_anywhere else [by_name.get(name)]
        if ids and inside != [None]:
            conditions.append(Q(collection__in=inside, remote_id__in=list(ids)))
    if not conditions:
        return Item.objects.none()
    either = conditions[0]
    for condition in conditions[1:]:
        either |= condition
    rows = Item.objects.filter(either)
    if len(keys) + sum(map(len, map(set, names.values()))) > FEW:
        return with_icons(rows.only(*NAMED), item.provider)
    return rows.defer("children")

"""What other items linked to some at a past time, by undoing the changes of those."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, field

from integrations.models import Collection, Item, ItemChange, ItemLink
from integrations.models.messages.wording import LINKS_UNKNOWN, connector_text
from integrations.services.common.errors import ConnectorError
from integrations.services.items.history.differences import is_cut
from integrations.services.items.past.as_of import (
    MOST_UNDONE,
    PREFIX,
    PastItem,
    Presence,
    undo,
)
from integrations.services.items.relations.around import ids_are_unique, linked_to
from integrations.services.items.relations.write import Link, Linking, links_of
from integrations.services.items.tables.indexing.first_keys import first_keys

# So many links of one item are looked at, and of several together.
MOST_OF_ONE: Final = 500
MOST_OF_ALL: Final = 2000
# So many of the latest changes of an account are looked through for links that went.
MOST_CHANGES: Final = 2000

# Items by the relation by which they name another one, and their collection.
Naming = dict[tuple[str, UUID], list[Item]]


class PastIncoming(Struct, kw_only=True):
    """What named some items at a time and what does now, by the key of what is named.

    It ``is_partial`` where more links or changes are there than are looked at, or
    where the history holds only the beginning of what was linked. ``first_read`` counts
    those that name one now and were first read later: they may have done so before.
    A ``mistake`` of ours in what reads links is said in words.
    """

    then: dict[int, Naming] = field(default_factory=lambda: defaultdict(dict))
    now: dict[int, Naming] = field(default_factory=lambda: defaultdict(dict))
    collections: Mapping[UUID, Collection] = field(default_factory=dict)
    is_partial: bool = False
    first_read: int = 0
    mistake: str = ""


def find_incoming(items: Sequence[Item], at: datetime) -> PastIncoming:
    """Return what named some items of one collection at a time, and what does now.

    By few questions, however many items there are: for what names them now, for the
    latest changes of the account since, and for the items and changes of both.
    """
    found = PastIncoming()
    if not items:
        return found
    connection = items[0].collection.connection
    rows = Collection.objects.filter(connection=connection, is_selected=True)
    collections = {row.pk: row for row in rows.defer("checkpoint", "held_deletions")}
    for row in collections.values():
        row.connection = connection
    found.collections = collections
    keys = _naming_now(items, found) | _naming_once(items, at, found)
    naming = Item.objects.filter(pk__in=keys, collection__in=list(collections))
    since = ItemChange.objects.filter(item__in=keys, at__gt=at).order_by("-at", "-pk")
    latest = list(since[: MOST_UNDONE + 1])
    found.is_partial |= len(latest) > MOST_UNDONE
    changes: defaultdict[int, list[ItemChange]] = defaultdict(list)
    for change in latest[:MOST_UNDONE]:
        changes[change.item_id].append(change)
    targets = _Targets(items)
    for each in naming.defer("children").order_by("-remote_updated_at", "-pk"):
        each.collection = collections[each.collection_id]
        each.connection = connection
        _put(found, targets, each, undo(each, changes[each.pk], at))
    return found


def _naming_now(items: Sequence[Item], found: PastIncoming) -> set[int]:
    """Return the keys of what names any of the items now, some of each.

    In no order: for one by their keys PostgreSQL would read all links.
    """
    most = min(MOST_OF_ONE, MOST_OF_ALL // len(items))
    parts = [ItemLink.objects.filter(linked_to(item)).order_by() for item in items]
    keys = first_keys(parts, most=most)
    found.is_partial |= any(len(each) > most for each in keys)
    return {key for each in keys for key in each[:most]}


def _naming_once(items: Sequence[Item], at: datetime, found: PastIncoming) -> set[int]:
    """Return the keys of what named any of the items before a change since."""
    wanted = {item.remote_id for item in items}
    rows = ItemChange.objects.filter(connection=items[0].connection_id, at__gt=at)
    told = rows.order_by("-at", "-pk").values_list("item_id", "fields")
    latest = list(told[: MOST_CHANGES + 1])
    found.is_partial |= len(latest) > MOST_CHANGES
    return {key for key, fields in latest[:MOST_CHANGES] if _names(fields, wanted)}


def _names(fields: Mapping[str, Any], wanted: set[str]) -> bool:
    """Tell whether a property was, before a change, what may name one of some ids."""
    return any(
        isinstance(pair, list)
        and bool(pair)
        and (not wanted.isdisjoint(_texts(pair[0])) or is_cut(pair[0]))
        for name, pair in fields.items()
        if name.startswith(PREFIX)
    )


def _texts(value: Any) -> Iterable[str]:
    """Yield every text that a value of JSON is, or has in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


class _Targets:
    """The items that are named, by what names them."""

    def __init__(self, items: Sequence[Item]) -> None:
        place = items[0].collection.remote_id
        self._places = {place, ""}
        self._is_anywhere = ids_are_unique(items[0])
        self._keys = {item.remote_id: item.pk for item in items}

    def key_of(self, link: Link) -> int | None:
        """Return the key of the item that a link leads to, None for another one."""
        is_here = self._is_anywhere or link.target_collection in self._places
        return self._keys.get(link.target_remote_id) if is_here else None

    def are_in(self, text: str) -> bool:
        """Tell whether a text has the id of one of them in it."""
        return any(each in text for each in self._keys)


def _put(found: PastIncoming, targets: _Targets, item: Item, past: PastItem) -> None:
    """Add what an item named at a time, and what it names now."""
    was_there = past.presence is Presence.THERE
    try:
        then = _links(item, past.properties) if was_there else set()
        now = set() if item.is_deleted else _links(item, item.properties)
    except ConnectorError as exc:
        found.mistake = connector_text(exc.reference, LINKS_UNKNOWN)
        return
    for links, sides in ((then, found.then), (now, found.now)):
        for link in links:
            key = targets.key_of(link)
            if key is not None:
                place = (link.relation, item.collection_id)
                sides[key].setdefault(place, []).append(item)
    is_named = any(targets.key_of(link) is not None for link in now)
    if past.presence is Presence.NOT_SEEN and not item.was_new:
        found.first_read += is_named
    cut = (past.properties.get(name) for name in past.in_part)
    found.is_partial |= is_named and past.is_vague
    found.is_partial |= any(targets.are_in(str(each)) for each in cut)


def _links(item: Item, properties: Mapping[str, Any]) -> set[Link]:
    told = Linking(properties, item.parent_remote_id or None)
    return links_of(item.collection, {item.pk: told})

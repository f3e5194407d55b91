"""Collections as they were at a past time, and what differs between two times."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from integrations.models import Collection, Item, ItemChange
from integrations.services.items.history.as_of import (
    MOST_UNDONE,
    PREFIX,
    PastItem,
    Presence,
    kept_since,
    undo,
)
from integrations.services.items.history.differences import cut

PAGE_SIZE = 50
# So many changes of an account, and so many new items, are looked through.
MOST_LOOKED_AT = 5000
# Collections of together no more items than this are looked through at once.
FEW = 500
# Links and texts of items are no columns.
OWN_FIELDS = ("name", "parent_name")


@dataclass(frozen=True, kw_only=True)
class PastRow:
    """An item, and how it was."""

    item: Item
    past: PastItem


class Place(NamedTuple):
    """Where a page begins: behind an item of a collection, by their ids."""

    collection: UUID
    remote_id: str = ""


@dataclass(frozen=True, kw_only=True)
class PastPage:
    """The rows of one page, and the place where the next one begins.

    It ``is_partial`` where they changed more often since than is undone: then some
    are as they were later.
    """

    rows: Sequence[PastRow]
    next: Place | None
    is_partial: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What was added, removed and changed between two times.

    ``changed`` are no stored changes: each sums up all of one item. It ``is_partial``
    where more happened since than is looked through. It ``is_cut`` where long values
    were compared by their beginnings, and ``is_vague`` where more fields of an item may
    have changed than is known. ``known_from`` is the first time of which everything is
    known, None where there is none.
    """

    added: Sequence[Item]
    removed: Sequence[Item]
    changed: Sequence[ItemChange]
    first_read: int
    is_partial: bool
    is_cut: bool
    is_vague: bool
    known_from: datetime | None


def known_from(collections: Sequence[Collection], now: datetime) -> datetime | None:
    """Return since when it is known what all of some collections held.

    None where one of them was never read in full.
    """
    read_at = [each.first_full_refresh_at for each in collections]
    known = [at for at in read_at if at is not None]
    return max([kept_since(now), *known]) if len(known) == len(read_at) else None


def fetch_past(
    collections: Sequence[Collection],
    at: datetime,
    *,
    after: Place | None = None,
    item_type: str = "",
) -> PastPage:
    """Return a page of the items that were there at a time, by their remote ids.

    Items that were not there yet, or were deleted, leave pages shorter. Those that
    moved to another collection are where they are now.
    """
    begin = after or Place(UUID(int=0))
    ordered = sorted((c for c in collections if c.pk >= begin.collection), key=_key)
    batch = _take_few(ordered)
    found = _rows_behind(begin, batch)
    shown = found[:PAGE_SIZE]
    since = ItemChange.objects.filter(item__in=shown, at__gt=at)
    latest = list(since.order_by("-at", "-pk")[: MOST_UNDONE + 1])
    changes = _by_item(latest[:MOST_UNDONE])
    there = []
    for item in _put_collections(shown, collections):
        past = undo(item, changes[item.pk], at)
        if past.presence is Presence.THERE and item_type in ("", item.type):
            there.append(PastRow(item=item, past=past))
    following = None
    if len(found) > PAGE_SIZE:
        following = Place(shown[-1].collection_id, shown[-1].remote_id)
    elif len(batch) < len(ordered):
        following = Place(ordered[len(batch)].pk)
    return PastPage(rows=there, next=following, is_partial=len(latest) > MOST_UNDONE)


def _key(collection: Collection) -> UUID:
    return collection.pk


def _take_few(ordered: Sequence[Collection]) -> Sequence[Collection]:
    """Return the first collection, and those behind it while all are small."""
    total = 0
    for number, each in enumerate(ordered):
        total += each.stored_count
        if number and total > FEW:
            return ordered[:number]
    return ordered


def _rows_behind(begin: Place, batch: Sequence[Collection]) -> list[Item]:
    """Return the items of a page and one more, in the order of an index."""
    rows = Item.objects.filter(collection__in=batch)
    if [each.pk for each in batch] == [begin.collection]:
        rows = Item.objects.filter(
            collection=begin.collection, remote_id__gt=begin.remote_id
        )
    elif begin.remote_id:
        is_behind = Q(remote_id__gt=begin.remote_id)
        rows = rows.filter(~Q(collection=begin.collection) | is_behind)
    return list(rows.order_by("collection_id", "remote_id")[: PAGE_SIZE + 1])


def _put_collections(
    items: Sequence[Item], collections: Sequence[Collection]
) -> Sequence[Item]:
    by_key = {each.pk: each for each in collections}
    for item in items:
        item.collection = by_key[item.collection_id]
        item.connection = item.collection.connection
    return items


def compare(
    collections: Sequence[Collection],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    item_type: str = "",
) -> Difference:
    """Return what differs at the end of a time from what was at its start."""
    changes, has_more_changes = _changes_since(collections, start)
    new, has_more_new = _new_since(collections, start)
    by_item = _by_item(changes)
    items = {item.pk: item for item in new}
    missing = [key for key in by_item if key not in items]
    # One may have moved to another collection since its changes were read.
    items |= Item.objects.filter(collection__in=collections).in_bulk(missing)
    _put_collections(list(items.values()), collections)
    added, removed, changed, first_read = [], [], [], 0
    is_cut = is_vague = False
    for key, item in items.items():
        if item_type not in ("", item.type):
            continue
        since_end = [each for each in by_item[key] if each.at > end]
        before = undo(item, by_item[key], start)
        after = undo(item, since_end, end)
        was, is_there = (p.presence is Presence.THERE for p in (before, after))
        if is_there and not was:
            is_new = item.was_new or before.presence is Presence.DELETED
            added += [item] if is_new else []
            first_read += not is_new
        elif was and not is_there:
            removed.append(item)
        elif was:
            is_cut |= bool(before.in_part or after.in_part)
            is_vague |= before.is_vague
            if fields := _differences(by_item[key], before, after):
                changed.append(_changed(item, end, fields))
    return Difference(
        added=added,
        removed=removed,
        changed=changed,
        first_read=first_read,
        is_partial=has_more_changes or has_more_new,
        is_cut=is_cut,
        is_vague=is_vague,
        known_from=known_from(collections, now),
    )


def _changes_since(
    collections: Sequence[Collection], start: datetime
) -> tuple[list[ItemChange], bool]:
    """Return collections' changes among the latest of each account, newest first.

    One question for each account, because its index is in the order of time.
    """
    keys: list[int] = []
    has_more = False
    connections = _connections(collections)
    most = ceil(MOST_LOOKED_AT / max(1, len(connections)))
    for connection in connections:
        rows = ItemChange.objects.filter(connection=connection, at__gt=start)
        latest = rows.order_by("-at", "-pk").values_list("pk", flat=True)
        found = list(latest[: most + 1])
        has_more |= len(found) > most
        keys += found[:most]
    own = ItemChange.objects.filter(pk__in=keys, item__collection__in=collections)
    return list(own.order_by("-at", "-pk")), has_more


def _new_since(
    collections: Sequence[Collection], start: datetime
) -> tuple[list[Item], bool]:
    """Return the items that were first seen since; one that went has a change."""
    new: list[Item] = []
    has_more = False
    connections = _connections(collections)
    most = ceil(MOST_LOOKED_AT / max(1, len(connections)))
    for connection in connections:
        live = Item.objects.live().filter(connection=connection, changed_at__gt=start)
        rows = live.filter(collection__in=collections, first_seen_at__gt=start)
        found = list(rows.order_by("changed_at", "pk")[: most + 1])
        has_more |= len(found) > most
        new += found[:most]
    return new, has_more


def _connections(collections: Sequence[Collection]) -> list[UUID]:
    return sorted({each.connection_id for each in collections})


def _by_item(changes: Iterable[ItemChange]) -> defaultdict[int, list[ItemChange]]:
    found: defaultdict[int, list[ItemChange]] = defaultdict(list)
    for change in changes:
        found[change.item_id].append(change)
    return found


def _changed(item: Item, at: datetime, fields: dict[str, Any]) -> ItemChange:
    kind = ItemChange.Kind.CHANGED
    return ItemChange(pk=-item.pk, item=item, kind=kind, at=at, fields=fields)


def _differences(
    changes: Iterable[ItemChange], before: PastItem, after: PastItem
) -> dict[str, Any]:
    """Return old and new of each field that was ever changed and differs.

    What was only found out has not changed. Where the history holds only the beginning
    of a field, beginnings are compared.
    """
    made = [each for each in changes if each.kind != ItemChange.Kind.FOUND]
    named = dict.fromkeys(name for each in made for name in each.fields)
    pairs = {
        name: [_value(before, name), _value(after, name)]
        for name in named
        if name in OWN_FIELDS or name.startswith(PREFIX)
    }
    in_part = {f"{PREFIX}{name}" for name in before.in_part | after.in_part}
    return {
        name: pair
        for name, pair in pairs.items()
        if (cut(pair[0]) != cut(pair[1]) if name in in_part else pair[0] != pair[1])
    }


def _value(past: PastItem, name: str) -> Any:
    if name in OWN_FIELDS:
        return getattr(past, name)
    return past.properties.get(name.removeprefix(PREFIX))

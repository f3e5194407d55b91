"""Collections as they were at a past time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q
from msgspec import Struct

from integrations.models import Collection, Item, ItemChange
from integrations.services.items.past.as_of import (
    MOST_UNDONE,
    PastItem,
    Presence,
    kept_since,
    undo,
)

PAGE_SIZE = 50
# So many changes of an account, and so many new items, are looked through.
MOST_LOOKED_AT = 5000
# Collections of together no more items than this are looked through at once.
FEW = 500


class PastRow(Struct, frozen=True, kw_only=True):
    """An item, and how it was."""

    item: Item
    past: PastItem


class PageCursor(NamedTuple):
    """Where a page begins: behind an item of a collection, by their ids."""

    collection: UUID
    remote_id: str = ""


class PastPage(Struct, frozen=True, kw_only=True):
    """The rows of one page, and the place where the next one begins.

    It ``is_partial`` where they changed more often since than is undone: then some
    are as they were later.
    """

    rows: Sequence[PastRow]
    next: PageCursor | None
    is_partial: bool


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
    after: PageCursor | None = None,
    item_type: str = "",
) -> PastPage:
    """Return a page of the items that were there at a time, by their remote ids.

    Items that were not there yet, or were deleted, leave pages shorter. Those that
    moved to another collection are where they are now.
    """
    begin = after or PageCursor(UUID(int=0))
    ordered = sorted((c for c in collections if c.pk >= begin.collection), key=_key)
    batch = _take_few(ordered)
    found = _rows_behind(begin, batch)
    shown = found[:PAGE_SIZE]
    since = ItemChange.objects.filter(item__in=shown, at__gt=at)
    latest = list(since.order_by("-at", "-pk")[: MOST_UNDONE + 1])
    changes = by_item(latest[:MOST_UNDONE])
    there = []
    for item in put_collections(shown, collections):
        past = undo(item, changes[item.pk], at)
        if past.presence is Presence.THERE and item_type in ("", item.type):
            there.append(PastRow(item=item, past=past))
    following = None
    if len(found) > PAGE_SIZE:
        following = PageCursor(shown[-1].collection_id, shown[-1].remote_id)
    elif len(batch) < len(ordered):
        following = PageCursor(ordered[len(batch)].pk)
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


def _rows_behind(begin: PageCursor, batch: Sequence[Collection]) -> list[Item]:
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


def put_collections(
    items: Sequence[Item], collections: Sequence[Collection]
) -> Sequence[Item]:
    """Give items their collections, which were fetched already."""
    by_key = {each.pk: each for each in collections}
    for item in items:
        item.collection = by_key[item.collection_id]
        item.connection = item.collection.connection
    return items


def change_keys_since(
    collections: Sequence[Collection], start: datetime
) -> tuple[list[int], bool]:
    """Return the keys of each account's latest changes, and whether there are more.

    Those of the account's other collections are among them. One question for each
    account, because its index is in the order of time.
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
    return keys, has_more


def changes_since(
    collections: Sequence[Collection], start: datetime
) -> tuple[list[ItemChange], bool]:
    """Return collections' changes among the latest of each account, newest first."""
    keys, has_more = change_keys_since(collections, start)
    own = ItemChange.objects.filter(pk__in=keys, item__collection__in=collections)
    return list(own.order_by("-at", "-pk")), has_more


def new_since(
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


def by_item(changes: Iterable[ItemChange]) -> defaultdict[int, list[ItemChange]]:
    """Return changes by the key of their item, in the order that they are given in."""
    found: defaultdict[int, list[ItemChange]] = defaultdict(list)
    for change in changes:
        found[change.item_id].append(change)
    return found

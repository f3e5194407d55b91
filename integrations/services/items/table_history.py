"""A collection as it was at a past time, and what differs between two times."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.models import Collection, Item, ItemChange
from integrations.services.items.as_of import (
    MOST_UNDONE,
    PREFIX,
    PastItem,
    Presence,
    kept_since,
    undo,
)
from integrations.services.items.differences import cut

PAGE_SIZE = 50
# So many changes of an account, and so many new items, are looked through.
MOST_LOOKED_AT = 5000
# Links and texts of items are no columns.
OWN_FIELDS = ("name", "parent_name")


@dataclass(frozen=True, kw_only=True)
class PastRow:
    """An item, and how it was."""

    item: Item
    past: PastItem


@dataclass(frozen=True, kw_only=True)
class PastPage:
    """The rows of one page, and the remote id after which the next one begins.

    It ``is_partial`` where they changed more often since than is undone: then some
    are as they were later.
    """

    rows: Sequence[PastRow]
    next: str
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


def known_from(collection: Collection, now: datetime) -> datetime | None:
    """Return since when it is known what the whole collection held.

    None where it was never read in full.
    """
    all_read_at = collection.first_full_refresh_at
    return max(kept_since(now), all_read_at) if all_read_at else None


def fetch_past(collection: Collection, at: datetime, *, after: str = "") -> PastPage:
    """Return a page of the items that were there at a time, by their remote ids.

    Items that were not there yet, or were deleted, leave pages shorter. Those that
    moved to another collection are where they are now.
    """
    rows = Item.objects.filter(collection=collection, remote_id__gt=after)
    found = list(rows.order_by("remote_id")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    since = ItemChange.objects.filter(item__in=shown, at__gt=at)
    latest = list(since.order_by("-at", "-pk")[: MOST_UNDONE + 1])
    changes = _by_item(latest[:MOST_UNDONE])
    there = []
    for item in shown:
        item.collection, item.connection = collection, collection.connection
        past = undo(item, changes[item.pk], at)
        if past.presence is Presence.THERE:
            there.append(PastRow(item=item, past=past))
    has_more = len(found) > PAGE_SIZE
    return PastPage(
        rows=there,
        next=shown[-1].remote_id if has_more else "",
        is_partial=len(latest) > MOST_UNDONE,
    )


def compare(
    collection: Collection, start: datetime, end: datetime, *, now: datetime
) -> Difference:
    """Return what differs at the end of a time from what was at its start."""
    changes, has_more_changes = _changes_since(collection, start)
    new, has_more_new = _new_since(collection, start)
    by_item = _by_item(changes)
    items = {item.pk: item for item in new}
    missing = [key for key in by_item if key not in items]
    items |= Item.objects.in_bulk(missing)
    added, removed, changed, first_read = [], [], [], 0
    is_cut = is_vague = False
    for key, item in items.items():
        item.collection, item.connection = collection, collection.connection
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
        known_from=known_from(collection, now),
    )


def _changes_since(
    collection: Collection, start: datetime
) -> tuple[list[ItemChange], bool]:
    """Return a collection's changes among the latest of its account, newest first."""
    rows = ItemChange.objects.filter(connection=collection.connection_id, at__gt=start)
    latest = rows.order_by("-at", "-pk").values_list("pk", flat=True)
    keys = list(latest[: MOST_LOOKED_AT + 1])
    own = ItemChange.objects.filter(
        pk__in=keys[:MOST_LOOKED_AT], item__collection=collection
    )
    return list(own.order_by("-at", "-pk")), len(keys) > MOST_LOOKED_AT


def _new_since(collection: Collection, start: datetime) -> tuple[list[Item], bool]:
    """Return the items that were first seen since; one that went has a change."""
    live = Item.objects.live().filter(
        connection=collection.connection_id, changed_at__gt=start
    )
    new = live.filter(collection=collection, first_seen_at__gt=start)
    found = list(new.order_by("changed_at", "pk")[: MOST_LOOKED_AT + 1])
    return found[:MOST_LOOKED_AT], len(found) > MOST_LOOKED_AT


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

    Where the history holds only the beginning of one, beginnings are compared.
    """
    named = dict.fromkeys(name for each in changes for name in each.fields)
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

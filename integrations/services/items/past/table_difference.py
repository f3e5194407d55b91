"""What differs between collections as they were at two times."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, field

from integrations.models import Collection, Item, ItemChange
from integrations.services.items.history.differences import cut
from integrations.services.items.history.telling import bookkeeping
from integrations.services.items.lists.loading import COLUMNS
from integrations.services.items.past.as_of import PREFIX, PastItem, Presence, undo
from integrations.services.items.past.table_history import (
    by_item,
    changes_since,
    known_from,
    new_since,
    put_collections,
)

# Links and texts of items are no columns.
OWN_FIELDS = ("name", "parent_name")


class ByDays(Struct, kw_only=True):
    """What came to fit between two times, and what fits no longer, by days alone.

    Both are keys with what they are sorted by, of rows that have not changed. They are
    ``cut`` where more rows fitted one of the times than are looked at.
    """

    came: dict[int, Any] = field(default_factory=dict)
    went: dict[int, Any] = field(default_factory=dict)
    is_cut: bool = False


class PastFilter(Protocol):
    """Which rows of a time are asked for, and in which order."""

    def of_then(self, item: Item, past: PastItem) -> Item:
        """Return a copy of an item with the values of another time."""

    def fits(self, items: Sequence[Item], at: datetime) -> Sequence[bool]:
        """Tell of each item, as it was at a time, whether it is asked for then."""

    def by_days(self, start: datetime, end: datetime, *, without: set[int]) -> ByDays:
        """Return what differs in rows that have not changed, but for some keys."""

    def values(self, items: Sequence[Item]) -> Mapping[int, Any]:
        """Return by key what items, as they were, are sorted by."""

    def order(self, values: Mapping[int, Any]) -> Sequence[int]:
        """Return keys in the order of those values."""


class Difference(Struct, kw_only=True):
    """What was added, removed and changed between two times.

    ``changed`` are no stored changes: each sums up all of one item. So do ``reasons``,
    by keys, of items that were there at both times and fit one of them. It
    ``is_partial`` where more happened since than is looked through. It ``is_cut`` where
    long values were compared by their beginnings, and ``is_vague`` where more fields of
    an item may have changed than is known. The rows that only days made fit
    ``are_days_cut`` where more rows fitted than are looked at. ``known_from`` is the
    first time of which everything is known, None where there is none.
    """

    added: list[Item] = field(default_factory=list)
    removed: list[Item] = field(default_factory=list)
    changed: list[ItemChange] = field(default_factory=list)
    reasons: dict[int, ItemChange] = field(default_factory=dict)
    first_read: int = 0
    is_partial: bool = False
    is_cut: bool = False
    is_vague: bool = False
    are_days_cut: bool = False
    known_from: datetime | None = None


class _Sides(NamedTuple):
    """An item, and how it was at the start and at the end of a time."""

    item: Item
    before: PastItem
    after: PastItem


def compare(
    collections: Sequence[Collection],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    item_type: str = "",
    asked: "PastFilter | None" = None,
) -> Difference:
    """Return what differs at the end of a time from what was at its start.

    Where only some rows are ``asked`` for, that is what differs among those: one that
    came to fit is added, one that fits no longer is removed. Raises ConnectorError
    where a mistake of ours hides what an item linked to.
    """
    changes, has_more_changes = changes_since(collections, start)
    new, has_more_new = new_since(collections, start)
    own = by_item(changes)
    items = {item.pk: item for item in new}
    missing = [key for key in own if key not in items]
    # One may have moved to another collection since its changes were read.
    items |= Item.objects.filter(collection__in=collections).in_bulk(missing)
    put_collections(list(items.values()), collections)
    sides = [
        _Sides(
            item=item,
            before=undo(item, own[key], start),
            after=undo(item, [each for each in own[key] if each.at > end], end),
        )
        for key, item in items.items()
        if item_type in ("", item.type)
    ]
    found = _differ(sides, own, start, end, asked)
    found.is_partial = has_more_changes or has_more_new
    found.known_from = known_from(collections, now)
    return found


def _differ(
    sides: Sequence[_Sides],
    changes: Mapping[int, Sequence[ItemChange]],
    start: datetime,
    end: datetime,
    asked: "PastFilter | None",
) -> Difference:
    """Return what differs between the two sides of some items."""
    was = _there([(each.item, each.before) for each in sides], start, asked)
    is_there = _there([(each.item, each.after) for each in sides], end, asked)
    found = Difference()
    for item, before, after in sides:
        if item.pk in is_there and item.pk not in was:
            is_new = item.was_new or before.presence is not Presence.NOT_SEEN
            found.added += [item] if is_new else []
            found.first_read += not is_new
        elif item.pk in was and item.pk not in is_there:
            found.removed.append(item)
        elif item.pk in was:
            found.is_cut |= bool(before.in_part or after.in_part)
            found.is_vague |= before.is_vague
            if fields := _differences(item, changes[item.pk], before, after):
                found.changed.append(_changed(item, end, fields))
    if asked is not None:
        _give_reasons(found, sides, was.keys() ^ is_there.keys(), changes, end)
        days = asked.by_days(start, end, without={item.pk for item, *_ in sides})
        found.added += _load(days.came)
        found.removed += _load(days.went)
        found.are_days_cut = days.is_cut
        values = [asked.values(list(each.values())) for each in (was, is_there)]
        _sort(found, asked, {**values[0], **values[1], **days.came, **days.went})
    return found


def _give_reasons(
    found: Difference,
    sides: Sequence[_Sides],
    keys: set[int],
    changes: Mapping[int, Sequence[ItemChange]],
    end: datetime,
) -> None:
    """Note what differs in those of some items that were there at both times."""
    for item, before, after in sides:
        is_there = before.presence is after.presence is Presence.THERE
        if item.pk in keys and is_there:
            found.is_cut |= bool(before.in_part or after.in_part)
            found.is_vague |= before.is_vague
            fields = _differences(item, changes[item.pk], before, after)
            found.reasons[item.pk] = _changed(item, end, fields)


def _load(keys: Iterable[int]) -> list[Item]:
    """Return items with what a line of a list shows of them."""
    return list(Item.objects.only(*COLUMNS).filter(pk__in=list(keys)))


def _sort(found: Difference, asked: "PastFilter", values: Mapping[int, Any]) -> None:
    places = {key: place for place, key in enumerate(asked.order(values))}
    found.added.sort(key=lambda item: places[item.pk])
    found.removed.sort(key=lambda item: places[item.pk])
    found.changed.sort(key=lambda change: places[change.item.pk])


def _there(
    told: Sequence[tuple[Item, PastItem]],
    at: datetime,
    asked: "PastFilter | None",
) -> dict[int, Item]:
    """Return what was there, and is asked for, as it was."""
    there = [(i, past) for i, past in told if past.presence is Presence.THERE]
    if asked is None:
        return {item.pk: item for item, _ in there}
    items = [asked.of_then(item, past) for item, past in there]
    fits = asked.fits(items, at)
    return {item.pk: item for item, fit in zip(items, fits, strict=True) if fit}


def _changed(item: Item, at: datetime, fields: dict[str, Any]) -> ItemChange:
    kind = ItemChange.Kind.CHANGED
    return ItemChange(pk=-item.pk, item=item, kind=kind, at=at, fields=fields)


def _differences(
    item: Item, changes: Iterable[ItemChange], before: PastItem, after: PastItem
) -> dict[str, Any]:
    """Return old and new of each field that was ever changed and differs.

    What was only found out has not changed, and when it was edited is no difference.
    Where the history holds only the beginning of a field, beginnings are compared.
    """
    made = [each for each in changes if each.kind != ItemChange.Kind.FOUND]
    noted = bookkeeping(item.collection)
    named = dict.fromkeys(
        name for each in made for name in each.fields if name not in noted
    )
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

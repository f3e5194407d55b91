"""Work out how an item was at a past time, by undoing its changes since then."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from msgspec import Struct, field

from integrations.models import Item, ItemChange
from integrations.services.items.history.differences import MOST_CHANGED, is_cut

# Further back than so many changes nobody looks.
MOST_UNDONE = 2000
PREFIX = "properties."


class Presence(StrEnum):
    """Whether an item was there."""

    THERE = "there"
    DELETED = "deleted"
    NOT_SEEN = "not_seen"


class PastItem(Struct, kw_only=True):
    """An item as it was: its own columns and its properties.

    ``in_part`` are the fields whose history holds only the beginning of a value. It
    ``is_vague`` where more may have changed than is known, and the changes before and
    after it are when it became so, and when it was so no longer.
    """

    name: str
    parent_name: str
    parent_remote_id: str
    properties: dict[str, Any]
    presence: Presence
    in_part: set[str] = field(default_factory=set)
    is_vague: bool = False
    earlier: datetime | None = None
    later: datetime | None = None


def find_past(item: Item, at: datetime, *, now: datetime) -> PastItem:
    """Return an item as it was at a time; its text and others' links have no past."""
    since = item.changes.filter(at__gt=at).order_by("-at", "-pk")
    undone = list(since[: MOST_UNDONE + 1])
    past = undo(item, undone[:MOST_UNDONE], at)
    past.later = undone[-1].at if undone else None
    before = (
        item.changes.filter(at__lte=at).order_by("-at").values_list("at", flat=True)
    )
    past.earlier = before.first()
    past.is_vague |= len(undone) > MOST_UNDONE or at < kept_since(now)
    return past


def kept_since(now: datetime) -> datetime:
    """Return since when all changes are kept."""
    return now - timedelta(days=settings.HISTORY_DAYS)


def undo(item: Item, changes: Iterable[ItemChange], at: datetime) -> PastItem:
    """Return an item as it was at a time, before its changes since, latest first."""
    past = PastItem(
        name=item.name,
        parent_name=item.parent_name,
        parent_remote_id=item.parent_remote_id,
        properties=dict(item.properties),
        presence=Presence.DELETED if item.is_deleted else Presence.THERE,
    )
    for change in changes:
        _undo(past, change)
    if at < item.first_seen_at:
        past.presence = Presence.NOT_SEEN
    return past


def _undo(past: PastItem, change: ItemChange) -> None:
    if change.kind == ItemChange.Kind.DELETED:
        past.presence = Presence.THERE
    if change.kind == ItemChange.Kind.RESTORED:
        past.presence = Presence.DELETED
    pairs = {
        name: pair[0]
        for name, pair in change.fields.items()
        if isinstance(pair, list) and len(pair) == 2
    }
    past.is_vague |= len(pairs) >= MOST_CHANGED
    _put_back(past, pairs)


def _put_back(past: PastItem, old: Mapping[str, Any]) -> None:
    past.name = str(old.get("name", past.name))
    past.parent_name = str(old.get("parent_name", past.parent_name))
    past.parent_remote_id = str(old.get("parent_remote_id", past.parent_remote_id))
    for name, value in old.items():
        if not name.startswith(PREFIX):
            continue
        own = name.removeprefix(PREFIX)
        past.in_part.discard(own)
        if value is None:
            past.properties.pop(own, None)
            continue
        past.properties[own] = value
        if is_cut(value):
            past.in_part.add(own)

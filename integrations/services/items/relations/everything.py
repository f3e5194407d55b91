"""Gather everything of a user that shares an address, a number or a domain."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from msgspec import Struct

from integrations.models import Collection, Item, ItemChange
from integrations.services.common.sealing.opaque import from_token, to_token
from integrations.services.items.relations import related
from integrations.services.items.relations.traces import Trace

MOST_ITEMS, PAGE_SIZE = 100, 50
PURPOSE = "everything-position"
CREATED, SEEN, CHANGED = range(3)


class Event(NamedTuple):
    """Something that happened to an item; the order of a timeline, newest last."""

    at: datetime
    kind: int
    key: int


class Timeline(Struct, frozen=True, kw_only=True):
    """One page of what happened to some items, newest first.

    ``changes`` are those of the events that are changes, by key; ``next`` is the token
    of the page after it, empty on the last one. It ``is_first`` where no token that can
    be read names another.
    """

    events: Sequence[Event]
    changes: Mapping[int, ItemChange]
    next: str
    is_first: bool


def find_items(trace: Trace, *, owner_id: int) -> tuple[list[Item], bool]:
    """Return a user's live items that share something, and whether there are more.

    With them come their collections. Those that only name a user who has it are last;
    of equal names the one that was stored first comes first, each time.
    """
    items, has_more = related.find_all(trace, owner_id=owner_id, most=MOST_ITEMS)
    found = Collection.objects.with_schema().in_bulk(
        {item.collection_id for item in items}
    )
    for item in items:
        item.collection = found[item.collection_id]
        item.connection = item.collection.connection
    items.sort(
        key=lambda item: (
            not trace.is_own(item.properties),
            item.provider,
            item.type,
            item.sort_name,
            item.pk,
        )
    )
    return items, has_more


def fetch_timeline(items: Sequence[Item], token: str) -> Timeline:
    """Return what happened to some items before the event that a token names."""
    before = _parse(token)
    events = [e for e in _first_events(items) if before is None or e < before]
    changes = ItemChange.objects.made().filter(item__in=[each.pk for each in items])
    if before is not None:
        ties = Q(at=before.at, pk__lt=before.key) if before.kind == CHANGED else Q()
        earlier = Q(at__lt=before.at)
        changes = changes.filter(earlier | ties if ties else earlier)
    latest = changes.select_related("run", "edit__created_by").order_by("-at", "-pk")
    rows = {row.pk: row for row in latest[: PAGE_SIZE + 1]}
    events += [Event(row.at, CHANGED, row.pk) for row in rows.values()]
    events.sort(reverse=True)
    page = events[:PAGE_SIZE]
    has_more = len(events) > PAGE_SIZE
    return Timeline(
        events=page,
        changes=rows,
        next=_to_token(page[-1]) if has_more else "",
        is_first=before is None,
    )


def _first_events(items: Sequence[Item]) -> list[Event]:
    """Return when items were made at their provider, and first seen here."""
    made = [
        Event(item.remote_created_at, CREATED, item.pk)
        for item in items
        if item.remote_created_at is not None
    ]
    return [*made, *(Event(item.first_seen_at, SEEN, item.pk) for item in items)]


def _to_token(event: Event) -> str:
    raw = json.dumps([event.at.isoformat(), event.kind, event.key])
    return to_token(raw, purpose=PURPOSE)


def _parse(token: str) -> Event | None:
    """Read a token; anything odd means the first page."""
    raw = from_token(token, purpose=PURPOSE)
    if raw is None:
        return None
    at, kind, key = json.loads(raw)
    return Event(datetime.fromisoformat(at), kind, key)

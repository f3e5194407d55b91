"""Show everything that shares an address, a number or a domain, on one page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.models import Item
from integrations.providers.kinds import Role
from integrations.providers.records import DisplayField
from integrations.services.items.icons import put_icons
from integrations.services.items.left_out import find_lost_place
from integrations.services.items.relations import everything as service
from integrations.services.items.relations.everything import CHANGED, CREATED, Timeline
from integrations.services.items.relations.side_by_side import compare
from integrations.services.items.relations.traces import Trace
from integrations.views.access import UserRequest
from integrations.views.items.parts import mistakes
from integrations.views.items.parts.changed import describe, put_in_words
from integrations.views.items.parts.head import NOUNS, everything_url, is_short
from integrations.views.items.parts.values import show

# More stand side by side on no screen.
MOST_SIDE, MOST_ROWS = 6, 30
MAX_LENGTH = 300
ROLE_LABELS: Final[Mapping[Role, str]] = {
    Role.EMAIL: "E-mail address",
    Role.PHONE: "Phone number",
    Role.WEBSITE: "Website",
    Role.COMPANY: "Company",
}


@require_safe
def everything(request: UserRequest) -> HttpResponse:
    """Show a user's items that share something, side by side, and what happened."""
    about = request.GET.get("about", "")[:MAX_LENGTH]
    trace = Trace.parse(about)
    context: dict[str, Any] = {"about": about, "trace": trace}
    if trace is not None:
        context |= _context(request, trace)
    return render(request, "items/everything.html", context)


def _context(request: UserRequest, trace: Trace) -> dict[str, Any]:
    items, has_more = service.find_items(trace, owner_id=request.user.pk)
    put_icons(items)
    told = {item.pk: describe(item, item.properties) for item in items}
    values = {key: each.fields for key, each in told.items()}
    mistake = next((each.mistake for each in told.values() if each.mistake), "")
    timeline = service.fetch_timeline(items, request.GET.get("before", ""))
    url = everything_url(trace)
    shown = items[:MOST_SIDE]
    events = list(_events(items, timeline))
    compared = list(_compare(shown, [values[item.pk] for item in shown]))
    return {
        "title": f"{NOUNS[trace.kind]} {trace.text}",
        "items": [
            {"item": item, "why": _why(item, trace, values[item.pk])} for item in items
        ],
        "has_more": has_more,
        "mistake": mistake,
        # Said once, where it is met first.
        "events_mistake": "" if mistake else mistakes.of_entries(events),
        "sides": shown if 1 < len(items) <= MOST_SIDE else [],
        "rows": compared[:MOST_ROWS],
        "has_more_rows": len(compared) > MOST_ROWS,
        "events": events,
        "is_first_page": timeline.is_first,
        "left_out": [*find_lost_place(request.GET, is_taken=not timeline.is_first)],
        "first_url": url,
        "next_url": f"{url}&before={timeline.next}" if timeline.next else "",
    }


def _why(item: Item, trace: Trace, values: Sequence[DisplayField]) -> str:
    """Return which of an item's fields hold what it shares."""
    labels = [
        field.label
        for field in values
        if trace.is_in({field.name: item.properties.get(field.name)})
    ]
    return ", ".join(dict.fromkeys(labels)) or trace.why


def _compare(
    items: Sequence[Item], values: Sequence[Sequence[DisplayField]]
) -> Iterator[dict[str, Any]]:
    """Yield a row for each field, with its labels where providers have others."""
    short = [[field for field in own if is_short(field)] for own in values]
    for row in compare(items, short):
        is_one = row.is_called_the_same
        cells = [
            {
                "value": show(field.value) if field else None,
                "label": field.label if field and not is_one else "",
            }
            for field in row.fields
        ]
        label = row.label if row.role is None or is_one else ROLE_LABELS[row.role]
        yield {"label": label, "cells": cells, "differs": row.differs}


def _events(items: Sequence[Item], timeline: Timeline) -> Iterator[dict[str, Any]]:
    """Yield what happened, in words, newest first."""
    by_key = {item.pk: item for item in items}
    changes = [timeline.changes[e.key] for e in timeline.events if e.kind == CHANGED]
    for change in changes:
        change.item = by_key[change.item_id]
    entries = {entry["pk"]: entry for entry in put_in_words(changes)}
    for event in timeline.events:
        if event.kind == CHANGED:
            yield entries[event.key]
            continue
        item = by_key[event.key]
        seen = "new" if item.was_new else "first_read"
        kind = "created" if event.kind == CREATED else seen
        yield {"item": item, "when": event.at, "kind": kind, "fields": []}

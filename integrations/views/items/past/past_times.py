"""Times in the past that a page is asked for: one to look at, or two to compare."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection
from integrations.models.messages.wording import PAST_UNKNOWN, connector_text
from integrations.models.times import is_ahead
from integrations.services.common.errors import ConnectorError
from integrations.services.items.past import table_history
from integrations.services.items.past.table_difference import (
    Difference,
    PastFilter,
    compare,
)
from integrations.views import paging
from integrations.views.access import UserRequest
from integrations.views.items.parts import mistakes
from integrations.views.items.parts.changed import sum_up
from integrations.views.items.past.as_of import local_text, minute_text, to_time

# Items of a difference on one page: each is put in words.
PAGE_SIZE = 100
MAX_ID = 255

Context = dict[str, Any]


class PastTimes(Struct, frozen=True, kw_only=True):
    """The times of an address; ``error`` is what is wrong with them."""

    at: datetime | None
    until: datetime | None
    error: str
    now: datetime

    @classmethod
    def read(cls, request: UserRequest) -> "PastTimes":
        """Read the times of the address."""
        now = timezone.now()
        told = [request.GET.get(name, "") for name in ("at", "until")]
        at, until = times = [to_time(each) for each in told]
        return cls(at=at, until=until, error=_find_error(told, times, now), now=now)

    @property
    def of_then(self) -> str:
        """Return what leads to an item's page of that time."""
        return urlencode({"at": self.at.isoformat()}) if self.at else ""


def make_context(
    request: UserRequest,
    collections: Sequence[Collection],
    make_rows: Callable[[datetime], Context],
    *,
    kept: Mapping[str, str | list[str]] | None = None,
    item_type: str = "",
    asked: PastFilter | None = None,
) -> Context:
    """Return what is shown of some collections: rows of one time, or a difference.

    Without a time the page asks for one. The links keep what else of the address
    counts, which is ``kept``. What is ``asked`` for is compared, or all of it.
    """
    times = PastTimes.read(request)
    at, until, now = times.at, times.until, times.now
    context: Context = {
        "history_days": settings.HISTORY_DAYS,
        "at_text": local_text(at) if at else minute_text(now),
        "until_text": local_text(until) if until else "",
        "at": at,
        "until": until,
        "of_then": times.of_then,
        "error": times.error,
    }
    if times.error or at is None:
        return context
    if until is None:
        known_from = table_history.known_from(collections, now)
        return context | make_rows(at) | _make_reach(at, known_from)
    start, end = sorted((at, until))
    try:
        told = compare(
            collections, start, end, now=now, item_type=item_type, asked=asked
        )
    except ConnectorError as exc:
        mistake = connector_text(exc.reference, PAST_UNKNOWN)
        return context | {"at": start, "until": end, "mistake": mistake}
    reach = _make_reach(start, told.known_from)
    names = {**(kept or {}), "at": start.isoformat(), "until": end.isoformat()}
    shown = _make_difference(told, request.GET, names)
    return context | shown | reach | {"at": start, "until": end}


def _find_error(
    told: Sequence[str], times: Sequence[datetime | None], now: datetime
) -> str:
    """Return what is wrong with the two times of an address, empty for nothing."""
    for text, time in zip(told, times, strict=True):
        if text and (time is None or is_ahead(time, now)):
            return "not_past"
    at, until = told
    return "no_start" if until and not at else ""


def _make_reach(at: datetime, known_from: datetime | None) -> Context:
    """Return whether all of a time is known, and since when that is so."""
    is_vague = known_from is None or at < known_from
    return {"is_vague": is_vague, "known_from": known_from}


def _make_difference(
    told: Difference, parameters: Mapping[str, str], kept: Mapping[str, str | list[str]]
) -> Context:
    """Return one page of what differs, in words: added, then removed, then changed."""
    every = [
        *(("added", each) for each in told.added),
        *(("removed", each) for each in told.removed),
        *(("changed", each) for each in told.changed),
    ]
    shown = paging.make_context(parameters, every, size=PAGE_SIZE, kept=kept)
    parts: dict[str, list[Any]] = {"added": [], "removed": [], "changed": []}
    for kind, each in shown["page"]:
        parts[kind].append(each)
    moved = [*parts["added"], *parts["removed"]]
    told_of = [told.reasons[each.pk] for each in moved if each.pk in told.reasons]
    # At once, because what their values lead to is asked for.
    entries = sum_up([*parts["changed"], *told_of])
    changed = entries[: len(parts["changed"])]
    for entry in entries[len(changed) :]:
        entry["item"].differing = entry["fields"]
    return {
        **shown,
        "mistake": mistakes.of_entries(entries),
        "difference": told,
        "is_cut": told.is_cut,
        "has_many_fields": told.is_vague,
        **parts,
        "changed": changed,
    }

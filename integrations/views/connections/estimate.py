"""Say how long a long sync takes, as far as anybody can know, and why."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from integrations.models import Collection, Connection, SyncRun
from integrations.models.messages.wording import count_text
from integrations.models.times import is_ahead
from integrations.providers import CONNECTORS
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.lists.counting import Count
from integrations.services.items.unread_texts import types_with_text

# A shorter sync is over before anybody wonders.
LONG = timedelta(seconds=20)
USABLE = "What is read can be used at once."
OPENED_FIRST = "The text of what you open is read first."


def time_text(
    connection: Connection,
    run: SyncRun | None,
    collections: Sequence[Collection],
    *,
    unread: Count,
    read: int | None,
    total: int | None,
    now: datetime,
) -> str:
    """Return what is allowed, and about how long the rest takes; empty if it is short.

    ``read`` and ``total`` are of the items, where the provider tells how many there
    are; ``unread`` are the texts that are not read yet.
    """
    if run is None or not run.is_working or run.started_at is None:
        return ""
    elapsed = now - run.started_at
    if elapsed < LONG:
        return ""
    if _has_read_lists(run):
        left = _texts_text(run, collections, unread, now=now)
    elif read and total and read < total:
        left = f"About {_duration(elapsed * ((total - read) / read))} to go."
    elif total:
        left = ""
    else:
        left = _so_far_text(connection, run, elapsed)
    has_texts = bool(types_with_text(connection.provider))
    opened = OPENED_FIRST if has_texts else ""
    return " ".join(filter(None, (_limit_text(connection), left, USABLE, opened)))


def _so_far_text(connection: Connection, run: SyncRun, elapsed: timedelta) -> str:
    text = f"{count_text(run.seen, 'item')} in {_duration(elapsed)} so far"
    if not run.is_full and connection.last_synced_at is not None:
        # How many have changed is told by nobody.
        return f"{text}."
    name = connection.provider_name
    return f"{text}; how many there are, {name} does not say beforehand."


def _has_read_lists(run: SyncRun) -> bool:
    """Tell whether the run has read all lists, so that only texts can be left."""
    entries = run.entries.values()
    return bool(entries) and not any(entry.state.is_open for entry in entries)


def _texts_text(
    run: SyncRun, collections: Sequence[Collection], unread: Count, *, now: datetime
) -> str:
    """Return how many texts are left, and how long they take at this run's pace."""
    allowed = settings.CONTENT_PAGES_PER_RUN - run.texts
    if not unread.number or allowed <= 0:
        return ""
    noun = "text" if unread.number == 1 and not unread.is_more else "texts"
    left = f"{unread} {noun} left".capitalize()
    ended = [each.last_full_refresh_at for each in collections]
    # Lists that were not refreshed in full took no time worth counting.
    known = [at for at in (run.started_at, *ended) if at and not is_ahead(at, now)]
    took = now - max(known, default=now)
    if not run.texts or took <= timedelta():
        return f"{left}."
    pace = took / run.texts
    if unread.is_more or unread.number > allowed:
        takes = _duration(pace * allowed)
        reads = f"this sync reads {allowed:,} of them in about {takes}"
        return f"{left}; {reads}, and the next ones read the rest."
    return f"{left}, about {_duration(pace * unread.number)}."


def _limit_text(connection: Connection) -> str:
    slug = connection.provider
    try:
        with connector_boundary("limits", connection=connection.pk):
            limits = CONNECTORS[slug].limits(
                connection.remote_id, settings.PROVIDERS[slug]
            )
    except ConnectorError:
        return ""
    if not limits:
        return ""
    calls = max(1, int(limits[0].limit / limits[0].seconds + 0.5))
    allowed = count_text(calls, "call")
    return f"{connection.provider_name} allows about {allowed} a second."


def _duration(span: timedelta) -> str:
    minutes = math.ceil(span.total_seconds() / 60)
    if minutes < 90:
        return count_text(minutes, "minute")
    return count_text(round(minutes / 60), "hour")

"""Looks of an open page for what has changed since it was made."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from msgspec import Struct

from integrations.models import Connection, Item
from integrations.models.times import read_time
from integrations.services.common.database import replica
from integrations.services.connections.status import Status
from integrations.services.items.lists.counting import Count

# How often a page looks: while a sync is open, else once the next one is due.
BUSY_SECONDS, LEAST_SECONDS, MOST_SECONDS = 5, 30, 6 * 3600
ANY = "This list has changed."


class Look(Struct, frozen=True, kw_only=True):
    """What an open page shows of a list: since when, and the digest of its rows.

    The digest is empty where there were no rows.
    """

    at: datetime
    rows: str

    @classmethod
    def of(cls, items: Sequence[Item]) -> "Look":
        """Return what a page that is made now shows."""
        shown = [
            (str(item.uuid), item.name, item.remote_updated_at, item.deleted_at)
            for item in items
        ]
        digest = sha256(repr(shown).encode()).hexdigest()[:12] if shown else ""
        return cls(at=timezone.now(), rows=digest)

    @classmethod
    def read(cls, request: HttpRequest) -> "Look":
        """Return what the page that asks shows; an odd time is now."""
        at = read_time(request.GET.get("at", "")) or timezone.now()
        return cls(at=at, rows=request.GET.get("rows", ""))

    def url(self, path: str, parameters: dict[str, str] | None = None) -> str:
        """Return the address at which the page looks for news."""
        own = {"at": self.at.isoformat(), "rows": self.rows}
        return f"{path}?{urlencode({**(parameters or {}), **own})}"

    def news_text(self, now: "Look", *, new: Count, changed: Count) -> str:
        """Return what happened to the list since, empty for nothing."""
        counts = ((new, "new"), (changed, "changed"))
        told = ", ".join(f"{count} {word}" for count, word in counts if count.number)
        if told:
            return f"{told[:1].upper()}{told[1:]}."
        return "" if self.rows == now.rows else ANY


def context(
    look: Look, statuses: Iterable[Status], path: str, **parameters: str
) -> dict[str, Any]:
    """Return what the element that looks is made of."""
    return {
        "live_url": look.url(path, parameters),
        "live_seconds": seconds_until_look(statuses),
    }


def seconds_until_look(statuses: Iterable[Status]) -> int:
    """Return after how long a page looks again, 0 for never.

    While nothing runs it waits for the next sync of any of the connections, once what
    the latest one stored is in every place that lists are read from.
    """
    now = timezone.now()
    waits = []
    for status in statuses:
        run = status.facts.run
        if run is not None and (run.is_open or replica.may_lack(run.finished_at)):
            return BUSY_SECONDS
        if status.facts.connection.is_syncable:
            waits.append(status.next_sync.at or now)
    return _seconds_until(min(waits), now) if waits else 0


def seconds_until_sync(connection: Connection, *, is_open: bool) -> int:
    """Return after how long a page of one connection looks again, 0 for never.

    ``is_open`` tells whether a sync of it is.
    """
    if is_open:
        return BUSY_SECONDS
    if not connection.is_syncable:
        return 0
    now = timezone.now()
    return _seconds_until(connection.next_sync_at or now, now)


def _seconds_until(at: datetime, now: datetime) -> int:
    wait = (at - now).total_seconds() + BUSY_SECONDS
    return int(min(max(wait, LEAST_SECONDS), MOST_SECONDS))

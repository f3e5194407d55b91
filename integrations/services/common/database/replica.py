"""Read replica: lists of items are read from it while it is near enough.

How far it is behind is told by the newest tick that has arrived there. That needs no
rights, and where nobody works on the ticks, the primary is read.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.models import Max, Model
from django.utils import timezone

from integrations.models import Heartbeat, Item, times
from integrations.services.common.clock import database_now

ALIAS: Final = "replica"
# How long what was found of it is believed, in seconds.
BELIEVED_SECONDS: Final = 5.0

_looking = Lock()
_is_reading: ContextVar[bool] = ContextVar("is_reading_replica", default=False)


class _Found:
    """What this process last found: until when it is believed, and whether to read."""

    until = 0.0
    is_near = False


class Router:
    """Django's router: items come from the replica where a list is being read."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        """Return where a query of a model goes."""
        return ALIAS if model is Item and _is_reading.get() else DEFAULT_DB_ALIAS

    def db_for_write(self, _model: type[Model], **_hints: Any) -> str:
        """Return where everything is written."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_objects: Model, **_hints: Any) -> bool:
        """Let rows of both stand together: they are the same rows."""
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        """Let migrations alone reach the primary, which hands them on."""
        return db == DEFAULT_DB_ALIAS


def is_configured() -> bool:
    """Tell whether there is a replica."""
    return ALIAS in connections


@contextmanager
def reading() -> Iterator[None]:
    """Read lists of items from the replica inside."""
    token = _is_reading.set(True)
    try:
        yield
    finally:
        _is_reading.reset(token)


def is_near() -> bool:
    """Tell whether there is a replica that answers and keeps up."""
    if not is_configured():
        return False
    is_due = time.monotonic() >= _Found.until
    # One thread looks: one that does not answer would keep them all.
    if is_due and _looking.acquire(blocking=False):
        try:
            lag = lag_seconds()
            _note(is_near=lag is not None and lag <= settings.REPLICA_LAG_SECONDS)
        finally:
            _looking.release()
    return _Found.is_near


def may_lack(since: datetime | None) -> bool:
    """Tell whether a replica that is read may not have what was written at a time."""
    longest = timedelta(seconds=settings.REPLICA_LAG_SECONDS + BELIEVED_SECONDS)
    return is_configured() and not times.is_over(since, longest, timezone.now())


def note_failure() -> None:
    """Note that it failed just now, so that the primary is read for a while."""
    connections[ALIAS].close()
    _note(is_near=False)


def lag_seconds() -> float | None:
    """Return how far the replica is behind, None where it does not answer.

    Workers stamp the ticks, so those of both are compared; that the newest one is of
    now is judged apart, and as much as it is ahead or old counts as lag.
    """
    written = _newest_tick(DEFAULT_DB_ALIAS)
    try:
        arrived = _newest_tick(ALIAS)
    except Error:
        connections[ALIAS].close()
        return None
    if written is None or arrived is None:
        return float("inf")
    doubt = abs((database_now() - written).total_seconds())
    return max(0.0, (written - arrived).total_seconds()) + doubt


def _newest_tick(alias: str) -> datetime | None:
    ticks = Heartbeat.objects.using(alias).filter(name__startswith="scheduler.")
    newest: datetime | None = ticks.aggregate(newest=Max("at"))["newest"]
    return newest


def _note(*, is_near: bool) -> None:
    _Found.until = time.monotonic() + BELIEVED_SECONDS
    _Found.is_near = is_near

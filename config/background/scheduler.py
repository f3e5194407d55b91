"""Beat's scheduler in the database, which outlives a clock that was wrong."""

import time
from datetime import UTC, datetime
from typing import Any

from celery.utils.time import maybe_make_aware
from django.db import connection
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ClockSafeEntry(ModelEntry):
    """Periodic task whose last run counts as never when it lies in the future."""

    last_run_at: Any

    def is_due(self) -> Any:
        if maybe_make_aware(self.last_run_at) > self.app.now():
            self.last_run_at = NEVER
        return super().is_due()


class ClockSafeScheduler(DatabaseScheduler):
    """DatabaseScheduler that plans anew when the clock was set back.

    Its heap holds absolute times: those from before would come hours later, behind
    whatever is put in after the change.
    """

    Entry = ClockSafeEntry
    # When it last ran is stored this often (seconds), so that a clock that is ahead is
    # seen within a minute; upstream takes three.
    sync_every = 20
    # What an administrator changed is looked for this often (seconds). Upstream looks
    # at each tick, by a connection of its own: half of what beat computes.
    look_every = 5.0
    _ticked_at = NEVER
    _looks_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        now = self.app.now()
        if now < self._ticked_at:
            self._heap = None
            # The next look at the database would be as late as the clock was ahead.
            self._last_full_sync = datetime.now()  # noqa: DTZ005 - upstream's is naive
        self._ticked_at = now
        return super().tick(*args, **kwargs)

    def schedule_changed(self) -> bool:
        """Tell whether the stored schedule is newer, as far as it was looked at."""
        if (now := time.monotonic()) < self._looks_at:
            return False
        self._looks_at = now + self.look_every
        return bool(super().schedule_changed())

    def close(self) -> None:
        """Store the schedule, by a connection that no signal has interrupted."""
        connection.close()
        super().close()

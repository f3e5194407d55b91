"""Beat ticks on whatever a clock that was wrong has left behind."""

import datetime as dt
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_celery_beat import schedulers
from django_celery_beat.models import PeriodicTask

from config.background.scheduler import ClockSafeScheduler
from config.celery import app

pytestmark = pytest.mark.django_db
OURS = set(settings.CELERY_BEAT_SCHEDULE)


class Recording(ClockSafeScheduler):
    """Note what is sent instead of publishing it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        super().__init__(app=app)
        # It would write to the database when Python ends.
        self._finalize.cancel()

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent.append(entry)

    @property
    def producer(self) -> None:
        return None

    def tick_until_idle(self) -> set[str]:
        """Run what is due, and return its names."""
        self.sent.clear()
        for _ in range(200):
            if self.tick() > 0.5:
                break
        return {entry.name for entry in self.sent}


@pytest.fixture
def move_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Return what moves the clock of beat by so much from the real one."""

    def move(by: timedelta) -> None:
        class Moved(dt.datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return dt.datetime.now(tz) + by

        module = SimpleNamespace(datetime=Moved, timedelta=timedelta)
        monkeypatch.setattr(schedulers, "datetime", module)
        monkeypatch.setattr(app, "now", lambda: dt.datetime.now(app.timezone) + by)
        # Schedules ask the app that is current, which may be a proxy.
        monkeypatch.setattr(timezone, "now", app.now)

    return move


def test_a_last_run_in_the_future_counts_as_never() -> None:
    Recording()
    later = timezone.now() + timedelta(hours=6)
    PeriodicTask.objects.update(last_run_at=later)
    PeriodicTask.objects.update(date_changed=later)

    beat = Recording()

    assert beat.tick_until_idle() >= OURS
    assert beat.tick_until_idle() == set()
    beat.sync()
    now = timezone.now() + timedelta(seconds=1)
    assert not PeriodicTask.objects.filter(last_run_at__gt=now).exists()


def test_a_clock_that_is_set_back_stops_no_task_that_beat_knows(
    move_clock: Callable[[timedelta], None],
) -> None:
    move_clock(timedelta(hours=6))
    beat = Recording()
    beat.tick_until_idle()

    move_clock(timedelta(0))
    first = beat.tick_until_idle()
    move_clock(timedelta(seconds=90))

    assert first >= OURS
    assert beat.tick_until_idle() >= OURS


def test_a_task_that_ran_a_moment_ago_waits_for_its_turn() -> None:
    Recording()
    PeriodicTask.objects.update(last_run_at=timezone.now())

    assert Recording().tick_until_idle() == set()


def test_a_tick_that_nobody_takes_is_dropped() -> None:
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(hours=1))
    beat = Recording()
    beat.tick_until_idle()

    ours = {e.name: e.options.get("expires") for e in beat.schedule.values()}
    # The next look makes up for one that was not taken.
    wanted = dict.fromkeys(OURS, 60) | {"watch": 15}
    wanted |= {name: 30 for name in OURS if name.startswith("heartbeat.")}
    assert {name: ours[name] for name in OURS} == wanted


def test_what_the_product_needs_is_switched_on_again_by_a_restart() -> None:
    Recording()
    PeriodicTask.objects.filter(name="sweep").update(enabled=False)

    assert "sweep" in Recording().schedule


def test_changes_are_looked_for_every_few_seconds_and_not_at_each_tick(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    beat = Recording()
    beat.tick_until_idle()
    at = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: at)
    beat.schedule_changed()
    PeriodicTask.objects.get(name="watch").delete()

    with django_assert_num_queries(0):
        for _ in range(20):
            assert "watch" in beat.schedule
    at += beat.look_every
    assert "watch" not in beat.schedule

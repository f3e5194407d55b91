"""How far a replica is behind is told by one clock, and asked by one thread."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.utils import timezone

from integrations.models import Heartbeat
from integrations.services.common.database import replica

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database be its own replica, of which nothing is known yet."""
    monkeypatch.setattr(replica, "ALIAS", "default")
    monkeypatch.setattr(replica, "is_configured", lambda: True)
    monkeypatch.setattr(replica._Found, "until", 0.0)
    monkeypatch.setattr(replica._Found, "is_near", False)


def tick(**ago: float) -> None:
    Heartbeat.objects.create(name="scheduler.watch", at=timezone.now())
    Heartbeat.objects.update(at=timezone.now() - timedelta(**ago))


@pytest.mark.parametrize(("seconds", "is_near"), [(1, True), (90, False), (-90, False)])
def test_a_tick_of_the_past_or_the_future_proves_nothing(
    seconds: int, is_near: bool
) -> None:
    tick(seconds=seconds)

    assert replica.is_near() is is_near


def test_a_worker_with_a_clock_ahead_makes_no_replica_nearer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()
    ahead = now + timedelta(seconds=8)
    ticks = {"primary": ahead, "default": ahead - timedelta(seconds=12)}

    tick(seconds=4)
    monkeypatch.setattr(replica, "DEFAULT_DB_ALIAS", "primary")
    monkeypatch.setattr(replica, "_newest_tick", ticks.get)
    monkeypatch.setattr(replica, "database_now", lambda: now)

    assert (replica.lag_seconds() or 0) >= 12


def test_without_a_tick_it_is_infinitely_far_behind() -> None:
    assert replica.lag_seconds() == float("inf")


def test_one_thread_looks_and_the_others_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_looking, may_end, looks = Event(), Event(), []

    def look() -> float:
        looks.append(1)
        is_looking.set()
        assert may_end.wait(60)
        return 0.0

    monkeypatch.setattr(replica, "lag_seconds", look)
    one = Thread(target=replica.is_near)
    one.start()
    assert is_looking.wait(20)
    other = Thread(target=replica.is_near)
    other.start()
    other.join(20)
    is_waiting = other.is_alive()
    may_end.set()
    one.join()
    other.join()

    assert not is_waiting
    assert len(looks) == 1
    assert replica.is_near()

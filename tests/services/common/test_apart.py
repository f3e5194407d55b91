"""One part of a job that fails keeps no other from being done, and is not hidden."""

from collections.abc import Mapping

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from integrations.models import Incident, NoticeSettings
from integrations.services.common.apart import Apart
from integrations.services.notices import watch
from integrations.services.notices.following import digests, follows
from integrations.services.upkeep import retention, schedule, staleness
from tests.support.rows import NOON, make_connection


def take(failing: Mapping[str, Exception], done: list[str]) -> None:
    def step(name: str) -> int:
        if name in failing:
            raise failing[name]
        done.append(name)
        return 1

    with Apart("test") as parts:
        parts.count({name: lambda name=name: step(name) for name in "abc"})


def test_the_others_are_done_and_the_first_failure_is_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, done = ValueError("a value"), list[str]()

    with pytest.raises(ValueError, match="a value") as caught:
        take({"a": first, "b": KeyError("another")}, done)

    assert caught.value is first
    assert done == ["c"]
    assert [r.args and r.args[0] for r in caplog.records] == ["test", "test"]
    assert not [each for each in ("a value", "another") if each in caplog.text]


def test_what_the_next_part_would_meet_as_well_ends_the_job() -> None:
    done: list[str] = []

    with pytest.raises(OperationalError):
        take({"a": OperationalError()}, done)

    assert done == []


def fail_first(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """Let a function fail at the first thing it is asked for."""
    work, asked = getattr(module, name), list[object]()

    def fail(*args: object, **more: object) -> object:
        asked.append(args)
        if len(asked) == 1:
            raise ValueError
        return work(*args, **more)

    monkeypatch.setattr(module, name, fail)


@pytest.mark.django_db
def test_a_step_of_a_sweep_that_fails_keeps_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(staleness, "check", lambda **_: done.append("stale") or 0)
    monkeypatch.setattr(retention, "prune", lambda **_: done.append("pruned") or {})
    fail_first(monkeypatch, schedule.revocation, "revoke_due")

    with pytest.raises(ValueError, match=r"^$"):
        schedule.sweep()

    assert done == ["stale", "pruned"]


@pytest.mark.django_db
def test_a_step_that_brings_back_what_is_lost_keeps_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(schedule.orders, "send_due", lambda: done.append("made") or 0)
    fail_first(monkeypatch, schedule.jobs, "send_due")

    with pytest.raises(ValueError, match=r"^$"):
        schedule.enqueue_lost()

    assert done == ["made"]


@pytest.mark.django_db
def test_a_connection_that_cannot_be_looked_at_keeps_no_other(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        lost = {"state": "needs_reconnect", "reason": "grant_rejected"}
        make_connection(alice, **lost)
    fail_first(monkeypatch, watch, "_compare")

    with pytest.raises(ValueError, match=r"^$"):
        watch.watch_connections(now=timezone.now())

    assert Incident.objects.count() == 1


@pytest.mark.django_db
def test_a_user_whose_digest_cannot_be_planned_keeps_no_other(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (alice, bob):
        NoticeSettings.objects.create(user=user, digest_due_at=NOON, digest="daily")
    fail_first(monkeypatch, follows, "next_slot")

    with pytest.raises(ValueError, match=r"^$"):
        digests.plan_due(now=timezone.now())

    assert NoticeSettings.objects.filter(digest_due_at__gt=NOON).count() == 1

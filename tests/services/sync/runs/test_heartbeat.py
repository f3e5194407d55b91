"""A lease lives as long as the work that it stands for, and no longer."""

import uuid
from typing import Any

import pytest
from celery._state import _task_stack
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import tasks
from integrations.models import Heartbeat, SyncRun
from integrations.services.common import signs_of_life
from integrations.services.sync.leases import heartbeat, lease
from integrations.services.sync.leases.lease import RunLease
from tests.real.support.processes import wait_until
from tests.support.rows import make_connection, make_run

pytestmark = pytest.mark.django_db(transaction=True)


class Api:
    """Count nothing: a slice that waits for one answer."""

    calls = 0
    waited = 0.0


@pytest.fixture
def held(alice: User, settings: Any) -> RunLease:
    """Return a lease of less than a second."""
    settings.STALE_RUN_SECONDS = 0.3
    run = make_run(make_connection(alice))
    claimed = lease.claim(run.pk, now=timezone.now())
    assert claimed is not None
    return RunLease(run=claimed[0], lease_id=claimed[1], api=Api(), stop_at=1e12)  # type: ignore[arg-type]


def make() -> heartbeat.Heartbeat:
    return heartbeat.Heartbeat(heartbeat.renew_runs, lease.lease_length)


def until(held: RunLease) -> Any:
    return SyncRun.objects.values_list("lease_until", flat=True).get(pk=held.run.pk)


def is_over(held: RunLease) -> bool:
    return bool(until(held) < timezone.now())


def test_it_is_renewed_while_one_answer_is_waited_for(held: RunLease) -> None:
    begun = until(held)

    with make().renewing(held):
        wait_until(lambda: until(held) > begun, "it is renewed")


def test_it_runs_out_when_the_work_has_ended(held: RunLease) -> None:
    with make().renewing(held):
        pass

    wait_until(lambda: is_over(held), "it runs out")


def test_it_runs_out_when_the_work_is_stuck(
    held: RunLease, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "STUCK_SECONDS", 0.3)
    settings.TOKEN_TIMEOUT = 0.2

    with make().renewing(held):
        wait_until(lambda: is_over(held), "it runs out")


def test_what_another_worker_has_taken_is_not_renewed(held: RunLease) -> None:
    other = make_run(make_connection(held.connection.owner))
    claimed = lease.claim(other.pk, now=timezone.now())
    assert claimed is not None
    second = RunLease(run=claimed[0], lease_id=claimed[1], api=held.api, stop_at=1e12)
    begun = until(second)
    SyncRun.objects.filter(pk=held.run.pk).update(lease_id=uuid.uuid4())

    beating = make()
    with beating.renewing(held), beating.renewing(second):
        wait_until(lambda: until(second) > begun, "the other one is renewed")
        wait_until(lambda: is_over(held), "the lost one runs out")


@pytest.mark.parametrize("is_stuck", [False, True])
def test_work_that_goes_on_is_a_sign_of_life_of_its_queue(
    held: RunLease, settings: Any, monkeypatch: pytest.MonkeyPatch, *, is_stuck: bool
) -> None:
    """No heartbeat is taken from a queue while each thread waits for an answer."""
    monkeypatch.setattr(signs_of_life, "_worked_at", {})
    settings.HTTP_TOTAL_TIMEOUT = -99.0 if is_stuck else 99.0
    begun = until(held)
    tasks.sync_bulk.push_request(delivery_info={"routing_key": "sync"})
    _task_stack.push(tasks.sync_bulk)
    try:
        with make().renewing(held):
            wait_until(lambda: until(held) > begun, "it is renewed")
    finally:
        _task_stack.pop()
        tasks.sync_bulk.pop_request()

    seen = Heartbeat.objects.filter(pk="worker.sync")
    if not is_stuck:
        wait_until(seen.exists, "it is a sign of life")
    assert seen.exists() is not is_stuck

"""A page renews the lease of its run, unless the run is not its worker's any more."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from integrations.models import Connection, SyncRun
from integrations.services.common.clock import DatabaseNow
from integrations.services.sync.leases import renewal
from tests.support.rows import make_connection, make_run

LEASE = uuid.UUID(int=7)


@pytest.fixture
def run(alice: User) -> SyncRun:
    return make_run(
        make_connection(alice),
        state="running",
        lease_id=LEASE,
        deliveries=3,
        seen=5,
        waited_seconds=0.5,
    )


def test_a_lease_is_renewed_with_what_was_counted_and_noted(
    run: SyncRun, settings: Any
) -> None:
    settings.STALE_RUN_SECONDS = 90.5
    SyncRun.objects.filter(pk=run.pk).update(lease_until=DatabaseNow())
    before = SyncRun.objects.get(pk=run.pk).lease_until
    assert before is not None
    run.progress = {"ä": {"seen": 7}}

    assert renewal.write(run, LEASE, {"seen": 7, "waited_seconds": 0.25, "changed": 0})

    run.refresh_from_db()
    assert (run.seen, run.waited_seconds, run.changed) == (12, 0.75, 0)
    assert (run.deliveries, run.progress) == (1, {"ä": {"seen": 7}})
    assert run.lease_until is not None
    length = run.lease_until - before
    assert timedelta() <= length - timedelta(seconds=90.5) < timedelta(seconds=60)


def test_a_renewed_lease_compares_with_times_as_one_that_was_taken(
    run: SyncRun,
) -> None:
    renewal.write(run, LEASE, {})
    until = SyncRun.objects.get(pk=run.pk).lease_until
    assert until is not None

    moment = timedelta(microseconds=1)
    same = SyncRun.objects.filter(lease_until=until)
    around = SyncRun.objects.filter(
        lease_until__gt=until - moment, lease_until__lt=until + moment
    )
    assert same.exists()
    assert around.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"lease_id": uuid.UUID(int=8)},
        {"lease_id": None},
        {"is_cancel_requested": True},
        {"state": "finished", "outcome": "complete", "finished_at": timezone.now()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_run_that_is_not_this_workers_is_not_renewed(
    run: SyncRun, changes: dict[str, Any]
) -> None:
    SyncRun.objects.filter(pk=run.pk).update(**changes)

    assert not renewal.write(run, LEASE, {"seen": 7})

    run.refresh_from_db()
    assert (run.seen, run.lease_until) == (5, None)


@pytest.mark.parametrize(
    ("changes", "is_renewed"),
    [
        ({"generation": F("generation") + 1}, False),
        *(
            ({"state": each}, each in ("active", "degraded"))
            for each in Connection.State
        ),
    ],
)
def test_a_run_whose_connection_is_another_one_or_not_to_be_read_is_not_renewed(
    run: SyncRun, changes: dict[str, Any], *, is_renewed: bool
) -> None:
    Connection.objects.filter(pk=run.connection_id).update(**changes)

    assert renewal.write(run, LEASE, {}) is is_renewed


def test_other_runs_are_left_alone(run: SyncRun, bob: User) -> None:
    other = make_run(make_connection(bob), state="running", lease_id=uuid.uuid4())

    renewal.write(run, LEASE, {"seen": 7})

    other.refresh_from_db()
    assert (other.seen, other.lease_until) == (0, None)

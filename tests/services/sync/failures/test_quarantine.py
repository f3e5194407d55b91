"""What kept killing its worker is started again by a user or a new release only."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import Connection, SyncRun
from integrations.services.common import release
from integrations.services.connections.status import status_of
from integrations.services.grants import readability
from integrations.services.sync import engine, quarantine, runs
from integrations.services.sync.leases import lease
from integrations.services.upkeep import schedule
from tests.services.fixtures import FinishSync

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarantined(connection: Connection, sandbox: Any) -> Connection:
    """Let a sync have ended its worker three times, and its next one be due."""
    run, _ = runs.open_run(connection, trigger="schedule")
    for _ in range(runs.MOST_DELIVERIES):
        assert lease.claim(run.pk, now=timezone.now()) is not None
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    engine.run_slice(run.pk)
    past = timezone.now() - timedelta(minutes=1)
    Connection.objects.update(next_sync_at=past, retry_at=past)
    connection.refresh_from_db()
    assert connection.reason == "quarantined"
    return connection


def test_the_schedule_leaves_it_alone(quarantined: Connection) -> None:
    for _ in range(2):
        schedule.dispatch_due()
        quarantine.lift_for_new_release()

    assert not quarantined.runs.filter(outcome="").exists()
    quarantined.refresh_from_db()
    assert quarantined.reason == "quarantined"
    status = status_of(quarantined)
    assert (status.condition, status.next_sync.at) == ("quarantined", None)
    assert "sync" in status.actions


def test_a_user_starts_it_again_and_so_does_the_schedule_after_that(
    quarantined: Connection, finish_sync: FinishSync
) -> None:
    assert finish_sync(quarantined).outcome == "complete"

    quarantined.refresh_from_db()
    assert (quarantined.state, quarantined.reason) == ("active", "")
    Connection.objects.update(next_sync_at=timezone.now() - timedelta(minutes=1))
    assert schedule.dispatch_due() == 1


def test_a_new_release_lets_the_schedule_start_it_again(
    quarantined: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "current", lambda: "another")

    assert quarantine.lift_for_new_release() == 1

    assert schedule.dispatch_due() == 1


def test_it_outlasts_a_key_of_the_site_that_is_wrong_for_a_while(
    quarantined: Connection, settings: Any
) -> None:
    right, settings.TOKEN_KEYS = settings.TOKEN_KEYS, Secret("k9:" + "B" * 43 + "=")
    readability.check()
    quarantined.refresh_from_db()
    assert status_of(quarantined).code == "site_key_wrong"
    schedule.dispatch_due()
    assert not quarantined.runs.filter(outcome="").exists()

    settings.TOKEN_KEYS = right
    readability.check()
    schedule.dispatch_due()

    quarantined.refresh_from_db()
    assert (quarantined.state, quarantined.reason) == ("degraded", "quarantined")
    assert not quarantined.runs.filter(outcome="").exists()


def test_a_new_release_leaves_alone_what_it_cannot_tell_the_release_of(
    quarantined: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    SyncRun.objects.all().delete()
    monkeypatch.setattr(release, "current", lambda: "another")

    assert quarantine.lift_for_new_release() == 0

    quarantined.refresh_from_db()
    assert quarantined.reason == "quarantined"

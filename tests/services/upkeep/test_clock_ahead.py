"""A clock was six hours ahead and is right again: nothing waits for those hours."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import DateTimeField, F
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import Transient
from integrations.http.secrets import Secret
from integrations.models import (
    AuthorizationState,
    Collection,
    Connection,
    Credential,
    Item,
    PendingRevocation,
    ProviderState,
    RefreshAttempt,
    SearchState,
    SyncRun,
)
from integrations.models.accounts.erasure import AccountErasure
from integrations.models.sync.progress import CollectionProgress, ProgressState
from integrations.services.common import queue
from integrations.services.common.proof import RecentProof
from integrations.services.connections import account_deletion
from integrations.services.grants import circuit_breaker, oauth_state, revocation
from integrations.services.grants.refresh_attempts import lease as refresh_lease
from integrations.services.items.search import reindex
from integrations.services.sync import engine, runs
from integrations.services.sync.leases import lease
from integrations.services.upkeep import schedule
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to, touch
from tests.support.pages.shown import condition_of
from tests.support.rows import make_connection, make_credential, make_grant, make_run

pytestmark = pytest.mark.django_db(transaction=True)
SIX_HOURS = timedelta(hours=6)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def ahead(now: datetime) -> datetime:
    return now + SIX_HOURS


class Broker:
    """Keep what was published."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send_task(self, name: str, args: list[str], **_options: Any) -> None:
        self.sent.append((name.rpartition(".")[2], args[0] if args else ""))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(queue, "current_app", made)
    return made


def test_a_sync_is_due_an_interval_from_now_at_the_latest(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    late = make_connection(alice, next_sync_at=ahead, sync_interval_minutes=15)
    daily = make_connection(alice, next_sync_at=ahead, sync_interval_minutes=1440)

    schedule.sweep(now=now)
    schedule.dispatch_due(now=now)

    assert late.runs.count() == 1
    assert daily.runs.count() == 0


def test_a_run_that_was_opened_in_the_future_is_published_and_taken(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    run = make_run(make_connection(alice), due_at=ahead, queued_at=ahead)

    assert runs.enqueue_lost(now=now) == 1
    assert lease.claim(run.pk, now=now) is not None


def test_a_run_whose_wait_was_set_in_the_future_waits_no_more(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    connection = make_connection(alice)
    waiting = CollectionProgress(
        name="Contacts", state=ProgressState.WAITING, retry_at=ahead
    )
    run = make_run(
        connection,
        state=SyncRun.State.RUNNING,
        due_at=ahead,
        released_at=ahead,
        progress={"1": waiting.to_json()},
    )

    assert runs.enqueue_lost(now=now) == 1
    claimed = lease.claim(run.pk, now=now)

    assert claimed is not None
    assert claimed[0].entries == {"1": replace(waiting, retry_at=None)}


def test_a_run_that_a_provider_asked_to_wait_goes_on_waiting(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    run = make_run(make_connection(alice), due_at=ahead, released_at=now)

    assert runs.enqueue_lost(now=now) == 0
    assert lease.claim(run.pk, now=now) is None


def test_a_run_that_is_due_in_a_month_is_due(
    alice: User, broker: Broker, now: datetime
) -> None:
    run = make_run(make_connection(alice), due_at=now + timedelta(days=30))

    assert lease.claim(run.pk, now=now) is not None


def test_a_lease_from_the_future_is_no_lease(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    run = make_run(
        make_connection(alice),
        state=SyncRun.State.RUNNING,
        lease_id=uuid4(),
        lease_until=ahead,
        enqueued_at=ahead,
    )

    assert runs.enqueue_lost(now=timezone.now()) == 1
    assert lease.claim(run.pk, now=timezone.now()) is not None


def test_a_lease_that_another_machine_has_just_renewed_is_one(
    alice: User, now: datetime
) -> None:
    seconds_ahead = now + lease.lease_length() + timedelta(seconds=9)
    run = make_run(make_connection(alice), lease_id=uuid4(), lease_until=seconds_ahead)

    assert lease.claim(run.pk, now=timezone.now()) is None


def test_a_run_published_in_the_future_is_published_again(
    alice: User, broker: Broker, ahead: datetime
) -> None:
    make_run(make_connection(alice), enqueued_at=ahead)

    assert runs.enqueue_lost(now=timezone.now()) == 1


def test_a_token_that_was_refreshed_in_the_future_is_refreshed_now(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    later = ahead + timedelta(minutes=20)
    make_grant(
        make_connection(alice),
        refreshed_at=ahead,
        refresh_due_at=later,
        access_expires_at=later,
    )

    assert schedule.refresh_due(now=now) == 0
    schedule.sweep(now=now)

    assert schedule.refresh_due(now=now) == 1


@pytest.mark.parametrize(("is_ahead", "is_taken"), [(True, True), (False, False)])
def test_nobody_is_held_off_by_an_answer_from_the_future(
    alice: User, now: datetime, ahead: datetime, is_ahead: bool, is_taken: bool
) -> None:
    connection = make_connection(alice)
    make_credential(connection, lease_until=ahead + timedelta(minutes=5))
    RefreshAttempt.objects.create(
        id=uuid4(),
        connection=connection,
        why="schedule",
        started_at=ahead if is_ahead else now,
    )

    assert refresh_lease.take(connection.pk, uuid4(), 1) is is_taken


def test_nobody_is_held_off_for_longer_than_a_provider_may_ask(
    alice: User, now: datetime
) -> None:
    connection = make_connection(alice)
    make_credential(connection, lease_until=now + timedelta(days=2))

    assert refresh_lease.take(connection.pk, uuid4(), 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"paused_until": SIX_HOURS, "since": timedelta(0)},
        {"paused_until": SIX_HOURS, "since": SIX_HOURS},
        {"paused_until": timedelta(minutes=9), "since": timedelta(minutes=2)},
    ],
)
def test_a_provider_is_not_paused_until_some_hours_later(
    db: None, now: datetime, columns: dict[str, timedelta]
) -> None:
    ProviderState.objects.create(
        provider="hubspot", **{name: now + by for name, by in columns.items()}
    )

    circuit_breaker.ensure_running("hubspot")


def test_a_provider_that_is_paused_stays_paused(db: None, now: datetime) -> None:
    until = now + timedelta(minutes=9)
    ProviderState.objects.create(provider="hubspot", paused_until=until, since=now)

    with pytest.raises(Transient):
        circuit_breaker.ensure_running("hubspot")


@pytest.mark.parametrize(("days", "is_read"), [(40, True), (20, False)])
def test_no_quota_keeps_a_collection_from_being_read_for_longer_than_a_month(
    synced: Connection,
    finish_sync: FinishSync,
    now: datetime,
    days: int,
    is_read: bool,
) -> None:
    synced.collections.update(blocked_until=now + timedelta(days=days))

    run = finish_sync(synced)

    read = {e.state is ProgressState.DONE for e in run.entries.values()}
    assert read == {is_read}


def test_changes_are_read_although_the_watermark_is_of_the_future(
    synced: Connection, finish_sync: FinishSync, sandbox: Any, ahead: datetime
) -> None:
    synced.collections.update(watermark=ahead, last_full_refresh_at=ahead)
    touch(sandbox, count=1, property="city", value="Bergen")

    finish_sync(synced, trigger="schedule")

    cities = {item.properties.get("city") for item in Item.objects.all()}
    assert "Bergen" in cities
    assert not synced.collections.filter(watermark__gt=timezone.now()).exists()


@pytest.mark.parametrize(
    "column",
    ["last_full_refresh_at", "short_refresh_at"],
)
def test_a_full_refresh_of_the_future_is_none(
    synced: Connection, finish_sync: FinishSync, ahead: datetime, column: str
) -> None:
    before = _generations(synced)
    synced.collections.update(**{column: ahead})

    finish_sync(synced, trigger="schedule")

    assert all(after > before[key] for key, after in _generations(synced).items())


def _generations(connection: Connection) -> dict[Any, int]:
    return dict(Collection.objects.values_list("pk", "generation"))


def test_collections_are_looked_for_again_after_a_look_in_the_future(
    synced: Connection, finish_sync: FinishSync, ahead: datetime
) -> None:
    Connection.objects.update(discovered_at=ahead)

    finish_sync(synced)

    synced.refresh_from_db()
    assert synced.discovered_at is not None
    assert synced.discovered_at <= timezone.now()


def test_an_erasure_that_was_claimed_in_the_future_goes_on(
    alice: User, broker: Broker, ahead: datetime
) -> None:
    account_deletion.erase(alice, proof=RecentProof(user=alice))
    AccountErasure.objects.update(claimed_until=ahead)

    assert account_deletion.erase_due() == 0


@pytest.mark.parametrize(
    ("tries", "by"), [(0, SIX_HOURS), (0, timedelta(hours=1)), (3, SIX_HOURS)]
)
def test_a_revocation_of_the_future_is_due(
    sandbox: Any, now: datetime, tries: int, by: timedelta
) -> None:
    pending = revocation.schedule("hubspot", "1:1", Secret("a-token-that-is-none"))
    PendingRevocation.objects.update(due_at=now + by, tries=tries)

    revocation.revoke_due()

    again = PendingRevocation.objects.filter(pk=pending.pk).first()
    assert again is None or again.tries > tries


def test_a_revocation_that_waits_after_a_failure_goes_on_waiting(
    sandbox: Any, now: datetime
) -> None:
    revocation.schedule("hubspot", "1:1", Secret("a-token-that-is-none"))
    PendingRevocation.objects.update(due_at=now + timedelta(hours=1), tries=7)

    assert revocation.revoke_due() == 0
    assert PendingRevocation.objects.get().tries == 7


def test_a_state_of_the_future_is_not_valid_for_hours(
    alice: User, ahead: datetime
) -> None:
    value = oauth_state.issue(provider="hubspot", user=alice, session_nonce="n")
    AuthorizationState.objects.update(created_at=ahead)

    with pytest.raises(oauth_state.StateRefusedError) as refused:
        oauth_state.consume(
            value.reveal(), provider="hubspot", user=alice, session_nonce="n"
        )

    assert refused.value.kind == "expired"


def test_a_credential_of_today_is_left_alone(
    alice: User, broker: Broker, now: datetime
) -> None:
    due = now + timedelta(minutes=20)
    make_credential(make_connection(alice), refreshed_at=now, refresh_due_at=due)

    schedule.sweep(now=now)

    assert Credential.objects.get().refresh_due_at == due


def test_the_waits_of_a_worker_that_died_ahead_are_forgotten(
    alice: User, broker: Broker, ahead: datetime
) -> None:
    """It never released its lease, which is all that tells."""
    waiting = CollectionProgress(
        name="Contacts", state=ProgressState.WAITING, retry_at=ahead
    )
    run = make_run(
        make_connection(alice),
        state=SyncRun.State.RUNNING,
        lease_id=uuid4(),
        lease_until=ahead,
        progress={"1": waiting.to_json()},
    )

    claimed = lease.claim(run.pk, now=timezone.now())

    assert claimed is not None
    assert claimed[0].entries == {"1": replace(waiting, retry_at=None)}


def test_a_refresh_that_was_left_in_the_future_is_due(
    alice: User, broker: Broker, now: datetime, ahead: datetime
) -> None:
    make_grant(
        make_connection(alice),
        refreshed_at=now - timedelta(minutes=20),
        refresh_due_at=ahead,
        attempt_id=uuid4(),
        attempt_started_at=ahead,
    )

    schedule.sweep(now=now)

    assert schedule.refresh_due(now=now) == 1


def test_an_index_that_was_claimed_in_the_future_is_written(
    synced: Connection, ahead: datetime
) -> None:
    SearchState.objects.update(claimed_until=ahead, indexed_with="")

    reindex.run_slice()

    assert not reindex.outdated().exists()


@pytest.mark.parametrize("by", [timedelta(minutes=40), SIX_HOURS])
def test_whatever_stored_time_lies_ahead_the_next_sync_comes_and_misses_nothing(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    client: Client,
    by: timedelta,
) -> None:
    run, _ = runs.open_run(synced, trigger="user", full=True)
    engine.run_slice(run.pk, seconds=0.000001)
    SyncRun.objects.filter(pk=run.pk).update(
        lease_id=uuid4(), lease_until=timezone.now() + lease.lease_length()
    )
    for model in apps.get_app_config("integrations").get_models():
        names = [
            field.name
            for field in model._meta.get_fields()
            if isinstance(field, DateTimeField) and not field.name.startswith("remote_")
        ]
        if names:
            model._default_manager.update(**{name: F(name) + by for name in names})
    touch(sandbox, count=1, property="city", value="Bergen")

    schedule.sweep()
    schedule.dispatch_due()
    client.force_login(synced.owner)
    page = client.get(synced.get_absolute_url()).content.decode()

    assert condition_of(page).state not in {"waiting", "stale", "provider_paused"}
    for _ in range(60):
        if engine.run_slice(run.pk) is None:
            break
    run.refresh_from_db()
    assert run.outcome == "complete"
    assert finish_sync(synced, trigger="schedule").outcome == "complete"
    cities = {item.properties.get("city") for item in Item.objects.all()}
    assert "Bergen" in cities
    assert_equal_to(sandbox)

"""Two workers, a late answer, a clock that jumps: the grant survives all of it."""

import signal
import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import RateLimited, Transient
from integrations.http.secrets import Secret
from integrations.models import Connection, Credential
from integrations.oauth import errors as oauth_errors
from integrations.oauth.tokens import TokenSet
from integrations.services.common import connection_state, shutdown
from integrations.services.common.errors import NoTokenError
from integrations.services.grants import (
    circuit_breaker,
    credentials,
    refresh,
)
from integrations.services.grants.refresh_attempts import intent, lease, outcome
from integrations.services.upkeep import schedule
from integrations.tasks import refresh_connection
from tests.services.grants.working import (
    age,
    outcomes,
    refresh_now,
    send_and_vanish,
    stats,
)

pytestmark = pytest.mark.django_db


def test_the_next_worker_asks_before_it_spends_a_token_again(
    credential: Credential, strict: Any
) -> None:
    attempt, answer = send_and_vanish(credential)
    age(credential, 45)
    requests = strict.count("oauth/2026-09/token")

    with pytest.raises(RateLimited):
        refresh_now(credential)

    assert strict.log[-1].endswith("/token/introspect")
    assert strict.count("oauth/2026-09/token") == requests + 1
    assert outcome.store(attempt, answer) == "refreshed"
    assert refresh_now(credential).version == 3
    assert stats(strict)["double_spends"] == 0


def test_a_late_good_answer_mends_a_connection_that_was_given_up(
    credential: Credential, strict: Any
) -> None:
    attempt, answer = send_and_vanish(credential)
    age(credential, 100)
    with pytest.raises(NoTokenError):
        refresh_now(credential)
    assert Connection.objects.get().reason == "rotation_lost"
    assert outcomes() == ["abandoned"]

    outcome.store(attempt, answer)

    assert Connection.objects.get().state == "active"
    assert refresh_now(credential).version == 3
    assert stats(strict)["double_spends"] == 0


def test_a_retry_that_spent_nothing_leaves_the_doubt_as_it_was(
    credential: Credential, sandbox: Any
) -> None:
    for fault in ({"kind": "lost"}, {"kind": "status", "status": 503}):
        sandbox.client.command("faults/add", family="token", count=1, **fault)
        with pytest.raises(Transient):
            refresh_now(credential)
        age(credential, 200)

    credential.refresh_from_db()
    assert credential.attempt_id is not None
    # The provider is asked first, because the token was sent twice.
    assert credential.unknown_outcomes == 1
    assert refresh_now(credential).version == 2


def test_a_clock_that_was_set_back_blocks_nobody_for_long(
    credential: Credential,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Credential.objects.update(
        lease_id=uuid.uuid4(),
        lease_until=later,
        attempt_id=uuid.uuid4(),
        attempt_started_at=later,
    )

    with pytest.raises(RateLimited) as caught:
        refresh_now(credential)

    assert caught.value.retry_after is not None
    assert caught.value.retry_after <= 30
    age(credential, 31)
    assert refresh_now(credential).version == 2


def test_a_worker_that_stood_still_before_sending_sends_nothing(
    credential: Credential, sandbox: Any
) -> None:
    lease_id = uuid.uuid4()
    lease.take(credential.connection_id, lease_id, 1)
    attempt = intent.commit(credential.connection_id, lease_id, "test")
    stale = replace(attempt, send_before=time.monotonic() - 1.0)
    requests = sandbox.count("/token")

    with pytest.raises(RateLimited):
        refresh._send_and_store(stale)

    assert sandbox.count("/token") == requests
    assert outcomes() == ["not_sent"]


def test_a_refresh_that_was_on_its_way_ends_a_pause_when_it_succeeds(
    credential: Credential,
) -> None:
    lease_id = uuid.uuid4()
    assert lease.take(credential.connection_id, lease_id, credential.version)
    attempt = intent.commit(credential.connection_id, lease_id, "test")
    circuit_breaker.pause("hubspot", oauth_errors.ClientRejected("refused"))

    refresh._send_and_store(attempt)

    circuit_breaker.ensure_running("hubspot")


def test_a_lease_that_was_taken_over_is_never_used(credential: Credential) -> None:
    mine, others = uuid.uuid4(), uuid.uuid4()
    lease.take(credential.connection_id, mine, 1)
    Credential.objects.update(lease_id=others)

    with pytest.raises(RateLimited):
        intent.commit(credential.connection_id, mine, "test")

    credential.refresh_from_db()
    assert (credential.lease_id, credential.attempt_id) == (others, None)


def test_a_slow_failure_leaves_the_next_workers_lease_alone(
    credential: Credential,
) -> None:
    mine, others = uuid.uuid4(), uuid.uuid4()
    lease.take(credential.connection_id, mine, 1)
    attempt = intent.commit(credential.connection_id, mine, "test")
    Credential.objects.update(lease_id=others)

    outcome.leave_open(attempt)

    credential.refresh_from_db()
    assert credential.lease_id == others


def test_a_state_is_not_written_over_a_version_that_came_in_between(
    credential: Credential,
) -> None:
    connection = Connection.objects.get()
    Credential.objects.update(version=2)

    said = connection_state.needs_reconnect(connection, "grant_rejected", version=1)

    assert not said
    assert Connection.objects.get().state == "active"


def test_a_second_delivery_finds_the_work_done(
    credential: Credential, sandbox: Any
) -> None:
    arguments = (str(credential.connection_id), "schedule", "1")
    refresh_connection(*arguments)
    requests = sandbox.count("/token")

    refresh_connection(*arguments)

    credential.refresh_from_db()
    assert credential.version == 2
    assert sandbox.count("/token") == requests


@pytest.mark.alone
def test_a_worker_of_the_refresh_queue_never_waits_for_a_winner(
    credential: Credential,
) -> None:
    Credential.objects.update(
        lease_id=uuid.uuid4(), lease_until=timezone.now() + timedelta(seconds=30)
    )
    began = time.monotonic()

    refresh_connection(str(credential.connection_id), "schedule", "1")

    assert time.monotonic() - began < 1


@pytest.mark.parametrize("due_in", [None, 3600])
def test_an_attempt_left_open_is_due_whatever_the_clock_says(
    credential: Credential, due_in: int | None
) -> None:
    due_at = timezone.now() + timedelta(seconds=due_in) if due_in else None
    Credential.objects.update(
        attempt_id=uuid.uuid4(),
        attempt_started_at=timezone.now() - timedelta(seconds=45),
        lease_until=timezone.now() - timedelta(seconds=1),
        refresh_due_at=due_at,
    )

    first, second = schedule.refresh_due(), schedule.refresh_due()

    assert (first, second) == (1, 0)
    later = timezone.now() + schedule.REFRESH_CLAIM + timedelta(seconds=1)
    assert schedule.refresh_due(now=later) == 1


def test_the_soft_time_limit_waits_until_the_answer_is_stored() -> None:
    struck: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: struck.append(number))
    try:
        with shutdown.soft_time_limit_deferred():
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            assert not struck
        assert struck == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_grant_without_stated_lifetimes_is_kept_alive_all_the_same() -> None:
    now = timezone.now()
    tokens_without_life = TokenSet(access_token=Secret("a"), refresh_token=Secret("r"))

    columns = credentials.seal_tokens(
        tokens_without_life,
        connection_id=uuid.uuid4(),
        generation=1,
        now=now,
        keep_alive=timedelta(days=7),
    )

    assert columns["access_expires_at"] is None
    assert now < columns["refresh_due_at"] < now + timedelta(days=7)

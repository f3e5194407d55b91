"""A refresh token is spent once, its answer is never lost, and a dead grant is said."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from integrations.http.errors import RateLimited, Transient
from integrations.models import Connection, Credential, ProviderState
from integrations.services.common.errors import NoTokenError
from integrations.services.grants import credentials, refresh, tokens
from integrations.services.grants.stores import fallback_store
from integrations.services.notices import sending, watch
from integrations.services.upkeep import schedule
from tests.services.grants.working import (
    age_attempt,
    expire,
    outcomes,
    refresh_now,
    wait_out,
)

pytestmark = pytest.mark.django_db


def test_a_token_that_lives_is_handed_out_without_a_call(
    credential: Credential, sandbox: Any
) -> None:
    calls = len(sandbox.log)

    issued = tokens.token_for(credential.connection_id)

    assert issued.version == 1
    assert len(sandbox.log) == calls


def test_an_expired_token_is_renewed_first(
    credential: Credential, sandbox: Any
) -> None:
    expire(credential)

    issued = tokens.token_for(credential.connection_id)

    assert issued.version == 2
    assert outcomes() == ["refreshed"]
    assert sandbox.client.query("stats")["double_spends"] == 0


def test_the_hot_path_needs_no_query(
    credential: Credential, django_assert_num_queries: Any
) -> None:
    first = tokens.token_for(credential.connection_id)

    with django_assert_num_queries(0):
        again = tokens.token_for(credential.connection_id, seen=first)

    assert again.secret == first.secret


def test_losers_use_the_winners_result(credential: Credential, sandbox: Any) -> None:
    refresh_now(credential)
    requests = sandbox.count("/token")

    result = refresh.refresh_credential(
        credential.connection_id, seen_version=1, why="late"
    )

    assert result.version == 2
    assert sandbox.count("/token") == requests


def test_nobody_refreshes_because_waiting_took_too_long(
    credential: Credential, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "WAIT_FOR_WINNER_SECONDS", 0.0)
    Credential.objects.update(
        lease_id=uuid.uuid4(), lease_until=timezone.now() + timedelta(seconds=30)
    )
    requests = sandbox.count("/token")

    with pytest.raises(RateLimited):
        refresh_now(credential)

    assert sandbox.count("/token") == requests


def test_a_rotated_refresh_token_replaces_the_old_one(
    credential: Credential, sandbox: Any
) -> None:
    sandbox.client.command("switches/set", name="rotation", value=True)
    sandbox.client.command("switches/set", name="punish_reuse", value=True)

    for _ in range(3):
        refresh_now(credential)

    credential.refresh_from_db()
    assert credential.version == 4
    assert sandbox.client.query("stats")["double_spends"] == 0


def test_an_answer_without_a_refresh_token_keeps_the_old_one(
    credential: Credential, sandbox: Any
) -> None:
    before = credentials.open_refresh(credential)
    sandbox.client.command(
        "faults/add", kind="no_refresh_token", family="token", count=1
    )

    refresh_now(credential)

    credential.refresh_from_db()
    assert credential.version == 2
    assert credentials.open_refresh(credential) == before


def test_a_refused_grant_is_said_once_and_in_words(
    credential: Credential, sandbox: Any
) -> None:
    sandbox.client.command("grants/revoke")

    for _ in range(2):
        with pytest.raises(NoTokenError):
            refresh_now(credential)
        watch.watch_connections(now=timezone.now())
        sending.send_due()

    connection = Connection.objects.get()
    assert (connection.state, connection.reason) == (
        "needs_reconnect",
        "grant_rejected",
    )
    assert len(mail.outbox) == 1
    assert outcomes() == ["grant_rejected"]


def test_a_refused_client_pauses_the_provider_and_touches_no_connection(
    credential: Credential, sandbox: Any
) -> None:
    sandbox.client.command("faults/add", kind="invalid_client", family="token")

    with pytest.raises(Transient):
        refresh_now(credential)
    requests = sandbox.count("/token")
    with pytest.raises(Transient):
        refresh_now(credential)

    assert Connection.objects.get().state == "active"
    assert ProviderState.objects.get().is_paused
    assert sandbox.count("/token") == requests


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "status", "status": 503}, "server"),
        ({"kind": "status", "status": 429}, "rate_limited"),
    ],
)
def test_a_provider_in_trouble_is_asked_again_later(
    credential: Credential, sandbox: Any, fault: dict[str, Any], outcome: str
) -> None:
    sandbox.client.command("faults/add", family="token", count=1, **fault)

    with pytest.raises(Transient):
        refresh_now(credential)

    credential.refresh_from_db()
    assert outcomes() == [outcome]
    assert credential.attempt_id is None
    assert credential.refresh_due_at > timezone.now()
    requests = sandbox.count("/token")
    with pytest.raises(Transient):
        refresh_now(credential)
    assert sandbox.count("/token") == requests
    wait_out(credential)
    assert refresh_now(credential).version == 2


@pytest.mark.parametrize("kind", ["lost", "no_access_token", "truncated", "html"])
def test_an_unknown_outcome_costs_one_spaced_retry(
    credential: Credential, sandbox: Any, kind: str
) -> None:
    sandbox.client.command("faults/add", kind=kind, family="token", count=1)
    with pytest.raises(Transient):
        refresh_now(credential)
    requests = sandbox.count("/token")

    with pytest.raises(RateLimited):
        refresh_now(credential)
    assert sandbox.count("/token") == requests
    age_attempt(credential)

    assert refresh_now(credential).version == 2
    assert Connection.objects.get().state == "active"


def test_a_worker_that_vanished_after_its_intent_is_followed_by_one_retry(
    credential: Credential,
) -> None:
    Credential.objects.update(
        attempt_id=uuid.uuid4(),
        attempt_started_at=timezone.now(),
        lease_until=timezone.now() - timedelta(seconds=1),
    )
    with pytest.raises(RateLimited):
        refresh_now(credential)
    age_attempt(credential)

    assert refresh_now(credential).version == 2


def test_a_rotation_whose_answer_was_lost_is_said_to_be_lost(
    credential: Credential, sandbox: Any
) -> None:
    sandbox.client.command("switches/set", name="rotation", value=True)
    sandbox.client.command("faults/add", kind="lost", family="token", count=1)
    with pytest.raises(Transient):
        refresh_now(credential)
    age_attempt(credential)

    with pytest.raises(NoTokenError):
        refresh_now(credential)

    assert Connection.objects.get().reason == "rotation_lost"


def test_after_two_unknown_outcomes_the_provider_is_asked_before_spending_again(
    credential: Credential, sandbox: Any
) -> None:
    sandbox.client.command("faults/add", kind="lost", family="token", count=2)
    for _ in range(2):
        with pytest.raises(Transient):
            refresh_now(credential)
        age_attempt(credential)
    introspections = sandbox.count("introspect")

    assert refresh_now(credential).version == 2
    assert sandbox.count("introspect") == introspections + 1


def test_a_late_answer_is_stored_as_long_as_nothing_newer_is_there(
    credential: Credential, grant: Callable[..., Any]
) -> None:
    fresh, _ = grant()
    columns = credentials.seal_tokens(
        fresh, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    Connection.objects.update(state="needs_reconnect", reason="grant_rejected")

    assert credentials.store(credential.connection_id, 1, 1, columns)
    assert not credentials.store(credential.connection_id, 1, 1, columns)
    assert Connection.objects.get().state == "active"


def test_a_late_answer_cannot_overwrite_a_newer_grant(
    credential: Credential, grant: Callable[..., Any]
) -> None:
    fresh, _ = grant()
    columns = credentials.seal_tokens(
        fresh, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    Credential.objects.update(generation=2)

    assert not credentials.store(credential.connection_id, 1, 1, columns)


@pytest.mark.django_db(transaction=True)
def test_an_answer_the_database_cannot_take_is_kept_and_stored_later(
    credential: Credential,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Any,
) -> None:
    from django.db import OperationalError

    settings.VAR_DIR = tmp_path

    def away(*_args: Any) -> bool:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(credentials, "store", away)
        with pytest.raises(Transient):
            refresh_now(credential)
    files = list((tmp_path / "fallback_store").glob("*.json"))
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600"]

    assert fallback_store.restore_all() == 1

    credential.refresh_from_db()
    assert credential.version == 2
    assert not list((tmp_path / "fallback_store").glob("*.json"))


def test_a_credential_without_its_key_raises_and_stays_as_it_is(
    credential: Credential, settings: Any
) -> None:
    from integrations.http.secrets import Secret

    stored = credential.access_token
    settings.TOKEN_KEYS = Secret("k9:" + "A" * 43 + "=")

    with pytest.raises(NoTokenError) as caught:
        tokens.token_for(credential.connection_id)

    credential.refresh_from_db()
    assert caught.value.reason == "credential_unreadable"
    assert credential.access_token == stored


def test_due_times_lie_ahead_of_expiry_and_off_the_full_hour() -> None:
    now = timezone.now().replace(minute=34, second=0, microsecond=0)
    dues = [
        credentials.due_at(uuid.uuid4(), now=now, lifetime=1800) for _ in range(500)
    ]

    assert all(
        now + timedelta(minutes=15) < due < now + timedelta(minutes=26) for due in dues
    )
    assert not [due for due in dues if due.minute in {0, 59}]
    assert len({due.replace(microsecond=0) for due in dues}) > 50


def test_what_is_due_is_queued_once_by_any_number_of_schedulers(
    credential: Credential,
) -> None:
    Credential.objects.update(refresh_due_at=timezone.now() - timedelta(seconds=1))

    first, second = schedule.refresh_due(), schedule.refresh_due()

    assert (first, second) == (1, 0)

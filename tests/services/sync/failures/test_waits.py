"""What an open run waits for is stored with it, by code, and gone when it goes on."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Connection, Credential, Item, ProviderState
from integrations.models.messages import wording
from integrations.services.connections.status import status_of
from integrations.services.grants import refresh
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.grants.working import expire
from tests.services.hubspot_account import assert_equal_to, touch

LIMITED = b"""{
  "status": "error",
  "message": "You have reached a limit",
  "correlationId": "aeb5f871-7f07-4993-9211-075dc63e7cbf",
  "category": "RATE_LIMITS"
}"""


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 500}, "provider_down"),
        ({"kind": "status", "status": 429, "retry_after": 40}, "rate_limited"),
        ({"kind": "reset"}, "network"),
        ({"kind": "html"}, "odd_answer"),
    ],
)
def test_a_wait_is_told_by_what_was_answered(
    connection: Connection, sandbox: Any, fault: dict[str, Any], code: str
) -> None:
    sandbox.client.command("faults/add", **{"family": "list", "count": 9, **fault})
    run, _ = runs.open_run(connection, trigger="user")

    while engine.run_slice(run.pk) == 0:
        pass

    run.refresh_from_db()
    assert (run.is_open, run.reason) == (True, code)
    status = status_of(connection)
    assert (status.condition, status.code) == ("waiting", code)
    assert status.next_sync.at == run.due_at


def test_a_wait_counts_its_attempts_and_ends_with_the_next_slice(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    # Three kinds are asked at once, and each once more.
    sandbox.client.command(
        "faults/add", kind="status", status=500, family="list", count=6
    )
    run, _ = runs.open_run(connection, trigger="user")

    while engine.run_slice(run.pk) == 0:
        pass
    run.refresh_from_db()
    waited = dict(run.reason_data)
    finish_sync(connection)
    run.refresh_from_db()

    assert waited["attempt"] == 2
    assert (run.outcome, run.reason, run.reason_data) == ("complete", "", {})


def test_a_paused_provider_is_waited_for_by_its_own_code(
    connection: Connection,
) -> None:
    until = timezone.now() + timedelta(minutes=5)
    ProviderState.objects.create(provider=connection.provider, paused_until=until)
    expire(Credential.objects.get())
    run, _ = runs.open_run(connection, trigger="user")

    engine.run_slice(run.pk)

    run.refresh_from_db()
    assert run.reason == "provider_paused"
    assert status_of(connection).condition == "provider_paused"


def test_a_token_that_another_worker_renews_is_no_rate_limit(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "WAIT_FOR_WINNER_SECONDS", 0.0)
    cache.clear()
    now = timezone.now()
    Credential.objects.filter(pk=connection.pk).update(
        access_expires_at=now - timedelta(minutes=1),
        lease_id=connection.pk,
        lease_until=now + timedelta(minutes=1),
    )
    run, _ = runs.open_run(connection, trigger="user")

    engine.run_slice(run.pk)

    run.refresh_from_db()
    assert (run.reason, run.waited_seconds) == ("refreshing", 0)


def test_a_permission_that_today_s_keys_cannot_open_needs_reconnecting(
    connection: Connection, finish_sync: FinishSync, settings: Any
) -> None:
    Credential.objects.filter(pk=connection.pk).update(access_token="v1.k1.ZGFtYWdlZA")

    run = finish_sync(connection)

    assert run.outcome == "failed"
    status = status_of(connection)
    assert (status.condition, status.code) == (
        "needs_reconnect",
        "credential_unreadable",
    )
    assert not {"sync", "full_refresh"} & status.actions


def test_a_run_that_waits_for_a_dead_grant_goes_on_never(
    connection: Connection, sandbox: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="status", status=429, retry_after=40, family="list"
    )
    run, _ = runs.open_run(connection, trigger="user")
    engine.run_slice(run.pk)
    Connection.objects.update(state="needs_reconnect", reason="grant_rejected")
    run.refresh_from_db()
    run.connection.refresh_from_db()

    assert not run.is_waiting
    assert run.result_text == "Stopping"
    assert let_time_pass(run) is None


@pytest.mark.parametrize(("status", "is_full"), [(503, False), (429, True)])
def test_a_collection_that_has_to_wait_long_keeps_no_run_open(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    is_full: bool,
) -> None:
    send, now = sandbox.send, timezone.now()

    def ask_to_wait(request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        answer: Response = send(request, timeouts, max_bytes)
        if "/deals" not in request.url or "/objects/" not in request.url:
            return answer
        headers = {**answer.headers, "retry-after": "3600"}
        return replace(answer, status=status, body=LIMITED, headers=headers)

    with monkeypatch.context() as patched, time_machine.travel(now, tick=False):
        patched.setattr(sandbox, "send", ask_to_wait)
        run, _ = runs.open_run(synced, trigger="schedule", full=is_full)
        while engine.run_slice(run.pk) is not None:
            pass
    run.refresh_from_db()
    deals = synced.collections.get(remote_id="deals")
    synced.refresh_from_db()
    # It goes on when the wait is over, whatever the schedule is.
    assert synced.retry_at == deals.blocked_until
    assert (deals.full_refresh_wanted_at is not None) is is_full
    contacts = synced.collections.get(remote_id="contacts")
    assert contacts.full_refresh_wanted_at is None
    assert (run.is_open, run.outcome) == (False, "partial")
    assert deals.completeness == "complete"
    assert deals.blocked_until == now + timedelta(hours=1)
    assert wording.time_text(deals.blocked_until) in deals.reason_text

    touch(sandbox, count=4, property="city", value="Bergen")
    with time_machine.travel(now + timedelta(minutes=16)):
        assert finish_sync(synced).outcome == "partial"
    assert Item.objects.filter(properties__city="Bergen").count() == 4

    with time_machine.travel(now + timedelta(minutes=61)):
        assert finish_sync(synced).outcome == "complete"
    assert_equal_to(sandbox)

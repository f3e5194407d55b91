"""Grants that just arrived, and failures of grants, on a running product."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.real.support.web_user import WebUser

pytestmark = pytest.mark.real

EMAIL = "alice@example.com"
LONG_AGO = "2020-01-01 00:00:00"
DISPATCH = """
from integrations.services.upkeep import schedule
schedule.dispatch_due()
"""
STATES = "select provider, state from integrations_connection order by id"
OF_PROVIDER = (
    "where connection_id in (select id from integrations_connection where provider = ?)"
)
FINGERPRINT = f"select fingerprint from integrations_credential {OF_PROVIDER}"
# A renewal is due, and nobody is at it.
MAKE_DUE = (
    "update integrations_credential set refresh_due_at = ?, lease_until = null,"
    f" lease_id = null {OF_PROVIDER} returning version"
)


@pytest.fixture(scope="module")
def grants(make_any_stack: MakeStack) -> Iterator[Stack]:
    """Return pages and workers, and nothing that ticks by itself."""
    stack = make_any_stack(HTTP_READ_TIMEOUT="3")
    stack.join_workers()
    try:
        stack.start("valkey", "sandbox", "web", "worker")
        yield stack
    finally:
        stack.close()


@pytest.fixture
def calm(grants: Stack) -> Stack:
    for name in {"web", "worker"} - grants.running.keys():
        grants.start(name)
    grants.sandbox("calm")
    grants.sandbox("stats/reset")
    return grants


def living_grants(stack: Stack, provider: str) -> list[str]:
    """Return the refresh tokens that the provider would still take."""
    tokens = stack.ask_sandbox("tokens")["tokens"]
    return [
        token["value"]
        for token in tokens
        if token["provider"] == provider
        and token["kind"] == "refresh"
        and not (token["revoked_at"] or token["spent_at"])
    ]


def has_struck(stack: Stack, kind: str) -> bool:
    return bool(stack.ask_sandbox("stats")["faults_struck"].get(kind))


def visit(user: WebUser, address: str) -> threading.Thread:
    """Open a page meanwhile, whose server may not live to answer."""

    def open_it() -> None:
        with suppress(requests.RequestException):
            user.get(address)

    thread = threading.Thread(target=open_it)
    thread.start()
    return thread


def kept_files(stack: Stack) -> list[Path]:
    return list((stack.directory / "var" / "fallback_store").glob("*.consent"))


def test_a_consent_survives_odd_answers_about_whose_it_is(calm: Stack) -> None:
    user = calm.user(EMAIL)
    calm.sandbox(
        "faults/add", provider="airtable", family="whoami", count=2, kind="intermediary"
    )

    path = user.connect("airtable")

    assert user.get(path).ok
    assert ("airtable", "active") in calm.rows(STATES)


def test_a_consent_outlives_the_process_that_had_it(calm: Stack) -> None:
    user = calm.user("bo@example.com")
    asked = user.start_connecting("airtable")
    callback = user.consent(asked, identity="kestrel:usrMoKestrelStudi")
    late = {"kind": "latency", "ms": 2500, "count": 1}
    calm.sandbox("faults/add", provider="airtable", family="whoami", **late)
    visiting = visit(user, callback)
    wait_until(lambda: has_struck(calm, "latency"), "the account is asked for")

    calm.kill("web")
    visiting.join(30)
    assert len(kept_files(calm)) == 1
    calm.start("web")
    calm.manage("sweep")

    found = calm.wait_for_row(
        "select state from integrations_connection join auth_user"
        " on auth_user.id = owner_id where email = 'bo@example.com'"
    )
    assert found == ("active",)
    wait_until(lambda: not kept_files(calm), "the file is gone")
    assert len(calm.token_requests("airtable")) == 1


def test_of_two_consents_under_way_the_newest_is_kept_and_the_other_given_back(
    calm: Stack,
) -> None:
    user = calm.user(EMAIL)
    first = user.consent(user.start_connecting("hubspot"))
    second = user.consent(user.start_connecting("hubspot"))
    late = {"kind": "latency", "ms": 2500, "count": 1}
    calm.sandbox("faults/add", provider="hubspot", family="account", **late)
    older = visit(user, first)
    wait_until(lambda: has_struck(calm, "latency"), "the older one is identified")

    newer = user.get(second)
    stored = calm.rows(FINGERPRINT, "hubspot")
    older.join(30)

    assert newer.ok
    assert calm.rows(FINGERPRINT, "hubspot") == stored
    wait_until(
        lambda: len(living_grants(calm, "hubspot")) == 1, "the other is given back"
    )
    calm.manage("refresh_due")
    assert ("hubspot", "active") in calm.rows(STATES)


def test_the_grant_of_an_account_that_is_another_users_is_given_back(
    calm: Stack,
) -> None:
    calm.user(EMAIL).connect("hubspot")
    before = calm.rows(FINGERPRINT, "hubspot")
    bob = calm.user("bob@example.com")

    page = bob.get(bob.consent(bob.start_connecting("hubspot")))

    assert page.ok
    assert len(before) == 1
    assert calm.rows(FINGERPRINT, "hubspot") == before
    wait_until(
        lambda: len(living_grants(calm, "hubspot")) == 1, "the other is given back"
    )


def test_a_refused_client_pauses_its_provider_and_no_connection(calm: Stack) -> None:
    user = calm.user(EMAIL)
    path = user.connect("hubspot")
    wait_until(lambda: is_read(calm, path), "the first sync ends")
    refused = {"kind": "invalid_client", "family": "token", "count": 9}
    calm.sandbox("faults/add", provider="hubspot", **refused)
    paused = "select 1 from integrations_providerstate where paused_until is not null"
    ((version,),) = calm.rows(MAKE_DUE, LONG_AGO, "hubspot")

    calm.manage("refresh_due", check=False)
    wait_until(lambda: f"{path}sync/" in user.get(path).text, "a sync is offered")
    user.submit(path, f"{path}sync/")

    assert calm.rows(paused)
    assert ("hubspot", "active") in calm.rows(STATES)
    wait_until(lambda: is_read(calm, path, count=2), "a good token goes on reading")

    calm.sandbox("calm")
    calm.rows(
        "update integrations_providerstate set paused_until = datetime('now', '-1"
        " second') returning provider"
    )
    calm.rows(MAKE_DUE, LONG_AGO, "hubspot")
    calm.manage("refresh_due")
    stored = f"select version from integrations_credential {OF_PROVIDER}"
    assert calm.rows(stored, "hubspot") == [(version + 1,)]
    assert not calm.rows(paused)


def is_read(stack: Stack, path: str, *, count: int = 1) -> bool:
    """Tell whether so many syncs of a connection have ended complete."""
    runs = stack.rows(
        "select 1 from integrations_syncrun where outcome = 'complete'"
        " and connection_id = ?",
        key_of(path),
    )
    return len(runs) >= count


def key_of(path: str) -> str:
    """Return the key of a connection, as SQLite has it."""
    return path.split("/")[2].replace("-", "")


def test_a_token_life_of_a_second_renews_nothing_at_every_tick(calm: Stack) -> None:
    odd = {"kind": "odd_expires_in", "family": "token", "value": 1, "count": 50}
    calm.sandbox("faults/add", provider="airtable", **odd)
    cleo = calm.user("cleo@example.com")

    cleo.connect("airtable", identity="nordlicht:usrJurgenGrossNrd")
    for _ in range(3):
        calm.manage("refresh_due")

    assert len(calm.token_requests("airtable")) == 1


def test_what_killed_its_workers_is_started_again_by_its_user_alone(
    calm: Stack,
) -> None:
    calm.sandbox("faults/add", kind="latency", ms=1500, family="list")
    user = calm.user("dan@example.com")
    path = user.connect("hubspot", identity="2081774:61")
    key = key_of(path)
    run = "select 1 from integrations_syncrun where connection_id = ?"
    calm.wait_for_row(f"{run} and lease_until is not null", key)
    calm.kill("worker")
    calm.sandbox("calm")
    calm.rows(
        "update integrations_syncrun set deliveries = 3, lease_until = ?,"
        " enqueued_at = ? where connection_id = ? returning id",
        *(LONG_AGO, LONG_AGO, key),
    )

    calm.start("worker")
    calm.manage("sweep")
    reason = "select reason from integrations_connection where id = ?"
    wait_until(lambda: calm.rows(reason, key) == [("quarantined",)], "it is said")
    calm.rows(
        "update integrations_connection set next_sync_at = ?, retry_at = ?"
        " where id = ? returning id",
        *(LONG_AGO, LONG_AGO, key),
    )
    calm.manage("shell", "-c", DISPATCH)
    calm.manage("sweep")
    assert len(calm.rows(run, key)) == 1

    user.submit(path, f"{path}sync/")
    wait_until(lambda: calm.rows(reason, key) == [("",)], "its user starts it")

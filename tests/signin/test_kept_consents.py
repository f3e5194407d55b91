"""A consent's grant is stored or given back, whatever happens after the answer."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import ApiError
from integrations.models import Connection, Credential, PendingRevocation
from integrations.services.common.proof import RecentProof
from integrations.services.connections import consents, sign_in_methods
from integrations.services.connections.disconnect import disconnect, remove
from integrations.services.grants import credentials, revocation
from integrations.services.grants.stores import consent_store
from integrations.services.upkeep import schedule
from integrations.signin import exchange
from tests.services.grants.working import refresh_now
from tests.signin.conftest import CALLBACK, come_back, exchanges

Start = Callable[..., dict[str, str]]
Consent = Callable[..., dict[str, str]]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Path:
    monkeypatch.setattr(exchange, "IDENTITY_PAUSES", (0.0,))
    monkeypatch.setattr(exchange, "STORING_PAUSES", (0.0,))
    settings.VAR_DIR = tmp_path
    return tmp_path / "fallback_store"


class Outage:
    """Database that is away from the answer of the token endpoint on."""

    def __init__(self, sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_on = False
        self.is_armed = True
        send = sandbox.send

        def then_fail(*args: Any) -> Any:
            answer = send(*args)
            self.is_on = self.is_armed
            return answer

        monkeypatch.setattr(sandbox, "send", then_fail)

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if self.is_on and "SAVEPOINT" not in sql:
            raise OperationalError("the database is away")
        return execute(sql, *rest)

    def end(self) -> None:
        self.is_on = self.is_armed = False


@pytest.fixture
def outage(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    found = Outage(sandbox, monkeypatch)
    with database.execute_wrapper(found):
        yield found
    found.end()


@pytest.fixture
def kept(browser: Client, start: Start, consent: Consent, outage: Outage) -> Any:
    """Return the answer of a callback whose grant no database took."""
    answer = consent(start())
    response = browser.get(CALLBACK, answer)
    outage.end()
    return response


def live_grants(sandbox: Any) -> int:
    tokens = sandbox.client.query("tokens")["tokens"]
    return sum(t["kind"] == "refresh" and not t["revoked_at"] for t in tokens)


def test_a_grant_that_no_database_took_is_connected_by_the_next_sweep(
    kept: Any, alice: User, sandbox: Any, folder: Path
) -> None:
    assert kept.status_code == 503
    assert b'data-code="consent_kept"' in kept.content
    assert not Connection.objects.exists()

    assert schedule.enqueue_lost()["consents"] == 1
    consents.finish_all()

    connection = Connection.objects.get()
    assert (connection.owner, connection.state) == (alice, "active")
    assert refresh_now(Credential.objects.get()).version == 2
    assert exchanges(sandbox) == 1
    assert not list(folder.glob("*"))


def test_what_waits_is_sealed_in_a_private_file(kept: Any, folder: Path) -> None:
    (path,) = folder.glob("*")
    text = path.read_text("utf-8")

    assert path.stat().st_mode & 0o777 == 0o600
    consents.finish_all()
    stored = Credential.objects.get()
    tokens = credentials.open_access(stored).secret, credentials.open_refresh(stored)
    for each in tokens:
        assert each.reveal() not in text
    assert "Ana" not in text


class Killed(BaseException):
    """End of a process, which nothing catches."""


def test_a_process_that_dies_before_the_account_is_told_loses_no_grant(
    browser: Client,
    alice: User,
    start: Start,
    consent: Consent,
    sandbox: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(exchange, "identify", die)
        with pytest.raises(Killed):
            browser.get(CALLBACK, consent(start()))

    assert consents.finish_all() == 1
    assert Connection.objects.get().owner == alice
    assert exchanges(sandbox) == 1
    assert not list(folder.glob("*"))


def test_a_sweep_leaves_alone_what_a_callback_is_working_on(
    browser: Client,
    start: Start,
    consent: Consent,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    identify, found = exchange.identify, []

    def sweep_meanwhile(*args: Any) -> Any:
        found.append((len(list(folder.glob("*"))), consents.finish_all()))
        return identify(*args)

    monkeypatch.setattr(exchange, "identify", sweep_meanwhile)

    come_back(browser, consent(start()))

    assert found == [(1, 0)]
    assert Credential.objects.get().version == 1
    assert not list(folder.glob("*"))


def somebody_else_connects(alice: User, bob: User, connect: Any) -> None:
    connect(bob)


def the_account_is_closed(alice: User, bob: User, connect: Any) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)


def a_newer_consent_is_connected(alice: User, bob: User, connect: Any) -> None:
    connect(alice)


def it_is_connected_and_disconnected(alice: User, bob: User, connect: Any) -> None:
    disconnect(connect(alice), actor=alice, keep_items=True)


def it_is_connected_and_removed(alice: User, bob: User, connect: Any) -> None:
    connection = connect(alice)
    disconnect(connection, actor=alice, keep_items=True)
    assert remove(connection, proof=RecentProof(user=alice))


@pytest.mark.parametrize(
    ("meanwhile", "states"),
    [
        (somebody_else_connects, ["active"]),
        (the_account_is_closed, []),
        (a_newer_consent_is_connected, ["active"]),
        (it_is_connected_and_disconnected, ["disconnected"]),
        (it_is_connected_and_removed, []),
    ],
)
def test_a_grant_that_is_not_wanted_any_more_is_given_back(
    kept: Any,
    alice: User,
    bob: User,
    connect: Any,
    sandbox: Any,
    folder: Path,
    meanwhile: Callable[..., None],
    states: list[str],
) -> None:
    meanwhile(alice, bob, connect)

    consents.finish_all()
    revocation.revoke_due()

    found = Connection.objects.values_list("state", flat=True)
    assert list(found) == states
    assert live_grants(sandbox) == states.count("active")
    assert not list(folder.glob("*"))


def test_a_removal_that_is_under_way_is_not_undone(
    kept: Any,
    alice: User,
    connect: Any,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was disconnected before the consent, and its items take a while to delete."""
    connection = connect(alice)
    disconnect(connection, actor=alice, keep_items=True)
    Connection.objects.update(state_since=timezone.now() - timedelta(days=1))
    monkeypatch.setattr("integrations.services.connections.disconnect.purge", print)
    remove(connection, proof=RecentProof(user=alice))

    consents.finish_all()
    revocation.revoke_due()

    assert [each.state for each in Connection.objects.all()] == ["disconnected"]
    assert live_grants(sandbox) == 0


def test_one_that_was_stored_before_its_process_died_is_not_stored_again(
    browser: Client,
    start: Start,
    consent: Consent,
    sandbox: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its refresh token is spent by now: stored once more, it would end the grant."""
    with monkeypatch.context() as patch:
        patch.setattr(consent_store.ConsentFile, "delete", lambda _self: None)
        come_back(browser, consent(start()))
    stored = refresh_now(Credential.objects.get())
    token = credentials.open_refresh(stored)

    consents.finish_all()
    revocation.revoke_due()

    after = Credential.objects.get()
    assert credentials.open_refresh(after).reveal() == token.reveal()
    assert (after.version, live_grants(sandbox)) == (2, 1)
    assert not PendingRevocation.objects.exists()
    assert not list(folder.glob("*"))


@pytest.mark.parametrize("is_suspended", [False, True])
def test_a_grant_of_a_sign_in_is_kept_before_anything_is_asked(
    client: Client,
    alice: User,
    connect: Any,
    start: Start,
    consent: Consent,
    sandbox: Any,
    settings: Any,
    folder: Path,
    outage: Outage,
    is_suspended: bool,
) -> None:
    settings.PROVIDER_SIGN_IN = "linked"
    outage.is_armed = False
    connect(alice)
    if is_suspended:
        sign_in_methods.suspend_all(alice)
    before = Credential.objects.get().fingerprint
    client.logout()
    answer = consent(start(client))
    outage.is_armed = True

    response = client.get(CALLBACK, answer)
    outage.end()

    assert response.status_code == 503
    assert "_auth_user_id" not in client.session
    consents.finish_all()
    revocation.revoke_due()
    assert (Credential.objects.get().fingerprint == before) is is_suspended
    assert live_grants(sandbox) == 1
    assert not list(folder.glob("*"))


def test_a_grant_whose_account_is_never_told_is_given_back_in_the_end(
    kept: Any, sandbox: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = consent_store.left_behind()
    with file:
        consent = file.read()
        long_ago = consent.issued_at - timedelta(days=2)
        file.write(replace(consent, account=None, issued_at=long_ago))

    def never_told(*_: Any) -> Any:
        raise ApiError("an odd answer")

    monkeypatch.setattr(consents, "identify", never_told)

    consents.finish_all()
    revocation.revoke_due()

    assert not Connection.objects.exists()
    assert live_grants(sandbox) == 0
    assert not list(folder.glob("*"))


def test_what_cannot_be_read_is_left_for_an_operator(kept: Any, folder: Path) -> None:
    (path,) = folder.glob("*")
    path.write_text("{", "utf-8")

    assert consents.finish_all() == 1

    assert [each.suffix for each in folder.glob("*")] == [".unreadable"]

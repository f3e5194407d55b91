"""The newest grant is kept, and one that is not kept is given back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import ApiError, Network, Transient
from integrations.models import Connection, Credential, PendingRevocation
from integrations.providers import SPECS
from integrations.services.common.errors import NoTokenError
from integrations.services.connections import connect as connecting
from integrations.services.connections.connect import connect as store_grant
from integrations.services.connections.disconnect import disconnect
from integrations.services.grants import credentials, refresh, revocation
from tests.services.grants.working import age_attempt
from tests.signin.conftest import come_back

pytestmark = pytest.mark.django_db
Grant = Callable[..., Any]


def keep(user: User, grant: Any, *, seconds_ago: float) -> Connection:
    tokens, account = grant
    issued_at = timezone.now() - timedelta(seconds=seconds_ago)
    return store_grant(
        user=user,
        provider="hubspot",
        tokens=tokens,
        account=account,
        issued_at=issued_at,
    ).connection


def live_refresh_tokens(sandbox: Any) -> list[str]:
    tokens = sandbox.client.query("tokens")["tokens"]
    return [t for t in tokens if t["kind"] == "refresh" and not t["revoked_at"]]


def held() -> str:
    token = credentials.open_refresh(Credential.objects.get())
    assert token is not None
    return token.reveal()


@pytest.mark.parametrize("is_newest_last", [True, False])
def test_of_two_consents_the_newest_grant_is_kept(
    alice: User, grant: Grant, sandbox: Any, is_newest_last: bool
) -> None:
    older, newer = (grant(), 20), (grant(), 10)
    order = (older, newer) if is_newest_last else (newer, older)
    for each, seconds_ago in order:
        keep(alice, each, seconds_ago=seconds_ago)
    revocation.revoke_due()

    assert held() == newer[0][0].refresh_token.reveal()
    assert len(live_refresh_tokens(sandbox)) == 1
    assert Connection.objects.get().state == "active"


def test_a_grant_dated_by_a_clock_that_was_ahead_is_no_newer_one(
    alice: User, grant: Grant
) -> None:
    keep(alice, grant(), seconds_ago=-3600)
    consented = grant()

    keep(alice, consented, seconds_ago=0)

    assert held() == consented[0].refresh_token.reveal()


def test_a_consent_that_finds_its_new_connection_made_joins_it(
    alice: User, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked before either had stored its row."""
    second = grant()
    stored = keep(alice, grant(), seconds_ago=20)
    look, looks = connecting._row_for, []

    def look_too_early(*args: Any, **options: Any) -> Any:
        looks.append(args)
        if len(looks) > 1:
            return look(*args, **options)
        same = ("provider", "remote_id", "is_sandbox", "account_name")
        values = {name: getattr(stored, name) for name in same}
        return Connection(owner=alice, generation=0, **values), True

    monkeypatch.setattr(connecting, "_row_for", look_too_early)
    keep(alice, second, seconds_ago=10)

    assert Connection.objects.get().owner == alice
    assert held() == second[0].refresh_token.reveal()


def test_a_grant_for_somebody_elses_account_is_given_back_alone(
    browser: Client, bob: User, connect: Any, start: Any, consent: Any, sandbox: Any
) -> None:
    connect(bob)
    come_back(browser, consent(start()))
    revocation.revoke_due()

    assert len(live_refresh_tokens(sandbox)) == 1
    connection = Connection.objects.get()
    version = refresh.refresh_credential(connection.pk, seen_version=1, why="t").version
    assert version == 2


def test_nothing_is_given_back_that_would_end_the_kept_grant(
    alice: User, connect: Any, grant: Grant
) -> None:
    """Of Notion nobody knows whether one revocation ends the whole authorization."""
    connection = connect(alice)
    Connection.objects.update(provider="notion")
    tokens, _account = grant()
    for account_id in (connection.remote_id, ""):
        revocation.revoke_unstored(
            "notion", tokens, account_id=account_id, owner_id=alice.pk
        )
    assert not PendingRevocation.objects.exists()

    revocation.revoke_unstored(
        "notion", tokens, account_id="another", owner_id=alice.pk
    )

    assert PendingRevocation.objects.get().owner == alice


def test_a_revocation_still_due_does_not_end_a_grant_made_since(
    alice: User, connect: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = replace(SPECS["hubspot"], revokes_one_pair=False)
    monkeypatch.setitem(revocation.SPECS, "hubspot", whole)
    disconnect(connect(alice), actor=alice, keep_items=True)
    connect(alice)
    revocation.revoke_due()

    assert len(live_refresh_tokens(sandbox)) == 2


def test_a_grant_of_an_account_never_told_is_given_back_and_its_user_would_hear(
    browser: Client,
    alice: User,
    start: Any,
    consent: Any,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("integrations.signin.exchange.IDENTITY_PAUSES", ())

    def never_told(*_: Any) -> Any:
        raise ApiError("an odd answer")

    monkeypatch.setattr("integrations.signin.exchange.identify", never_told)
    come_back(browser, consent(start()))

    assert PendingRevocation.objects.get().owner == alice


def test_a_spent_token_that_nobody_can_ask_about_is_sent_once_more_and_never_again(
    alice: User, connect: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(alice)
    credential = Credential.objects.get()
    monkeypatch.setattr(
        "integrations.services.grants.introspection._ask", lambda *_: None
    )
    sandbox.client.command("faults/add", kind="lost", family="token", count=5)
    sent = sandbox.count("oauth/2026-09/token")
    for _ in range(6):
        with pytest.raises((Transient, NoTokenError)):
            refresh.refresh_credential(
                connection.pk, seen_version=credential.version, why="test"
            )
        age_attempt(credential)

    assert sandbox.count("oauth/2026-09/token") == sent + 2
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("needs_reconnect", "rotation_lost")


@pytest.mark.parametrize("status", [429, 500])
def test_a_refusal_of_its_second_sending_gives_a_spent_token_no_third(
    alice: User,
    connect: Any,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    connection = connect(alice)
    credential = Credential.objects.get()
    monkeypatch.setattr(
        "integrations.services.grants.introspection._ask", lambda *_: None
    )
    fault = {"kind": "status", "status": status, "family": "token", "count": 9}
    sent = sandbox.count("oauth/2026-09/token")
    sandbox.client.command("faults/add", kind="lost", family="token", count=1)
    for _ in range(5):
        with pytest.raises((Transient, NoTokenError)):
            refresh.refresh_credential(
                connection.pk, seen_version=credential.version, why="test"
            )
        sandbox.client.command("faults/add", **fault)
        age_attempt(credential)

    assert sandbox.count("oauth/2026-09/token") == sent + 2
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == ("needs_reconnect", "rotation_lost")


def test_a_second_sending_that_never_left_is_none(
    alice: User, connect: Any, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(alice)
    credential = Credential.objects.get()
    monkeypatch.setattr(
        "integrations.services.grants.introspection._ask", lambda *_: None
    )
    sandbox.client.command("faults/add", kind="lost", family="token", count=1)
    send, is_away = sandbox.send, [False]

    def send_or_not(*args: Any) -> Any:
        if is_away[0]:
            raise Network("no route", sent=False)
        return send(*args)

    monkeypatch.setattr(sandbox, "send", send_or_not)
    for away in (False, True, True):
        is_away[0] = away
        with pytest.raises(Transient):
            refresh.refresh_credential(
                connection.pk, seen_version=credential.version, why="test"
            )
        age_attempt(credential)
    is_away[0] = False

    stored = refresh.refresh_credential(
        connection.pk, seen_version=credential.version, why="test"
    )

    assert stored.version == credential.version + 1

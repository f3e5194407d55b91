"""Every way back from a provider ends in its own words, and never half-way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import (
    AuditEvent,
    AuthorizationState,
    Connection,
    Credential,
    ProviderState,
)
from tests.signin.conftest import AUTHORIZE, CALLBACK, come_back
from tests.support.sessions import prove

# Somebody in a portal whose tier has neither companies nor deals.
CONTACTS_ONLY = "2081774:61"
Start = Callable[..., dict[str, str]]
Consent = Callable[..., dict[str, str]]
Told = Callable[[Any], list[str]]


def test_consent_ends_on_the_connection_with_its_first_sync_queued(
    browser: Client, start: Start, consent: Consent, told: Told
) -> None:
    response = come_back(browser, consent(start()))

    connection = Connection.objects.get()
    assert response.redirect_chain[-1][0] == connection.get_absolute_url()
    assert "connected" in told(response)
    assert connection.runs.filter(state="queued").exists()


def test_the_callback_answers_with_a_clean_address_that_nobody_stores(
    browser: Client, start: Start, consent: Consent
) -> None:
    response = browser.get(CALLBACK, consent(start()))

    assert response.status_code == 302
    assert "?" not in response.headers["Location"]
    assert "no-store" in response.headers["Cache-Control"]


def test_starting_needs_a_post_and_a_user(browser: Client) -> None:
    assert browser.get(AUTHORIZE).status_code == 405

    answer = Client().post(AUTHORIZE)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert not AuthorizationState.objects.exists()


def test_starting_needs_a_csrf_token(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)

    assert strict.post(AUTHORIZE).status_code == 403


def test_request_parameters_never_reach_the_authorization_request(
    browser: Client, start: Start
) -> None:
    plain = start()
    evil = "scope=everything&auth_params=client_id%3Devil%26state%3Dx&client_id=evil"

    answer = browser.post(f"{AUTHORIZE}?{evil}", {"scope": "everything", "state": "x"})

    location = answer.headers["Location"]
    assert "evil" not in location
    assert "everything" not in location
    assert plain["client_id"] == "sandbox-hubspot"
    assert plain["scope"].split() == ["oauth", "crm.objects.contacts.read"]
    assert "write" not in plain["optional_scope"]


def test_a_code_the_provider_refuses_is_said(
    browser: Client, start: Start, consent: Consent, told: Told
) -> None:
    answer = {**consent(start()), "code": "not-the-code"}

    assert "code_refused" in told(come_back(browser, answer))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503, "family": "token"},
        {"kind": "reset", "family": "token"},
        {"kind": "html", "family": "token"},
        {"kind": "no_access_token", "family": "token"},
        {"kind": "status", "status": 503, "family": "introspect"},
    ],
)
def test_a_provider_that_is_down_is_said_and_nothing_is_half_stored(
    browser: Client,
    start: Start,
    consent: Consent,
    sandbox: Any,
    told: Told,
    fault: dict[str, Any],
) -> None:
    sandbox.client.command("switches/set", name="user_id_in_token", value=False)
    answer = consent(start())
    sandbox.client.command("faults/add", **fault)

    response = come_back(browser, answer)

    assert "provider_down" in told(response)
    assert not Connection.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    "kind", ["no_expires_in", "odd_expires_in", "no_refresh_token"]
)
def test_odd_optional_fields_break_nothing(
    browser: Client, start: Start, consent: Consent, sandbox: Any, kind: str
) -> None:
    params = {"value": "soon"} if kind == "odd_expires_in" else {}
    sandbox.client.command("faults/add", kind=kind, family="token", **params)

    come_back(browser, consent(start()))

    assert Connection.objects.get().state == "active"


def test_a_misconfigured_client_is_told_to_staff_and_not_to_the_user(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = consent(start())
    sandbox.client.command("faults/add", kind="invalid_client", family="token")

    response = come_back(browser, answer)

    assert "misconfigured" in told(response)
    assert "invalid_client" not in response.content.decode()
    assert "invalid_client" in ProviderState.objects.get().detail


def test_a_refusal_of_the_client_that_does_not_last_pauses_nobody_for_long(
    browser: Client, start: Start, consent: Consent, sandbox: Any
) -> None:
    sandbox.client.command("faults/add", kind="invalid_client", family="token", count=1)
    come_back(browser, consent(start()))
    assert ProviderState.objects.get().is_paused

    come_back(browser, consent(start()))

    assert Connection.objects.get().state == "active"
    assert not ProviderState.objects.get().is_paused


def test_a_client_that_is_refused_now_and_then_is_one_event(
    browser: Client, start: Start, consent: Consent, sandbox: Any
) -> None:
    for _ in range(3):
        fault = {"kind": "invalid_client", "family": "token", "count": 1}
        sandbox.client.command("faults/add", **fault)
        come_back(browser, consent(start()))
        come_back(browser, consent(start()))

    assert AuditEvent.objects.filter(event="provider.paused").count() == 1


def test_somebody_elses_account_is_refused_without_touching_it(
    browser: Client,
    bob: User,
    connect: Any,
    start: Start,
    consent: Consent,
    sandbox: Any,
    told: Told,
) -> None:
    theirs = connect(bob)
    before = Connection.objects.values().get(), Credential.objects.values().get()

    response = come_back(browser, consent(start()))

    assert "someone_elses" in told(response)
    assert (Connection.objects.values().get(), Credential.objects.values().get()) == (
        before
    )
    revoked = [t for t in sandbox.client.query("tokens")["tokens"] if t["revoked_at"]]
    assert not revoked
    assert theirs.owner == bob


def test_reconnecting_keeps_the_connection(
    browser: Client,
    alice: User,
    connect: Any,
    start: Start,
    consent: Consent,
    told: Told,
) -> None:
    connection = connect(alice)
    Connection.objects.update(state="needs_reconnect", reason="grant_rejected")

    response = come_back(browser, consent(start(connection=str(connection.pk))))

    connection.refresh_from_db()
    assert connection.state == "active"
    assert "reconnected" in told(response)


def test_reconnecting_with_another_account_is_noticed(
    browser: Client,
    alice: User,
    connect: Any,
    start: Start,
    consent: Consent,
    told: Told,
) -> None:
    connection = connect(alice)

    response = come_back(
        browser, consent(start(connection=str(connection.pk)), "146201883:7301155")
    )

    assert "other_account" in told(response)
    assert Connection.objects.count() == 2
    ask = response.redirect_chain[-1][0]
    assert "Keep both" in response.content.decode()

    alice.set_password("queen-7-hearts")
    alice.save()
    browser.force_login(alice)
    prove(browser, seconds_ago=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1)
    asked = browser.post(ask, {"choice": "remove"})
    assert "reauthenticate" in asked["Location"]
    assert Connection.objects.connected().count() == 2

    prove(browser)
    browser.post(ask, {"choice": "remove"})

    states = dict(Connection.objects.values_list("pk", "state"))
    assert states.pop(connection.pk) == "active"
    assert list(states.values()) == ["disconnected"]


def test_nobody_reconnects_another_users_connection(
    browser: Client, bob: User, connect: Any
) -> None:
    theirs = connect(bob)

    answer = browser.post(AUTHORIZE, {"connection": str(theirs.pk)})

    assert answer.status_code == 404


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_only_own_paths_are_deleted_back_to(
    browser: Client, start: Start, consent: Consent, evil: str
) -> None:
    response = browser.get(CALLBACK, consent(start(next=evil)))

    assert "evil" not in response.headers["Location"]


def test_refusals_are_audited_without_secrets(
    browser: Client, start: Start, consent: Consent
) -> None:
    answer = consent(start(), action="cancel")
    come_back(browser, answer)

    event = AuditEvent.objects.get(event="connection.refused")
    assert event.facts["why"] == "access_denied"
    assert answer["state"] not in str(event.facts)


def test_a_provider_account_is_no_way_to_sign_in_by_default() -> None:
    answer = Client().post(AUTHORIZE)

    assert answer.headers["Location"].startswith("/accounts/login/")


def test_a_linked_account_may_sign_in_where_the_operator_allows_it(
    alice: User, connect: Any, start: Start, consent: Consent, settings: Any
) -> None:
    connect(alice)
    settings.PROVIDER_SIGN_IN = "linked"
    stranger = Client()

    stranger.get(CALLBACK, consent(start(stranger)))

    assert stranger.session.get("_auth_user_id") == str(alice.pk)


def test_an_unknown_account_never_signs_anybody_up(
    db: None, start: Start, consent: Consent, settings: Any, sandbox: Any, told: Told
) -> None:
    settings.PROVIDER_SIGN_IN = "linked"
    stranger = Client()
    people = User.objects.count()

    response = come_back(stranger, consent(start(stranger)))

    assert "not_linked" in told(response)
    assert User.objects.count() == people
    assert "_auth_user_id" not in stranger.session


def test_what_was_left_out_is_said_on_the_way_back(
    browser: Client, start: Start, consent: Consent, told: Told
) -> None:
    complete = come_back(browser, consent(start()))
    lacking = come_back(browser, consent(start(), identity=CONTACTS_ONLY))

    assert "left_out" not in told(complete)
    assert "left_out" in told(lacking)

"""Every way back from a provider ends in its own words, and never half-way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from integrations.models import (
    AuditEvent,
    AuthorizationState,
    Connection,
    Credential,
    ProviderState,
)
from integrations.services.grants import oauth_state
from tests.signin.conftest import AUTHORIZE, CALLBACK

Start = Callable[..., dict[str, str]]
Consent = Callable[..., dict[str, str]]
Told = Callable[[Any], str]


def come_back(browser: Client, answer: dict[str, str]) -> Any:
    return browser.get(CALLBACK, answer, follow=True)


def exchanges(sandbox: Any) -> int:
    stats = sandbox.client.ask("stats")["token_requests"]
    return int(stats.get("hubspot:authorization_code", 0))


def test_consent_ends_on_the_connection_with_its_first_sync_queued(
    browser: Client, start: Start, consent: Consent, told: Told
) -> None:
    response = come_back(browser, consent(start()))

    connection = Connection.objects.get()
    assert response.redirect_chain[-1][0] == connection.get_absolute_url()
    assert "HubSpot is connected" in told(response)
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


def test_a_state_has_at_least_128_bits_and_is_stored_hashed(start: Start) -> None:
    states = {start()["state"] for _ in range(5)}

    assert len(states) == 5
    assert all(len(state) >= 22 for state in states)
    stored = set(AuthorizationState.objects.values_list("state_hash", flat=True))
    assert not stored & states


def test_one_answer_sent_several_times_is_exchanged_once(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = consent(start())

    come_back(browser, answer)
    again = come_back(browser, answer)

    assert exchanges(sandbox) == 1
    assert "used already" in told(again)
    assert Connection.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_state_is_consumed_by_one_of_many_at_once(alice: User) -> None:
    state = oauth_state.issue(provider="hubspot", user=alice, session_nonce="n")

    def take(_: int) -> bool:
        from django.db import connection

        try:
            oauth_state.consume(
                state.reveal(), provider="hubspot", user=alice, session_nonce="n"
            )
        except oauth_state.StateRefusedError:
            return False
        finally:
            connection.close()
        return True

    if _is_in_memory():
        assert [take(0), take(1)] == [True, False]
        return
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


def _is_in_memory() -> bool:
    from django.db import connection

    return connection.vendor == "sqlite"


def test_cancelling_is_said_neutrally(
    browser: Client, start: Start, consent: Consent, sandbox: Any
) -> None:
    response = come_back(browser, consent(start(), action="cancel"))

    message = next(iter(response.context["messages"]))
    assert message.level_tag == "info"
    assert "nothing was connected" in str(message)
    assert exchanges(sandbox) == 0


def test_who_is_no_administrator_is_told_whom_to_ask(
    browser: Client, start: Start, consent: Consent, told: Told
) -> None:
    response = come_back(browser, consent(start(), "555111:4244"))

    assert "administrator" in told(response)
    assert not Connection.objects.exists()


def test_an_answer_after_ten_minutes_is_refused(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = consent(start())
    AuthorizationState.objects.update(
        created_at=timezone.now() - timedelta(minutes=10, seconds=1)
    )

    assert "longer than ten minutes" in told(come_back(browser, answer))
    assert exchanges(sandbox) == 0


def test_an_answer_in_another_browser_is_refused(
    alice: User, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    other = Client()
    other.force_login(alice)

    assert "another browser" in told(come_back(other, consent(start())))
    assert exchanges(sandbox) == 0


def test_an_answer_in_another_users_session_is_refused(
    bob: User, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    other = Client()
    other.force_login(bob)

    assert "Somebody else started" in told(come_back(other, consent(start())))
    assert exchanges(sandbox) == 0
    assert not Connection.objects.exists()


def test_an_answer_when_nobody_is_signed_in_is_refused(
    browser: Client, start: Start, consent: Consent, sandbox: Any
) -> None:
    answer = consent(start())
    browser.logout()

    response = browser.get(CALLBACK, answer)

    assert response.headers["Location"].startswith("/accounts/login/")
    assert exchanges(sandbox) == 0


def test_a_state_nobody_issued_is_refused(
    browser: Client, sandbox: Any, told: Told
) -> None:
    answer = {"code": "x", "state": "a" * 43}

    assert "does not belong" in told(come_back(browser, answer))
    assert exchanges(sandbox) == 0


def test_an_answer_from_another_issuer_is_refused(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = {**consent(start()), "iss": "https://evil.example"}

    assert "did not come from HubSpot" in told(come_back(browser, answer))
    assert exchanges(sandbox) == 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "state=" + "a" * 43,
        "state=short&code=x",
        "state=" + "a" * 43 + "&code=x&code=y",
        "state=" + "a" * 43 + "&state=" + "b" * 43 + "&code=x",
        "state=" + "a" * 43 + "&code=x&error=access_denied",
        "state=" + "a" * 43 + "&code=" + "x" * 5000,
        "state=" + "a" * 9000 + "&code=x",
        "state=" + "a" * 43 + "&code=%00",
        "state=" + "a" * 43 + "&error=" + "x" * 200,
    ],
)
def test_a_damaged_answer_is_answered_with_400(
    browser: Client, sandbox: Any, query: str
) -> None:
    response = browser.get(f"{CALLBACK}?{query}")

    assert response.status_code == 400
    assert exchanges(sandbox) == 0


def test_a_provider_that_nobody_knows_is_not_found(browser: Client) -> None:
    assert browser.get("/integrations/nobody/oauth2callback").status_code == 404
    assert browser.post("/integrations/nobody/authorize").status_code == 404


def test_a_code_the_provider_refuses_is_said(
    browser: Client, start: Start, consent: Consent, told: Told
) -> None:
    answer = {**consent(start()), "code": "not-the-code"}

    assert "did not accept the answer" in told(come_back(browser, answer))


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
    sandbox.client.order("switches/set", name="user_id_in_token", value=False)
    answer = consent(start())
    sandbox.client.order("faults/add", **fault)

    response = come_back(browser, answer)

    assert "did not answer as it should" in told(response)
    assert not Connection.objects.exists()
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    "kind", ["no_expires_in", "odd_expires_in", "no_refresh_token"]
)
def test_odd_optional_fields_break_nothing(
    browser: Client, start: Start, consent: Consent, sandbox: Any, kind: str
) -> None:
    params = {"value": "soon"} if kind == "odd_expires_in" else {}
    sandbox.client.order("faults/add", kind=kind, family="token", **params)

    come_back(browser, consent(start()))

    assert Connection.objects.get().state == "active"


def test_a_misconfigured_client_is_told_to_staff_and_not_to_the_user(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = consent(start())
    sandbox.client.order("faults/add", kind="invalid_client", family="token")

    response = come_back(browser, answer)

    assert "staff have been told" in told(response)
    assert "invalid_client" not in response.content.decode()
    assert "invalid_client" in ProviderState.objects.get().detail


def test_a_refusal_of_the_client_that_does_not_last_pauses_nobody_for_long(
    browser: Client, start: Start, consent: Consent, sandbox: Any
) -> None:
    sandbox.client.order("faults/add", kind="invalid_client", family="token", count=1)
    come_back(browser, consent(start()))
    assert ProviderState.objects.get().is_paused

    come_back(browser, consent(start()))

    assert Connection.objects.get().state == "active"
    assert not ProviderState.objects.get().is_paused


def test_staff_are_told_once_of_a_client_that_is_refused_now_and_then(
    browser: Client, start: Start, consent: Consent, sandbox: Any, settings: Any
) -> None:
    settings.ADMINS = [("Staff", "staff@example.org")]
    for _ in range(3):
        fault = {"kind": "invalid_client", "family": "token", "count": 1}
        sandbox.client.order("faults/add", **fault)
        come_back(browser, consent(start()))
        come_back(browser, consent(start()))

    subjects = [message.subject for message in mail.outbox]
    assert len([s for s in subjects if "refuses this site's client" in s]) == 1


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

    assert "already connected by somebody else" in told(response)
    assert (Connection.objects.values().get(), Credential.objects.values().get()) == (
        before
    )
    revoked = [t for t in sandbox.client.ask("tokens")["tokens"] if t["revoked_at"]]
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
    assert "connected again" in told(response)


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

    assert "another HubSpot account" in told(response)
    assert Connection.objects.count() == 2
    ask = response.redirect_chain[-1][0]
    assert "Keep both" in response.content.decode()

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

    assert "Nobody here has connected" in told(response)
    assert User.objects.count() == people
    assert "_auth_user_id" not in stranger.session

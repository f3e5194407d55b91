"""An answer counts once, in the browser and for the user who asked for it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.models import (
    AuthorizationState,
    Connection,
)
from integrations.services.grants import oauth_state
from tests.signin.conftest import CALLBACK, come_back, exchanges

Start = Callable[..., dict[str, str]]
Consent = Callable[..., dict[str, str]]
Told = Callable[[Any], list[str]]


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
    assert "state_used" in told(again)
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

    assert "cancelled" in told(response)
    assert not Connection.objects.exists()


def test_an_answer_after_ten_minutes_is_refused(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = consent(start())
    AuthorizationState.objects.update(
        created_at=timezone.now() - timedelta(minutes=10, seconds=1)
    )

    assert "state_expired" in told(come_back(browser, answer))
    assert exchanges(sandbox) == 0


def test_an_answer_in_another_browser_is_refused(
    alice: User, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    other = Client()
    other.force_login(alice)

    assert "state_session" in told(come_back(other, consent(start())))
    assert exchanges(sandbox) == 0


def test_an_answer_in_another_users_session_is_refused(
    bob: User, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    other = Client()
    other.force_login(bob)

    assert "state_user" in told(come_back(other, consent(start())))
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

    assert "state_unknown" in told(come_back(browser, answer))
    assert exchanges(sandbox) == 0


def test_an_answer_from_another_issuer_is_refused(
    browser: Client, start: Start, consent: Consent, sandbox: Any, told: Told
) -> None:
    answer = {**consent(start()), "iss": "https://evil.example"}

    assert "wrong_issuer" in told(come_back(browser, answer))
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

"""A user may have so many connections, is told before, and can always reconnect."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Connection, PendingRevocation
from integrations.services.connections import disconnect
from tests.signin.conftest import AUTHORIZE, come_back
from tests.signin.test_ways_back import Consent, Start, Told
from tests.support.rows import make_connection


def test_one_connection_more_than_a_user_may_have_is_not_begun(
    browser: Client, connection: Connection, settings: Any, told: Told
) -> None:
    settings.MAX_CONNECTIONS_PER_USER = 1

    response = browser.post(AUTHORIZE, follow=True)

    assert "too_many_connections" in told(response)
    assert response.redirect_chain[-1][0] == "/connections/"


def test_one_connection_more_than_a_user_may_have_is_given_back(
    browser: Client,
    alice: User,
    start: Start,
    consent: Consent,
    sandbox: Any,
    settings: Any,
    told: Told,
) -> None:
    begun = consent(start())
    make_connection(alice)
    settings.MAX_CONNECTIONS_PER_USER = 1

    response = come_back(browser, begun)

    assert "too_many_connections" in told(response)
    assert alice.connections.count() == 1
    assert PendingRevocation.objects.count() == 1


def test_a_user_with_all_their_connections_can_reconnect(
    browser: Client,
    connection: Connection,
    start: Start,
    consent: Consent,
    settings: Any,
    told: Told,
) -> None:
    settings.MAX_CONNECTIONS_PER_USER = 1
    Connection.objects.update(state="needs_reconnect", reason="grant_rejected")

    response = come_back(browser, consent(start(connection=str(connection.pk))))

    assert "reconnected" in told(response)


def test_a_disconnected_account_needs_a_place_again(
    browser: Client,
    alice: User,
    connection: Connection,
    start: Start,
    consent: Consent,
    settings: Any,
    told: Told,
) -> None:
    begun = consent(start())
    disconnect.disconnect(connection, actor=alice, keep_items=True)
    make_connection(alice)
    settings.MAX_CONNECTIONS_PER_USER = 1

    response = come_back(browser, begun)

    assert "too_many_connections" in told(response)
    connection.refresh_from_db()
    assert connection.state == "disconnected"


def test_the_limit_is_told_before_the_consent(
    browser: Client, alice: User, settings: Any
) -> None:
    settings.MAX_CONNECTIONS_PER_USER = 2
    make_connection(alice)

    page = browser.get("/connections/connect/hubspot/")
    make_connection(alice)
    full = browser.get("/connections/connect/hubspot/")

    assert (page.context["used"], page.context["most"]) == (1, 2)
    assert full.context["used"] == 2
    for shown, is_offered in ((page, True), (full, False)):
        html = shown.content.decode()
        assert 'data-code="connections_left"' in html
        assert ('type="submit">Continue' in html) is is_offered

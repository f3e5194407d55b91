"""Who authorizes an account again is told what has changed by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Credential
from integrations.services.writing import editing
from tests.signin.conftest import come_back

WRITE = "crm.objects.contacts.write"
DEALS = "crm.objects.deals.read"
OTHER = "146201883:7301155"
Again = Callable[..., dict[str, str]]


@pytest.fixture
def known(alice: User, connect: Any) -> Connection:
    """Return a connection with all permissions to read, and none to write."""
    made: Connection = connect(alice)
    made.granted_scopes = [each for each in made.granted_scopes if each != WRITE]
    made.save(update_fields=["granted_scopes"])
    return made


@pytest.fixture
def again(
    browser: Client, known: Connection, start: Any, consent: Any
) -> Callable[..., dict[str, str]]:
    """Return what authorizes the connection again, and the messages by their codes.

    The provider grants nothing of what is ``refused``.
    """

    def authorize(*refused: str, **form: str) -> dict[str, str]:
        asked = start(connection=str(known.pk))
        optional = [s for s in asked["optional_scope"].split() if s not in refused]
        answer = consent({**asked, "optional_scope": " ".join(optional)}, **form)
        told = come_back(browser, answer).context["messages"]
        return {message.extra_tags: message.message for message in told}

    return authorize


def test_whoever_asked_to_edit_is_told_that_they_can(
    again: Again, known: Connection, alice: User
) -> None:
    editing.switch(known, on=True, actor=alice)

    told = again()

    assert list(told) == ["editing_granted"]
    assert "“Create, change and archive contacts”" in told["editing_granted"]


def test_whoever_asked_to_edit_is_told_that_it_was_refused(
    again: Again, known: Connection, alice: User
) -> None:
    editing.switch(known, on=True, actor=alice)

    told = again(WRITE)

    assert list(told) == ["editing_refused"]
    assert "“Create, change and archive contacts”" in told["editing_refused"]
    assert "Ask for it" in told["editing_refused"]


def test_who_connects_without_naming_the_account_is_not_told_of_a_refusal(
    browser: Client,
    again: Again,
    known: Connection,
    alice: User,
    start: Any,
    consent: Any,
) -> None:
    editing.switch(known, on=True, actor=alice)
    again()

    told = come_back(browser, consent(start())).context["messages"]

    assert [message.extra_tags for message in told] == ["editing_not_asked"]


def test_who_signs_in_by_an_account_that_they_edit_is_told_to_ask_for_it_again(
    client: Client,
    again: Again,
    known: Connection,
    alice: User,
    start: Any,
    consent: Any,
    settings: Any,
) -> None:
    editing.switch(known, on=True, actor=alice)
    again()
    settings.PROVIDER_SIGN_IN = True
    stranger = Client()

    page = come_back(stranger, consent(start(stranger)))

    assert page.context["user"] == alice
    told = [message.extra_tags for message in page.context["messages"]]
    assert "editing_not_asked" in told


def test_what_is_permitted_since_is_named(again: Again, known: Connection) -> None:
    kept = [scope for scope in known.granted_scopes if scope != DEALS]
    Connection.objects.update(granted_scopes=kept)

    told = again()

    assert list(told) == ["gained"]
    assert "“Read deals”" in told["gained"]


def test_what_is_refused_again_is_named_and_nothing_called_new(again: Again) -> None:
    again(DEALS)

    told = again(DEALS)

    assert list(told) == ["left_out"]
    assert "“Read deals”" in told["left_out"]
    assert "companies" not in told["left_out"]


def test_what_is_not_permitted_any_more_is_named(
    again: Again, known: Connection, alice: User
) -> None:
    editing.switch(known, on=True, actor=alice)
    again()
    editing.switch(known, on=False, actor=alice)

    told = again()

    assert list(told) == ["lost"]
    assert "“Create, change and archive contacts”" in told["lost"]


def test_the_same_again_is_called_so(again: Again) -> None:
    assert list(again()) == ["same_again"]


@pytest.mark.parametrize("state", ["needs_reconnect", "paused", "disconnected"])
def test_what_was_not_read_is_connected_again(again: Again, state: str) -> None:
    Connection.objects.update(state=state, reason="grant_rejected")

    assert list(again()) == ["reconnected"]


def test_another_account_is_named_beside_the_one_that_was_meant(
    again: Again, known: Connection
) -> None:
    told = again(identity=OTHER)

    other = Connection.objects.exclude(pk=known.pk).get()
    assert str(other) in told["other_account"]
    assert str(known) in told["other_account"]
    assert "connected" not in told


def test_the_older_of_two_consents_is_said_to_be_given_back(
    again: Again, known: Connection
) -> None:
    newer = timezone.now() + timedelta(seconds=5)
    Credential.objects.filter(connection=known).update(issued_at=newer)

    assert list(again(DEALS)) == ["older"]

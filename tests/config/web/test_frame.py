"""What the frame of every page needs is told of each user, by one statement."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from config.web.frame import ASKING, read_frame
from integrations.http.secrets import Secret
from integrations.models import Connection, Preferences
from integrations.services.connections.facts import needing_user
from tests.support.rows import make_connection, make_grant

pytestmark = pytest.mark.django_db


def needs(user: User) -> bool:
    """Return whether a user is needed, as both who may be asked tell it."""
    _, needs_user = read_frame(user)
    assert needs_user is needing_user(user).exists()
    return needs_user


def test_it_is_told_of_each_user_alone(alice: User, bob: User) -> None:
    make_grant(make_connection(bob))
    mine = make_connection(alice)
    make_grant(mine)
    assert (needs(alice), needs(bob)) == (False, False)

    Connection.objects.filter(pk=mine.pk).update(state="needs_reconnect")

    assert (needs(alice), needs(bob)) == (True, False)


def test_a_key_that_is_taken_away_is_seen_at_once(alice: User, settings: Any) -> None:
    make_grant(make_connection(alice))
    assert not needs(alice)
    right = settings.TOKEN_KEYS

    settings.TOKEN_KEYS = Secret("k9:" + "B" * 43 + "=")

    assert needs(alice)
    settings.TOKEN_KEYS = right
    assert not needs(alice)


def test_what_is_chosen_is_read_as_the_model_has_it(
    alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stored = Preferences.objects.create(
        user=alice,
        time_zone="Europe/Berlin",
        changes_seen_at="2026-01-02T03:04:05Z",
        has_shortcuts=False,
    )
    stored.refresh_from_db()

    with django_assert_num_queries(1):
        chosen, _ = read_frame(alice)

    fields = [each.attname for each in Preferences._meta.concrete_fields]
    assert [getattr(chosen, each) for each in fields] == [
        getattr(stored, each) for each in fields
    ]
    for nobody in (bob, User(pk=ASKING)):
        chosen, _ = read_frame(nobody)
        assert (chosen.time_zone, chosen.has_shortcuts) == ("", True)

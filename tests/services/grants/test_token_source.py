"""The calls of a page go with one token, and those behind them look for another."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from integrations.http.errors import Server, Transient
from integrations.models import Connection, Credential
from integrations.services.common.errors import NoTokenError
from integrations.services.grants import refresh
from integrations.services.grants.tokens import REUSED_SECONDS, TokenSource
from tests.support.rows import make_connection, make_grant

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def granted(alice: User) -> Connection:
    connection = make_connection(alice)
    make_grant(connection)
    return connection


def test_calls_of_one_moment_ask_for_a_token_once(
    granted: Connection, django_assert_num_queries: Any
) -> None:
    source = TokenSource(granted.pk, clock=Clock())
    token = source()
    cache.clear()

    with django_assert_num_queries(0):
        assert source() == token


def test_no_token_is_sent_any_longer_after_a_disconnect(granted: Connection) -> None:
    clock = Clock()
    source = TokenSource(granted.pk, clock=clock)
    source()
    Connection.objects.update(state=Connection.State.DISCONNECTED)
    cache.clear()
    clock.now += REUSED_SECONDS

    with pytest.raises(NoTokenError):
        source()


def assert_looked_up(source: TokenSource) -> None:
    """Assert that the source sends no token without a look."""
    Connection.objects.update(state=Connection.State.DISCONNECTED)
    cache.clear()
    with pytest.raises(NoTokenError):
        source()


def test_a_refused_token_is_looked_up_again_where_no_refresh_was_possible(
    granted: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise Server("down", status=503)

    source = TokenSource(granted.pk, clock=Clock())
    token = source()
    monkeypatch.setattr(refresh, "refresh_credential", fail)

    with pytest.raises(Transient):
        source.refresh(token)

    assert_looked_up(source)


def test_a_new_token_that_is_refused_as_well_is_looked_up_again(
    granted: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def renew(*_args: Any, **_more: Any) -> None:
        Credential.objects.update(version=Credential.objects.get().version + 1)

    source = TokenSource(granted.pk, clock=Clock())
    monkeypatch.setattr(refresh, "refresh_credential", renew)

    assert [source.refresh(source()), source.refresh(source())] == [True, False]

    assert_looked_up(source)

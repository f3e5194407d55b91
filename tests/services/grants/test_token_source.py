"""The calls of a page go with one token, and those behind them look for another."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from integrations.models import Connection
from integrations.services.common.errors import NoTokenError
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

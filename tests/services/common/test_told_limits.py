"""A limit that an answer tells holds for later clients, until another is told."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.http.resilience.limits import LocalLimiter
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import Connection
from integrations.providers import SPECS
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from tests.support.rows import make_connection


class Telling:
    """Answer with the headers of a limit, or without any."""

    def __init__(self) -> None:
        self.most: int | None = None

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        headers = {
            "X-HubSpot-RateLimit-Max": str(self.most),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }
        return Response(status=200, body=b"{}", headers=headers if self.most else {})


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Telling:
    transport = Telling()
    monkeypatch.setattr(oauth_clients, "transport", lambda: transport)
    monkeypatch.setattr(clients, "limiter", LocalLimiter)
    return transport


class Token:
    """Give one access token."""

    def __call__(self) -> Secret:
        return Secret("access")

    def refresh(self, rejected: Secret) -> bool:
        return False


def limit_of(connection: Connection) -> int:
    return clients.api_client(connection, Token()).limits[0].limit


def test_what_one_client_was_told_the_next_one_begins_with(
    alice: User, telling: Telling
) -> None:
    connection = make_connection(alice, remote_id="77:1")
    assert limit_of(connection) == 110

    for most, known in ((100, 100), (None, 100), (190, 190)):
        telling.most = most
        clients.api_client(connection, Token()).get("/a")
        assert limit_of(connection) == known

    other = make_connection(alice, remote_id="78:1")
    assert limit_of(other) == 110


@pytest.mark.parametrize("own", [40, 110])
def test_the_operators_own_limit_is_never_raised(
    alice: User, telling: Telling, settings: Any, own: int
) -> None:
    connection = make_connection(alice, remote_id="77:1")
    telling.most = 190
    clients.api_client(connection, Token()).get("/a")
    configured = {
        "HUBSPOT_CLIENT_ID": settings.PROVIDERS["hubspot"].client_id,
        "HUBSPOT_RATE_LIMIT": str(own),
    }
    hubspot = SPECS["hubspot"].from_environment(
        lambda name: configured.get(name, ""),
        public_base_url="http://localhost:8000",
        sandbox_url="",
    )
    settings.PROVIDERS = {**settings.PROVIDERS, "hubspot": hubspot}

    # Not even what was told before it was set raises it.
    assert limit_of(connection) == own
    clients.api_client(connection, Token()).get("/a")
    assert limit_of(connection) == own

    telling.most = 30
    clients.api_client(connection, Token()).get("/a")
    assert limit_of(connection) == 30

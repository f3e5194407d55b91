"""Over a real connection, it is known whether a token was sent."""

from dataclasses import replace

import pytest

from integrations.http.limits import LocalLimiter
from integrations.http.secrets import Secret
from integrations.http.transport import RequestsTransport, Timeouts
from integrations.oauth import errors
from integrations.oauth.client import OAuthClient
from integrations.oauth.config import OAuthConfig
from integrations.services.common import clients
from integrations.services.common.oauth_clients import transport
from tests.support.raw_server import answer, serving


@pytest.fixture(autouse=True)
def no_network():
    """Let this file through: it speaks to servers of its own, on loopback."""


def client(url):
    config = OAuthConfig(
        authorize_url="https://id.example/authorize",
        token_url=url,
        client_id="cid",
        client_secret=Secret("shh"),
        redirect_uri="https://app.example/cb",
    )
    timeouts = Timeouts(connect=0.2, read=0.2, total=0.3)
    return OAuthClient(config=config, transport=RequestsTransport(), timeouts=timeouts)


def test_every_call_says_who_calls_and_whom_to_write_to(settings, monkeypatch):
    monkeypatch.setattr(clients, "limiter", LocalLimiter)
    told = f"User-Agent: Mooring/{settings.VERSION} (+{settings.PUBLIC_BASE_URL})"
    with serving(lambda c: c.sendall(answer(b"{}"))) as server:
        oauth = replace(client(server.url + "/token"), transport=transport())
        with pytest.raises(errors.MalformedTokenResponse):
            oauth.refresh(Secret("refresh-1"))
        api = clients.api_client_for_new_grant("hubspot", Secret("access-1"))
        api.base_url = server.url
        api.get("/whoami")

    assert len(server.requests) == 2
    assert all(f"{told}\r\n".encode() in each for each in server.requests)


def test_an_endpoint_that_never_answers_leaves_the_outcome_unknown():
    with serving(lambda c: c.recv(1)) as server, pytest.raises(errors.OutcomeUnknown):
        client(server.url + "/token").refresh(Secret("refresh-1"))


def test_an_endpoint_that_is_not_there_was_not_asked():
    with serving(lambda _: None) as server:
        url = server.url + "/token"

    with pytest.raises(errors.NotSent):
        client(url).refresh(Secret("refresh-1"))

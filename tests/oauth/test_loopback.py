"""Over a real connection, it is known whether a token was sent."""

from threading import Event, Timer

import pytest
from msgspec.structs import replace

from integrations.http.resilience.limits import LocalLimiter
from integrations.http.secrets import Secret
from integrations.http.sending.transport import RequestsTransport, Timeouts
from integrations.oauth import errors
from integrations.oauth.client import OAuthClient
from integrations.oauth.config import OAuthConfig
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from integrations.services.grants.refresh_attempts import lease
from tests.support.provider_answers.raw_server import answer, serving


@pytest.fixture(autouse=True)
def no_network():
    """Let this file through: it speaks to servers of its own, on loopback."""


SHORT = Timeouts(connect=0.2, read=0.2, total=0.3)
ANSWER = b'{"access_token": "a2", "refresh_token": "r2", "expires_in": 1800}'


def client(url, token_timeouts=SHORT):
    config = OAuthConfig(
        authorize_url="https://id.example/authorize",
        token_url=url,
        client_id="cid",
        client_secret=Secret("shh"),
        redirect_uri="https://app.example/cb",
    )
    return OAuthClient(
        config=config,
        transport=RequestsTransport(),
        timeouts=SHORT,
        token_timeouts=token_timeouts,
    )


def test_every_call_says_who_calls_and_whom_to_write_to(settings, monkeypatch):
    monkeypatch.setattr(clients, "limiter", LocalLimiter)
    told = f"User-Agent: Mooring/{settings.VERSION} (+{settings.PUBLIC_BASE_URL})"
    with serving(lambda c: c.sendall(answer(b"{}"))) as server:
        oauth = client(server.url + "/token")
        oauth = replace(oauth, transport=oauth_clients.transport())
        with pytest.raises(errors.MalformedTokenResponse):
            oauth.refresh(Secret("refresh-1"))
        api = clients.api_client_for_new_grant("hubspot", Secret("access-1"))
        api.base_url = server.url
        api.get("/whoami")

    # A body may come by itself.
    heads = [each for each in server.requests if b" HTTP" in each]
    assert {each.split(b" HTTP")[0] for each in heads} == {
        b"POST /token",
        b"GET /whoami",
    }
    assert all(f"{told}\r\n".encode() in each for each in heads)


def test_an_endpoint_that_never_answers_leaves_the_outcome_unknown():
    with serving(lambda c: c.recv(1)) as server, pytest.raises(errors.OutcomeUnknown):
        client(server.url + "/token").refresh(Secret("refresh-1"))


def test_an_endpoint_that_is_not_there_was_not_asked():
    with serving(lambda _: None) as server:
        url = server.url + "/token"

    with pytest.raises(errors.NotSent):
        client(url).refresh(Secret("refresh-1"))


def test_a_token_call_may_take_longer_than_any_other():
    may_answer = Event()

    def answer(connection):
        may_answer.wait(20)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER)
        )

    with serving(answer) as server:
        patient = client(server.url + "/token", Timeouts(read=20, total=20))
        # Far beyond what every other call may take.
        Timer(4 * SHORT.total, may_answer.set).start()
        tokens = patient.refresh(Secret("refresh-1"))

    assert tokens.access_token.reveal() == "a2"


def test_a_lease_outlives_the_longest_token_call(settings):
    for seconds in (1, settings.TOKEN_TIMEOUT, 120):
        settings.TOKEN_TIMEOUT = seconds
        longest = oauth_clients.oauth_client("hubspot").token_timeouts.total

        assert longest == seconds
        assert longest < lease.length().total_seconds() < lease.LONGEST.total_seconds()

"""Over a real connection, it is known whether a token was sent."""

import pytest

from integrations.http.secrets import Secret
from integrations.http.transport import RequestsTransport, Timeouts
from integrations.oauth import errors
from integrations.oauth.client import OAuthClient
from integrations.oauth.config import OAuthConfig
from tests.support.raw_server import serving


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


def test_an_endpoint_that_never_answers_leaves_the_outcome_unknown():
    with serving(lambda c: c.recv(1)) as server, pytest.raises(errors.OutcomeUnknown):
        client(server.url + "/token").refresh(Secret("refresh-1"))


def test_an_endpoint_that_is_not_there_was_not_asked():
    with serving(lambda _: None) as server:
        url = server.url + "/token"

    with pytest.raises(errors.NotSent):
        client(url).refresh(Secret("refresh-1"))

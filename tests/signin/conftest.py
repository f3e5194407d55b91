"""Bring the services' sandbox to the sign-in tests, and a browser for alice."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.sandbox.wsgi_client import ANA
from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    connection,
    grant,
    sandbox,
    seeded_sandbox,
)

AUTHORIZE = "/integrations/hubspot/authorize"
CALLBACK = "/integrations/hubspot/oauth2callback"


def come_back(browser: Client, answer: dict[str, str]) -> Any:
    return browser.get(CALLBACK, answer, follow=True)


def exchanges(sandbox: Any) -> int:  # noqa: F811
    stats = sandbox.client.query("stats")["token_requests"]
    return int(stats.get("hubspot:authorization_code", 0))


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def start(browser: Client) -> Callable[..., dict[str, str]]:
    """Return what presses Connect and returns the authorization request."""

    def press(user_agent: Client | None = None, **form: str) -> dict[str, str]:
        answer = (user_agent or browser).post(AUTHORIZE, form)
        assert answer.status_code == 302, answer.content
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    return press


@pytest.fixture
def consent(sandbox: Any) -> Callable[..., dict[str, str]]:  # noqa: F811
    """Return what answers the provider's question and returns its answer."""

    def answer(request: dict[str, str], identity: str = ANA, **form: str) -> Any:
        fields = {k: v for k, v in request.items() if k != "response_type"}
        return sandbox.client.consent(identity, **{**fields, **form}).query

    return answer


@pytest.fixture
def told() -> Callable[[Any], list[str]]:
    """Return what reads the codes of the messages on the page that was landed on."""

    def read(response: Any) -> list[str]:
        return [message.extra_tags for message in response.context["messages"]]

    return read

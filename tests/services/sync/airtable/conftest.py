"""Connect users to the simulated Airtable."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.http.secrets import Secret
from integrations.models import Connection
from integrations.services.common.clients import oauth_clients
from integrations.services.connections import connect
from integrations.services.grants.identify import identify
from tests.sandbox.airtable.airtable_client import ANA, VERIFIER
from tests.services.fixtures import read_once
from tests.services.sync.airtable.account_rows import Airtable
from tests.support.pages.snapshots import made_once


@pytest.fixture
def airtable(sandbox: Any) -> Airtable:
    """Return somebody in the simulated Airtable, who need not wait."""
    client = Airtable(sandbox.client.app, time.time)
    client.do("switches/set", name="rate_limits", value=False)
    return client


@pytest.fixture
def connect_airtable(airtable: Airtable, settings: Any) -> Callable[..., Connection]:
    """Return what connects a user to the large account."""

    def do(user: User, identity: str = ANA, **consent: Any) -> Connection:
        answer = airtable.consent(identity, **consent)
        tokens = oauth_clients.oauth_client("airtable").exchange(
            code=Secret(answer.query["code"]), code_verifier=Secret(VERIFIER)
        )
        account = identify("airtable", tokens)
        return connect.connect(
            user=user, provider="airtable", tokens=tokens, account=account
        ).connection

    return do


@pytest.fixture
def connection(alice: User, connect_airtable: Callable[..., Connection]) -> Connection:
    return alice.connections.first() or connect_airtable(alice)


@pytest.fixture
def few(
    alice: User, airtable: Airtable, connect_airtable: Callable[..., Connection]
) -> Connection:
    """Return a connection to two bases of the large account, with five tables."""
    airtable.shared = ("Inventory 📦", "محتوى · Content")
    chosen = tuple(base["id"] for base in airtable.bases())
    return alice.connections.first() or connect_airtable(alice, picked=chosen)


@pytest.fixture
@made_once
def synced_few(
    request: pytest.FixtureRequest, sandbox: Any, few: Connection
) -> Iterator[Connection]:
    """Return the connection to two bases, read to its end."""
    yield from read_once(request, sandbox, few)

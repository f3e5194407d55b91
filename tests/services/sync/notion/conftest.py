"""Connect users to the simulated Notion."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.http.secrets import Secret
from integrations.models import Connection
from integrations.services.common.clients import oauth_clients
from integrations.services.connections import connect
from integrations.services.grants.identify import identify
from tests.sandbox.notion_client import NotionClient
from tests.services.fixtures import Connect, read_once
from tests.services.sync.notion.workspace_rows import LARGE, SMALL
from tests.support.pages.snapshots import made_once
from tests.support.provider_answers.seeds import shared_seed

SIZES = {"contacts": 5, "companies": 5, "deals": 5, "records": 40, "rows": 30}


@pytest.fixture(scope="session")
def seeded_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a seed of whose pages a search shows two answers' worth."""
    return shared_seed(tmp_path_factory, SIZES)


@pytest.fixture
def notion(sandbox: Any) -> NotionClient:
    """Return somebody in the simulated Notion, whose index learns at once."""
    client = NotionClient(sandbox.client.app, time.time)
    for name, value in (("rate_limits", False), ("index_lag", 0), ("grant_lag", 0)):
        client.switch(name, value)
    return client


@pytest.fixture
def connect_notion(notion: NotionClient, settings: Any) -> Connect:
    """Return what connects a user to the small workspace, or to the other."""

    def do(user: User, identity: str = SMALL, **consent: Any) -> Connection:
        answer = notion.consent(identity, **consent)
        oauth = oauth_clients.oauth_client("notion")
        tokens = oauth.exchange(code=Secret(answer.query["code"]))
        account = identify("notion", tokens)
        return connect.connect(
            user=user, provider="notion", tokens=tokens, account=account
        ).connection

    return do


@pytest.fixture
def connection(alice: User, connect_notion: Connect, settings: Any) -> Connection:
    """Return a connection to the small workspace, whose texts are left unread."""
    settings.CONTENT_PAGES_PER_RUN = 0
    return alice.connections.first() or connect_notion(alice)


@pytest.fixture
def large(alice: User, connect_notion: Connect, settings: Any) -> Connection:
    """Return a connection to the large workspace, whose texts are left unread."""
    settings.CONTENT_PAGES_PER_RUN = 0
    return alice.connections.first() or connect_notion(alice, LARGE)


@pytest.fixture
@made_once
def synced_large(
    request: pytest.FixtureRequest, sandbox: Any, large: Connection
) -> Iterator[Connection]:
    """Return the large workspace, read to its end."""
    yield from read_once(request, sandbox, large)


@pytest.fixture
def with_texts(alice: User, connect_notion: Connect) -> Connection:
    """Return a connection to the small workspace whose texts are read."""
    return alice.connections.first() or connect_notion(alice)


@pytest.fixture
@made_once
def synced_texts(
    request: pytest.FixtureRequest, sandbox: Any, with_texts: Connection
) -> Iterator[Connection]:
    """Return the small workspace, read to its end with its texts."""
    yield from read_once(request, sandbox, with_texts)

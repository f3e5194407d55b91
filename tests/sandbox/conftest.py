"""Make a small sandbox for each test out of data seeded once."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.core.config import Config
from sandbox.core.serving.app import App
from sandbox.core.state import Provider, Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.notion_client import NotionClient
from tests.sandbox.wsgi_client import Client, Clock
from tests.support.provider_answers.seeds import remove_sandbox, shared_seed

CLIENTS = (Client, AirtableClient, NotionClient)
SIZES = {"contacts": 700, "companies": 30, "deals": 40, "records": 1_600, "rows": 400}


def start_app(path: Path, clock: Clock, providers: Sequence[Provider]) -> App:
    sandbox = Sandbox(
        Storage(path),
        config=Config(),
        providers=providers,
        clock=clock,
        sleep=clock.sleep,
    )
    return App(sandbox)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_seed(tmp_path_factory, SIZES)


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Iterator[Callable[[], Client]]:
    """Return what starts a sandbox on a copy, the second time as a restart."""
    path, clock = shutil.copy(seeded, tmp_path / "sandbox.sqlite3"), Clock()

    yield lambda: Client(start_app(path, clock, PROVIDERS), clock)
    remove_sandbox(tmp_path)


@pytest.fixture
def client(start: Callable[[], Client]) -> Client:
    return start()


@pytest.fixture(params=CLIENTS, ids=[kind.slug for kind in CLIENTS])
def flow(client: Client, request: pytest.FixtureRequest) -> Client:
    """Return a client of each provider in turn, for what all of them do."""
    flow: Client = request.param(client.app, client.clock)
    return flow


@pytest.fixture
def connected(client: Client) -> Client:
    """Return a client whose token opens the large portal."""
    client.connect()
    return client


@pytest.fixture
def airtable(client: Client) -> AirtableClient:
    return AirtableClient(client.app, client.clock)


@pytest.fixture
def harbour(airtable: AirtableClient) -> AirtableClient:
    """Return a client whose token opens the large account, with no limits on."""
    airtable.connect()
    airtable.switch("rate_limits", False)
    return airtable


@pytest.fixture
def customers(harbour: AirtableClient) -> tuple[str, Any]:
    """Return the path of a table and its schema."""
    return harbour.find_table("Customers")


@pytest.fixture
def orders(harbour: AirtableClient) -> str:
    return harbour.find_table("Orders")[0]


@pytest.fixture
def notion(client: Client) -> NotionClient:
    return NotionClient(client.app, client.clock)


@pytest.fixture
def lantern(notion: NotionClient) -> NotionClient:
    """Return a client whose token opens the large workspace."""
    notion.connect()
    return notion

"""Make a small sandbox for each test out of data seeded once."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from sandbox.core.app import make_app
from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Provider, Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.notion_client import NotionClient
from tests.sandbox.wsgi_client import Client, Clock

AnyClient = TypeVar("AnyClient", bound=Client)
CLIENTS = (Client, AirtableClient, NotionClient)
SIZES = {"contacts": 700, "companies": 30, "deals": 40, "records": 700, "rows": 400}


def make_seed(
    folder: Path, providers: Sequence[Provider], sizes: Mapping[str, int]
) -> Path:
    storage = Storage(folder / "seeded.sqlite3")
    sandbox = Sandbox(storage, config=Config(), providers=providers)
    sandbox.seed(Plan(seed=7, sizes=sizes))
    storage.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    storage.close()
    return storage.path


def copy_sandbox(
    seeded: Path, folder: Path, providers: Sequence[Provider], kind: type[AnyClient]
) -> Callable[[], AnyClient]:
    """Return what starts a sandbox on a copy, the second time as a restart."""
    path = shutil.copy(seeded, folder / "sandbox.sqlite3")
    clock = Clock()

    def start() -> AnyClient:
        sandbox = Sandbox(
            Storage(path),
            config=Config(),
            providers=providers,
            clock=clock,
            sleep=clock.sleep,
        )
        return kind(make_app(sandbox), clock)

    return start


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_seed(tmp_path_factory.mktemp("sandbox"), PROVIDERS, SIZES)


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Callable[[], Client]:
    return copy_sandbox(seeded, tmp_path, PROVIDERS, Client)


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
def notion(client: Client) -> NotionClient:
    return NotionClient(client.app, client.clock)


@pytest.fixture
def lantern(notion: NotionClient) -> NotionClient:
    """Return a client whose token opens the large workspace."""
    notion.connect()
    return notion

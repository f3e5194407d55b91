"""Make a small sandbox for each test out of data seeded once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.core.app import make_app
from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.sandbox.notion_client import NotionClient
from tests.sandbox.wsgi_client import Client, Clock

SIZES = {"contacts": 700, "companies": 30, "deals": 40, "records": 700, "rows": 400}


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database that holds the seed and nothing else."""
    path = tmp_path_factory.mktemp("sandbox") / "seeded.sqlite3"
    storage = Storage(path)
    sandbox = Sandbox(storage, config=Config(), providers=PROVIDERS)
    sandbox.seed(Plan(seed=7, sizes=SIZES))
    storage.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    storage.close()
    return path


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Callable[[], Client]:
    """Return a function that starts the sandbox, the second time as a restart."""
    path = tmp_path / "sandbox.sqlite3"
    shutil.copy(seeded, path)
    clock = Clock()

    def start_sandbox() -> Client:
        sandbox = Sandbox(
            Storage(path),
            config=Config(),
            providers=PROVIDERS,
            clock=clock,
            sleep=clock.sleep,
        )
        return Client(make_app(sandbox), clock)

    return start_sandbox


@pytest.fixture
def client(start: Callable[[], Client]) -> Client:
    """Return a client of a fresh sandbox."""
    return start()


@pytest.fixture
def connected(client: Client) -> Client:
    """Return a client whose token opens the large portal."""
    client.connect()
    return client


@pytest.fixture
def notion(start: Callable[[], Client]) -> NotionClient:
    """Return a client of the simulated Notion."""
    client = start()
    return NotionClient(client.app, client.clock)


@pytest.fixture
def lantern(notion: NotionClient) -> NotionClient:
    """Return a client whose token opens the large workspace."""
    notion.connect()
    return notion

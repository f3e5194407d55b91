"""Make a small simulated Airtable for each test out of data seeded once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import airtable
from sandbox.core.app import make_app
from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.wsgi_client import Clock

PROVIDERS = (airtable.PROVIDER,)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database that holds the seed and nothing else."""
    path = tmp_path_factory.mktemp("airtable") / "seeded.sqlite3"
    storage = Storage(path)
    sandbox = Sandbox(storage, config=Config(), providers=PROVIDERS)
    sandbox.seed(Plan(seed=7, sizes={"records": 1_600}))
    storage.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    storage.close()
    return path


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Callable[[], AirtableClient]:
    """Return a function that starts the sandbox, the second time as a restart."""
    path = tmp_path / "sandbox.sqlite3"
    shutil.copy(seeded, path)
    clock = Clock()

    def start_sandbox() -> AirtableClient:
        sandbox = Sandbox(
            Storage(path),
            config=Config(),
            providers=PROVIDERS,
            clock=clock,
            sleep=clock.sleep,
        )
        return AirtableClient(make_app(sandbox), clock)

    return start_sandbox


@pytest.fixture
def client(start: Callable[[], AirtableClient]) -> AirtableClient:
    """Return a client of a fresh sandbox."""
    return start()


@pytest.fixture
def connected(client: AirtableClient) -> AirtableClient:
    """Return a client whose token opens the large account, with no limits on."""
    client.connect()
    client.order("switches/set", name="rate_limits", value=False)
    return client

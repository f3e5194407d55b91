"""Make a small simulated Airtable for each test out of data seeded once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import airtable
from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.conftest import copy_sandbox, make_seed

PROVIDERS = (airtable.PROVIDER,)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database that holds the seed and nothing else."""
    folder = tmp_path_factory.mktemp("airtable")
    return make_seed(folder, PROVIDERS, {"records": 1_600})


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Callable[[], AirtableClient]:
    """Return a function that starts the sandbox, the second time as a restart."""
    return copy_sandbox(seeded, tmp_path, PROVIDERS, AirtableClient)


@pytest.fixture
def client(start: Callable[[], AirtableClient]) -> AirtableClient:
    """Return a client of a fresh sandbox."""
    return start()


@pytest.fixture
def connected(client: AirtableClient) -> AirtableClient:
    """Return a client whose token opens the large account, with no limits on."""
    client.connect()
    client.switch("rate_limits", False)
    return client

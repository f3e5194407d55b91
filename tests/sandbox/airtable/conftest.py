"""Make a small simulated Airtable for each test out of data seeded once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox import airtable
from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.conftest import copy_sandbox, make_seed

PROVIDERS = (airtable.PROVIDER,)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("airtable")
    return make_seed(folder, PROVIDERS, {"records": 1_600})


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Callable[[], AirtableClient]:
    return copy_sandbox(seeded, tmp_path, PROVIDERS, AirtableClient)


@pytest.fixture
def client(start: Callable[[], AirtableClient]) -> AirtableClient:
    return start()


@pytest.fixture
def connected(client: AirtableClient) -> AirtableClient:
    """Return a client whose token opens the large account, with no limits on."""
    client.connect()
    client.switch("rate_limits", False)
    return client


@pytest.fixture
def customers(connected: AirtableClient) -> tuple[str, Any]:
    """Return the path of a table and its schema."""
    return connected.find_table("Customers")


@pytest.fixture
def orders(connected: AirtableClient) -> str:
    return connected.find_table("Orders")[0]

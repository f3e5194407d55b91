"""Put the simulated Airtable in the place of HubSpot."""

from typing import Any

import pytest

from tests.sandbox.airtable.airtable_client import AirtableClient
from tests.sandbox.wsgi_client import Client


@pytest.fixture
def client(client: Client) -> AirtableClient:
    return AirtableClient(client.app, client.clock)


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

import pytest

from integrations.providers import CONNECTORS
from tests.providers.scenario import Scenario


@pytest.fixture(params=sorted(CONNECTORS))
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """Return the contract's situation of each provider in turn."""
    return Scenario(request.param, CONNECTORS[request.param])


@pytest.fixture
def hubspot() -> Scenario:
    """Return the situation of HubSpot."""
    return Scenario("hubspot", CONNECTORS["hubspot"])

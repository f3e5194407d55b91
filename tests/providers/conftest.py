import logging
from collections.abc import Iterator

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


@pytest.fixture
def without_logs() -> Iterator[None]:
    """Keep thousands of refused calls from being told one by one."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)

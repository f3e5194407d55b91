import pytest

from integrations.providers import SPECS
from integrations.providers.airtable.connector import Airtable
from tests.providers.scenario import Scenario


@pytest.fixture
def airtable(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Return the situation of Airtable."""
    connector = Airtable()
    monkeypatch.setitem(SPECS, "airtable", connector.spec)
    return Scenario("airtable", connector)

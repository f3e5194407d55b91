import pytest

from integrations.providers import SPECS
from integrations.providers.notion.connector import Notion
from tests.providers.notion.invented.workspace import Reading, Workspace
from tests.providers.scenario import Scenario


@pytest.fixture
def notion(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Return the situation of Notion."""
    monkeypatch.setitem(SPECS, "notion", Notion.spec)
    return Scenario("notion", Notion())


@pytest.fixture
def workspace() -> Workspace:
    """Return an empty workspace that answers like Notion."""
    return Workspace()


@pytest.fixture
def reading(notion: Scenario, workspace: Workspace) -> Reading:
    """Return a reader that stores what the connector finds in the workspace."""
    notion.api.transport = workspace
    return Reading(notion, workspace)

"""List the simulated workspaces and the people in them."""

from dataclasses import dataclass
from typing import Any

from sandbox.core.provider import Account, Person
from sandbox.notion.seed.data import load

SLUG = "notion"
PAGE, DATABASE, DATA_SOURCE = "page", "database", "data_source"
KINDS = {PAGE: "pages", DATABASE: "databases", DATA_SOURCE: "data_sources"}


@dataclass(frozen=True, kw_only=True)
class Workspace(Account):
    """Describe one workspace: its plan's limit, its icon, its size."""

    icon: str | None
    calls_per_minute: int
    rows: int


def _make_workspace(people: list[dict[str, Any]], **more: Any) -> Workspace:
    return Workspace(people=tuple(Person(**person) for person in people), **more)


WORKSPACES = tuple(_make_workspace(**entry) for entry in load("workspaces"))
LANTERN = WORKSPACES[0]
BY_ID = {workspace.id: workspace for workspace in WORKSPACES}

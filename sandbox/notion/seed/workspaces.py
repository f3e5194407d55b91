"""List the simulated workspaces and the people in them, and read data from files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.core.provider import Account, Person

SLUG = "notion"
PAGE, DATABASE, DATA_SOURCE = "page", "database", "data_source"
KINDS = {PAGE: "pages", DATABASE: "databases", DATA_SOURCE: "data_sources"}
FILES = Path(__file__).with_name("files")


def load(name: str, names: Mapping[str, Any]) -> Any:
    """Return what a file holds; a string `$name` stands for the value of a name."""
    text = (FILES / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r'"\$(\w+)"', lambda m: json.dumps(names[m[1]]), text))


@dataclass(frozen=True, kw_only=True)
class Workspace(Account):
    """One workspace: the file of its pages, its plan's limit, its icon, its size."""

    file: str
    icon: str | None
    calls_per_minute: int
    rows: int


def _make_workspace(people: list[dict[str, Any]], **more: Any) -> Workspace:
    return Workspace(people=tuple(Person(**person) for person in people), **more)


WORKSPACES = tuple(_make_workspace(**entry) for entry in load("workspaces", {}))
BY_ID = {workspace.id: workspace for workspace in WORKSPACES}

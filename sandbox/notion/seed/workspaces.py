"""Read the simulated workspaces, their people and words, and their data sources."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.core.provider import Account

SLUG = "notion"
PAGE, DATABASE, DATA_SOURCE = "page", "database", "data_source"
KINDS = {PAGE: "pages", DATABASE: "databases", DATA_SOURCE: "data_sources"}
FILES = Path(__file__).with_name("files")
COLORS = ("blue", "green", "yellow", "red", "gray", "purple")
GROUPS = ("To-do", "In progress", "Complete")


@dataclass(frozen=True, kw_only=True)
class Workspace(Account):
    """One workspace: the file of its pages, its plan's limit, its icon, its size."""

    file: str
    icon: str | None
    calls_per_minute: int
    rows: int


def load(name: str, names: Mapping[str, Any]) -> Any:
    """Return what a file holds; a string `$name` stands for the value of a name."""
    text = (FILES / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r'"\$(\w+)"', lambda m: json.dumps(names[m[1]]), text))


WORDS = load("words", {"endless": "A title that goes on " + "and on " * 270})
WORKSPACES = tuple(map(Workspace.read, load("workspaces", {})))
BY_ID = {workspace.id: workspace for workspace in WORKSPACES}


def load_schemas(clients_id: str = "") -> dict[str, list[dict[str, Any]]]:
    written = load("schemas", {**WORDS, "clients_id": clients_id})
    return {name: [_expand(*column) for column in of] for name, of in written.items()}


def _expand(
    kind: str, name: str, column_id: str, config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    whole = dict(config or {})
    if "options" in whole:
        whole["options"] = _number("opt", whole["options"])
    if kind == "status":
        # Each choice is alone in a group.
        alone = [{"option_ids": [option["id"]]} for option in whole["options"]]
        pairs = zip(_number("grp", GROUPS), alone, strict=True)
        whole["groups"] = [group | ids for group, ids in pairs]
    elif kind == "relation":
        whole |= {"type": "single_property", "single_property": {}}
    return {"id": column_id, "name": name, "type": kind, "config": whole}


def _number(prefix: str, names: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {"id": f"{prefix}{n}", "name": name, "color": COLORS[n % len(COLORS)]}
        for n, name in enumerate(names)
    ]

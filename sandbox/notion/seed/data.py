"""Read what is written down in files: words, pages, columns."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILES = Path(__file__).with_name("files")
COLORS = ("blue", "green", "yellow", "red", "gray", "purple")
GROUPS = ("To-do", "In progress", "Complete")
Column = dict[str, Any]
NAME = re.compile(r"\$([a-z]\w*)")


def load(name: str, names: Mapping[str, Any] | None = None) -> Any:
    """Return what a file holds; a string `$name` stands for the value of a name."""
    text = (FILES / f"{name}.json").read_text(encoding="utf-8")
    return _fill(json.loads(text), names or {})


def _fill(data: Any, names: Mapping[str, Any]) -> Any:
    match data:
        case dict():
            return {key: _fill(value, names) for key, value in data.items()}
        case list():
            return [_fill(value, names) for value in data]
        case str() if found := NAME.fullmatch(data):
            return names[found[1]]
    return data


WORDS = load("words")
ENDLESS = "A title that goes on " + "and on " * 270
ODD_TITLES: list[str] = [
    ENDLESS if title.endswith("…") else title for title in WORDS["odd_titles"]
]


def make_schema(name: str, clients: str = "") -> list[Column]:
    """Return the columns of a data source; some of them point to the clients."""
    written = load("schemas", {**WORDS, "clients": clients})[name]
    return [_make_column(*column) for column in written]


def _make_column(
    kind: str, name: str, column_id: str, config: dict[str, Any] | None = None
) -> Column:
    whole = {**(config or {})}
    if "options" in whole:
        whole["options"] = _make_options(whole["options"])
    elif kind == "status":
        whole = _make_status()
    elif kind == "relation":
        whole |= {"type": "single_property", "single_property": {}}
    return {"id": column_id, "name": name, "type": kind, "config": whole}


def _make_options(names: list[str]) -> list[dict[str, str]]:
    return [
        {"id": f"opt{n}", "name": name, "color": COLORS[n % len(COLORS)]}
        for n, name in enumerate(names)
    ]


def _make_status() -> dict[str, Any]:
    """Return the choices of a status, each alone in a group."""
    options = _make_options(WORDS["states"])
    groups = [
        {"id": f"grp{n}", "name": name, "color": color, "option_ids": [f"opt{n}"]}
        for n, (name, color) in enumerate(zip(GROUPS, COLORS, strict=False))
    ]
    return {"options": options, "groups": groups}

"""Read what is written down in files, with the names in it filled in."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILES = Path(__file__).with_name("files")
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

"""Count what the official descriptions were asked, for the report of `make validate`.

Every process of the tests that ``API_TALLY`` names a directory to leaves a file in it.
"""

import json
import os
from collections import Counter, defaultdict
from pathlib import Path

DIRECTORY = os.environ.get("API_TALLY", "")

_counts: dict[str, Counter[str]] = defaultdict(Counter)


def add(kind: str, name: str, number: int = 1) -> None:
    """Count something of one kind: a call or answer of an operation, or a complaint."""
    _counts[kind][name] += number


def save() -> None:
    """Leave what this process has counted, where that is wanted."""
    if DIRECTORY and _counts:
        Path(DIRECTORY).mkdir(parents=True, exist_ok=True)
        path = Path(DIRECTORY) / f"{os.getpid()}.json"
        path.write_text(json.dumps(_counts), encoding="utf-8")


def load(directory: Path) -> dict[str, Counter[str]]:
    """Return what all processes have counted together."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in directory.glob("*.json"):
        for kind, found in json.loads(path.read_text(encoding="utf-8")).items():
            counts[kind].update(found)
    return counts

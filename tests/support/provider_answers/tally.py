"""Count what the official descriptions were asked, for the report of `make validate`.

Every process of the tests that ``API_TALLY`` names a directory to leaves a file in it.
What the product's own processes send is recorded by the sandbox, and counted by the
test that reads the record.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

DIRECTORY = os.environ.get("API_TALLY", "")
Counts = Mapping[str, Counter[str]]

_counts: dict[str, Counter[str]] = defaultdict(Counter)


def add(kind: str, name: str, number: int = 1) -> None:
    """Count something of one kind: a call or answer of an operation, or a complaint."""
    _counts[kind][name] += number


def disagreements() -> dict[str, int]:
    """Return what was not as described so far, and how often."""
    return dict(_counts.get("disagreements", ()))


@contextmanager
def apart() -> Iterator[Counts]:
    """Count what is added inside on its own, and leave it out of the report."""
    global _counts  # noqa: PLW0603 (a process has one)
    before, _counts = _counts, defaultdict(Counter)
    try:
        yield _counts
    finally:
        _counts = before


def save(directory: str = DIRECTORY) -> None:
    """Leave what this process has counted, where that is wanted."""
    if directory and _counts:
        Path(directory).mkdir(parents=True, exist_ok=True)
        # Runs that follow each other may have the same process id.
        path = Path(directory) / f"{uuid4()}.json"
        path.write_text(json.dumps(_counts), encoding="utf-8")


def load(directory: Path) -> dict[str, Counter[str]]:
    """Return what all processes have counted together."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path in directory.glob("*.json"):
        for kind, found in json.loads(path.read_text(encoding="utf-8")).items():
            counts[kind].update(found)
    return counts

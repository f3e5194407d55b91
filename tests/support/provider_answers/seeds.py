"""Write what a sandbox begins with, for many tests to copy."""

from collections.abc import Mapping
from pathlib import Path

from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS

# Of the large accounts; every other account has the size that it always has.
SMALL = {"contacts": 340, "companies": 30, "deals": 40, "records": 800, "rows": 60}

# Two pages of the largest list, for tests that are about something else.
FEW = {"contacts": 130, "companies": 12, "deals": 15, "records": 320, "rows": 20}

# Enough that a load goes on while something happens to it.
MIDDLE = {
    "contacts": 3_000,
    "companies": 120,
    "deals": 150,
    "records": 6_000,
    "rows": 60,
}


def make_seed(path: Path, sizes: Mapping[str, int], *, seed: int = 7) -> Path:
    """Write a sandbox's database that holds its seed alone; return its path."""
    storage = Storage(path)
    Sandbox(storage, config=Config(), providers=PROVIDERS).seed(
        Plan(seed=seed, sizes=sizes)
    )
    storage.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    storage.close()
    return path


def remove_sandbox(directory: Path) -> None:
    """Remove what a test's sandbox was: of thousands, gigabytes would be written."""
    for path in directory.glob("sandbox.sqlite3*"):
        path.unlink()

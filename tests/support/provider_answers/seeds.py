"""Write what a sandbox begins with, for many tests to copy."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.core.config import Config
from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.core.storage import Storage
from sandbox.providers import PROVIDERS
from tests.support.shared_files import made_by_first, shared_directory

# Of the large accounts; every other account has the size that it always has.
SMALL = {"contacts": 340, "companies": 30, "deals": 40, "records": 800, "rows": 60}

# Two pages of the largest list, for tests that are about something else.
FEW = {"contacts": 130, "companies": 12, "deals": 15, "records": 320, "rows": 20}
# A contact then comes whole in a list. Of the usual 300 a batch has to tell the rest,
# and each schema is longer than the rows are.
FEW_PROPERTIES = 40

# Enough that a load goes on while something happens to it.
MIDDLE = {
    "contacts": 3_000,
    "companies": 120,
    "deals": 150,
    "records": 6_000,
    "rows": 60,
}


def make_seed(
    path: Path, sizes: Mapping[str, int], *, seed: int = 7, properties: int = 0
) -> Path:
    """Write a sandbox's database that holds its seed alone; return its path.

    HubSpot's types have so many ``properties``, or as many as they always have.
    """
    storage = Storage(path)
    sandbox = Sandbox(storage, config=Config(), providers=PROVIDERS)
    sandbox.seed(Plan(seed=seed, sizes=sizes))
    if properties:
        sandbox.switches.set("hubspot", "properties", properties)
    storage.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    storage.close()
    return path


def shared_seed(
    factory: pytest.TempPathFactory, sizes: Mapping[str, int], *, properties: int = 0
) -> Path:
    """Return a seed that the workers of one run of pytest have in common."""
    numbers = (*(size for _, size in sorted(sizes.items())), properties)
    name = f"seed-{'-'.join(map(str, numbers))}.sqlite3"
    return made_by_first(
        shared_directory(factory) / name,
        lambda path: make_seed(path, sizes, properties=properties),
    )


def remove_sandbox(directory: Path) -> None:
    """Remove what a test's sandbox was: of thousands, gigabytes would be written."""
    for path in directory.glob("sandbox.sqlite3*"):
        path.unlink()

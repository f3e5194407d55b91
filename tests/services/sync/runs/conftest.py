"""Give the tests of runs a sandbox with few records."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_few: Path) -> Path:
    return seeded_few

"""Give the tests of deletions a sandbox of which many records can vanish."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def seeded_sandbox(seeded_small: Path) -> Path:
    return seeded_small

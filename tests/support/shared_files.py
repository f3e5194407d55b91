"""Files that the first of pytest's workers makes, for all of them to copy."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_directory(factory: pytest.TempPathFactory) -> Path:
    """Return the directory of one run of pytest, which all its workers see."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_by_first(path: Path, make: Callable[[Path], object]) -> Path:
    """Return a file that the first worker makes while the others wait for it."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            draft = path.with_suffix(".new")
            make(draft)
            draft.rename(path)
    return path

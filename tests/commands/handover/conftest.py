"""Share what hands connections over, and the accounts that are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.services.connections.handover import bundle
from tests.commands.handover.commands import PASSPHRASE, run
from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    connection,
    grant,
    sandbox,
    seeded_sandbox,
)


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUNDLE_PASSPHRASE", PASSPHRASE)
    # What makes guessing slow would make every test slow.
    monkeypatch.setattr(bundle, "COST", 2)
    monkeypatch.setattr(bundle, "LEAST_COST", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bundle"


@pytest.fixture
def export(path: Path, django_capture_on_commit_callbacks: Any) -> Callable[[], str]:
    """Return what hands everything over, and returns the id of the handover."""

    def do() -> str:
        with django_capture_on_commit_callbacks(execute=True):
            told = run("export_connections", path, "--handover")
        return told.splitlines()[0].removeprefix("handover ")

    return do

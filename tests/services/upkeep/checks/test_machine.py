"""Files are closed to others, and never to the site itself."""

import os
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.services.upkeep.checks import machine, registry

pytestmark = pytest.mark.django_db(transaction=True)
Owned = Callable[..., None]
SITE, ROOT, GROUP = 1000, 0, 2000


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    path = tmp_path / "var"
    path.mkdir()
    path.chmod(0o2775)
    settings.VAR_DIR, settings.SECRET_FILES = path, []
    return path


@pytest.fixture
def owned(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Owned:
    """Let the folder belong to somebody, and somebody look at it."""
    known = Path.stat

    def become(*, by: int, user: int, group: int) -> None:
        def told(path: Path, **options: Any) -> os.stat_result:
            values = list(known(path, **options))
            if path == folder:
                values[stat.ST_UID], values[stat.ST_GID] = user, group
            return os.stat_result(values)

        monkeypatch.setattr(Path, "stat", told)
        monkeypatch.setattr(os, "geteuid", lambda: by)

    return become


def opened() -> list[Path]:
    return machine._open_files()


def test_a_volume_of_root_is_not_the_sites_to_close(folder: Path, owned: Owned) -> None:
    owned(by=SITE, user=ROOT, group=GROUP)
    assert opened() == []

    owned(by=SITE, user=SITE, group=GROUP)
    assert opened() == [folder]


def test_root_leaves_the_group_of_the_site_its_rights(
    folder: Path, owned: Owned
) -> None:
    owned(by=ROOT, user=ROOT, group=GROUP)
    assert opened() == [folder]

    machine._close_files()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o2770
    assert opened() == []


def test_a_repair_that_is_refused_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    out, told = StringIO(), StringIO()

    with pytest.raises(CommandError, match="broken: files"):
        call_command("doctor", "files", "--fix", stdout=out, stderr=told)

    assert "not repaired files: " in told.getvalue()
    assert "repaired files" not in out.getvalue()


def test_a_stored_token_that_is_restored_meanwhile_is_none_that_waits(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = folder / "fallback_store"
    gone = store / "gone.json"
    known = Path.glob
    monkeypatch.setattr(
        Path,
        "glob",
        lambda path, pattern: (
            iter([gone] if pattern == "*.json" else [])
            if path == store
            else known(path, pattern)
        ),
    )
    check = next(each for each in registry.CHECKS if each.id == "fallback_store")

    assert check.probe(None).ok  # type: ignore[arg-type]

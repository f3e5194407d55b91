"""Databases that test runs keep are made anew when what makes them differs."""

from pathlib import Path
from typing import Any

from tests.support.migrated import fingerprint, remove_former


def test_another_version_of_a_package_makes_another_database(
    settings: Any, tmp_path: Path
) -> None:
    settings.BASE_DIR, found = tmp_path, set()
    for version in ("5.2", "5.3"):
        (tmp_path / "requirements.txt").write_text(f"django=={version}\n")
        found.add(fingerprint())

    assert len(found) == 2


def test_what_former_runs_kept_goes_but_not_the_locks_of_others(tmp_path: Path) -> None:
    names = (
        "product-a.sqlite3",
        "product-a.lock",
        "product-b.sqlite3",
        "product-b.new",
    )
    for name in names:
        (tmp_path / name).touch()

    remove_former(tmp_path / "product-b.new")

    assert {each.name for each in tmp_path.iterdir()} == {*names[1:]}

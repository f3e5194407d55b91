"""Keep the database that all migrations make, for every later test run to copy.

Migrating takes each worker of pytest several seconds; copying takes none. Django
migrates the copy as ever, which finds nothing left to do.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection


@contextmanager
def migrated_before() -> Iterator[None]:
    """Fill the test database in memory while Django sets it up inside.

    The first worker finds no file and makes one of what it migrated; the others wait.
    """
    if connection.vendor != "sqlite":
        yield
        return
    kept = kept_database("migrated")
    name = connection.creation._get_test_db_name()
    with (
        kept.with_suffix(".lock").open("w") as lock,
        closing(sqlite3.connect(name, uri=name.startswith("file:"))) as memory,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            fcntl.flock(lock, fcntl.LOCK_UN)
            _copy(kept, memory)
            yield
            return
        yield
        draft = kept.with_suffix(".new")
        with closing(sqlite3.connect(draft)) as target:
            memory.backup(target)
            # Else nothing would be copied, and every run would migrate anew.
            assert target.execute("SELECT 1 FROM django_migrations").fetchone()
        remove_former(draft)
        draft.rename(kept)


def kept_database(kind: str, *made_by: Path) -> Path:
    """Return where a database is kept for later runs, other files for other code."""
    directory = settings.BASE_DIR / "var" / "tests"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{kind}-{fingerprint(*made_by)}.sqlite3"


def remove_former(path: Path) -> None:
    """Remove what former runs kept, but no lock: who waits for one holds its file."""
    kind = path.stem.partition("-")[0]
    for former in path.parent.glob(f"{kind}-*.sqlite3"):
        if former.stem != path.stem:
            former.unlink(missing_ok=True)


def _copy(kept: Path, memory: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(kept)) as source:
        source.backup(memory)
    # Bytes 18 and 19 tell a log beside the file, with which snapshots are not read:
    # https://www.sqlite.org/fileformat.html#file_format_version_numbers
    assert memory.serialize()[18:20] == b"\x01\x01"


def fingerprint(*more: Path) -> str:
    """Return what differs as soon as a migration, a package's version or a file does.

    A package may migrate in another way without a new migration.
    """
    digest = sha256()
    for path in (settings.BASE_DIR / "requirements.txt", *more):
        digest.update(path.read_bytes())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(f"{config.label} {path.name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

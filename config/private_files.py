"""Files of the site that only its own system user may read."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

UMASK = 0o077
# What the processes keep in VAR_DIR.
KEPT = (
    "mooring.sqlite3*",
    "grant_ledger.sqlite3*",
    "sandbox.sqlite3*",
    "valkey",
    "valkey/**/*",
    "fallback_store",
    "fallback_store/**/*",
    "spill",
    "spill/**/*",
    "downloads",
    "downloads/**/*",
)


def protect(var_dir: Path, *, database: str = "") -> None:
    """Close new files of this process to others, and those that were made before."""
    os.umask(UMASK)
    tighten([var_dir, *_kept(var_dir), *_sqlite_files(database)])


def tighten(paths: Iterable[Path]) -> None:
    """Take every right on our own files from the group and from others."""
    for path in paths:
        with suppress(OSError):
            status = path.lstat()
            # A sticky directory, such as /tmp, is meant for others as well.
            is_ours = (
                status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX
            )
            is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
            if is_ours and is_plain and status.st_mode & UMASK:
                path.chmod(stat.S_IMODE(status.st_mode) & ~UMASK)


def _kept(var_dir: Path) -> Iterator[Path]:
    for pattern in KEPT:
        yield from var_dir.glob(pattern)


def _sqlite_files(name: str) -> Iterator[Path]:
    """Return a database's file and those beside it, for a name that is a path."""
    if Path(name).is_absolute():
        yield from (
            Path(f"{name}{end}") for end in ("", "-wal", "-shm", "-journal", "-queue")
        )

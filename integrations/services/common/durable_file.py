"""Durable files: written whole and flushed to the disk, or not there at all."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO


def write(path: Path, text: str) -> TextIO:
    """Write a file of mode 0600 in one step; return it open, and locked until closed.

    Where the file system has no locks it is written all the same. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    file = os.fdopen(descriptor, "r+", encoding="utf-8")
    try:
        # Before the name is there to be found by another process.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        temporary.replace(path)
        _flush_names(path.parent)
    except OSError:
        file.close()
        temporary.unlink(missing_ok=True)
        raise
    return file


def _flush_names(directory: Path) -> None:
    """Have the new name of a file outlive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_unlocked(path: Path) -> TextIO | None:
    """Open and lock a file; None where another process has it, or deleted it.

    It is opened for writing, without which NFS gives no exclusive lock. Raises OSError
    where it cannot be read or locked.
    """
    try:
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = os.fstat(file.fileno()).st_nlink > 0
    except BlockingIOError:
        is_there = False
    except OSError:
        file.close()
        raise
    if not is_there:
        file.close()
        return None
    return file

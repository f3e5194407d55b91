"""Durable files: written whole and flushed to the disk, or not there at all."""

import fcntl
import os
from pathlib import Path
from typing import TextIO


def write(path: Path, text: str) -> TextIO:
    """Write a file of mode 0600 in one step; return it open, and locked until closed.

    Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    file = os.fdopen(descriptor, "r+", encoding="utf-8")
    # Before the name is there to be found by another process.
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(text)
    file.flush()
    os.fsync(file.fileno())
    temporary.replace(path)
    return file


def open_unlocked(path: Path) -> TextIO | None:
    """Open and lock a file; None where another process has it, or deleted it."""
    try:
        file = path.open("r", encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    if not os.fstat(file.fileno()).st_nlink:
        file.close()
        return None
    return file

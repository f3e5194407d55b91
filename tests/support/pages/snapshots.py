"""Make what many tests begin with once: the database and the sandbox of a fixture.

A fixture marked `made_once` builds by `built_once`. The first test of a worker that
needs it builds it; before a later one begins, the database is what the first left
behind, and the sandbox is started with its file. Whatever such a fixture builds on must
find what is there already.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True)
class Snapshot:
    """What a fixture left behind."""

    database: bytes
    sandbox: bytes
    log: list[str]
    at: float
    cached: tuple[dict[str, Any], dict[str, Any]]


_saved: dict[str, Snapshot] = {}
_empty: list[bytes] = []
_restored: list[str] = []


def made_once(fixture: T) -> T:
    """Mark the function of a fixture whose work later tests find done."""
    fixture.made_once = True  # type: ignore[attr-defined]
    return fixture


def key_of(item: pytest.Item) -> str:
    """Return what names the state that a test begins with; empty for most."""
    known = item._fixtureinfo.name2fixturedefs
    used = {name: definitions[-1] for name, definitions in known.items()}
    marked = [name for name in used if hasattr(used[name].func, "made_once")]
    assert len(marked) < 2, f"{item.nodeid} begins with {marked}"
    if not marked or connection.vendor != "sqlite":
        return ""
    # Folders and files have fixtures of one name: all that it builds on are part of it.
    parts: dict[str, None] = {}
    left = [marked[0]]
    while left:
        if (name := left.pop()) in used and name not in parts:
            parts[name] = None
            left += used[name].argnames
    return " ".join(f"{used[name].baseid}::{name}" for name in parts)


def restore(item: pytest.Item) -> None:
    """Put into the database what a test begins with, before its fixtures run."""
    key = key_of(item)
    now = _restored[0] if _restored else ""
    wanted = key if key in _saved else ""
    if now == wanted:
        return
    if not now:
        _empty[:] = [_serialized()]
    content = _saved[wanted].database if wanted else _empty[0]
    with closing(sqlite3.connect(":memory:")) as source:
        source.deserialize(content)
        source.backup(connection.connection)
    _restored[:] = [wanted] if wanted else []


def forget_restored() -> None:
    """Note that the database is emptied: it does not roll a test back."""
    _restored.clear()


@contextmanager
def built_once(
    item: pytest.Item,
    sandbox: Any,
    build: Callable[[], object],
    *,
    goes_back: bool = False,
) -> Iterator[None]:
    """Build and save, or take what was saved.

    ``goes_back`` has the clock go on from when it was saved; the database's does not.
    """
    key = key_of(item)
    with ExitStack() as stack:
        if _restored == [key]:
            saved = _saved[key]
            if goes_back:
                stack.enter_context(time_machine.travel(saved.at))
            for former, now in zip(saved.cached, _cached(), strict=True):
                now.update(former)
            sandbox.log[:] = saved.log
        else:
            build()
            if key:
                _saved[key] = Snapshot(
                    database=_serialized(),
                    sandbox=sandbox.client.app.sandbox.storage.connection.serialize(),
                    log=[*sandbox.log],
                    at=time.time(),
                    cached=tuple(dict(part) for part in _cached()),
                )
        yield


def sandbox_file(item: pytest.Item, seeded: Path, directory: Path) -> Path:
    """Return the file that the sandbox of a test opens, a copy of its own."""
    path = directory / "sandbox.sqlite3"
    saved = _saved.get(key_of(item))
    path.write_bytes(saved.sandbox if saved else seeded.read_bytes())
    return path


def _serialized() -> bytes:
    connection.ensure_connection()
    return bytes(connection.connection.serialize())


def _cached() -> tuple[dict[str, Any], dict[str, Any]]:
    return cache._cache, cache._expire_info

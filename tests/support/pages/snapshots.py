"""Make what many tests begin with once: the database and the sandbox of a fixture.

A fixture marked `made_once` builds by `built_once`. The first test of a worker that
needs it builds it; before a later one begins, the database is what the first left
behind, and the sandbox is started with its file. Whatever such a fixture builds on must
find what is there already; it may itself be marked.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

from tests.support.pages import content

T = TypeVar("T", bound=Callable[..., Any])
MARK = "made_once"


@dataclass(frozen=True)
class Snapshot:
    """What a fixture left behind."""

    database: bytes
    sandbox: bytes
    log: list[Any]
    at: float
    cached: tuple[dict[str, Any], dict[str, Any]]


_saved: dict[str, Snapshot] = {}


def made_once(fixture: T) -> T:
    """Mark the function of a fixture whose work later tests find done."""
    setattr(fixture, MARK, True)
    return fixture


def keys_of(item: pytest.Item) -> list[str]:
    """Return what names the states that a test begins with, each after what it adds to.

    Most tests begin with none.
    """
    if connection.vendor != "sqlite":
        return []
    known = item._fixtureinfo.name2fixturedefs
    marked = [name for name, all_ in known.items() if hasattr(all_[-1].func, MARK)]
    parts = sorted((parts_of(item, name) for name in marked), key=len, reverse=True)
    for more, less in pairwise(parts):
        assert set(less) < set(more), f"{item.nodeid} begins with {marked}"
    return [" ".join(each) for each in parts]


def parts_of(item: pytest.Item, fixture: str) -> list[str]:
    """Return a fixture and all that it builds on.

    Folders and files have fixtures of one name, and those with parameters are several.
    """
    known = item._fixtureinfo.name2fixturedefs
    params = item.callspec.params if hasattr(item, "callspec") else {}
    parts: dict[str, str] = {}
    left = [fixture]
    while left:
        if (name := left.pop()) in known and name not in parts:
            definition = known[name][-1]
            parts[name] = f"{definition.baseid}::{name}{params.get(name, '')!r}"
            left += definition.argnames
    return list(parts.values())


def _saved_keys(item: pytest.Item) -> list[str]:
    """Return the newest state of a test that was made, and what that builds on."""
    keys = keys_of(item)
    return next((keys[at:] for at, key in enumerate(keys) if key in _saved), [])


def restore(item: pytest.Item) -> None:
    """Put into the database what a test begins with, before its fixtures run.

    Only SQLite's can be copied so; another one is emptied as ever.
    """
    wanted = _saved_keys(item)
    content.restore(wanted, _saved[wanted[0]].database if wanted else None)


@contextmanager
def built_once(
    request: pytest.FixtureRequest,
    sandbox: Any,
    build: Callable[[], object],
    *,
    goes_back: bool = False,
) -> Iterator[None]:
    """Build and save what the requesting fixture stands for, or take what was saved.

    ``goes_back`` has the clock go on from when it was saved; the database's does not.
    """
    name = str(request.fixturename)
    parts = parts_of(request.node, name) if keys_of(request.node) else []
    key = " ".join(parts)
    with ExitStack() as stack:
        if key and key in content.restored[:1]:
            saved = _saved[key]
            if goes_back:
                stack.enter_context(time_machine.travel(saved.at))
            for former, now in zip(saved.cached, _cached(), strict=True):
                now.update(former)
            sandbox.log[:] = saved.log
        elif key not in content.restored:
            build()
            if key:
                _saved[key] = Snapshot(
                    database=content.serialized(),
                    sandbox=sandbox.client.app.sandbox.storage.connection.serialize(),
                    log=[*sandbox.log],
                    at=time.time(),
                    cached=tuple(dict(part) for part in _cached()),
                )
        yield


def sandbox_file(item: pytest.Item, seeded: Path, directory: Path) -> Path:
    """Return the file that the sandbox of a test opens, a copy of its own."""
    path = directory / "sandbox.sqlite3"
    keys = _saved_keys(item)
    path.write_bytes(_saved[keys[0]].sandbox if keys else seeded.read_bytes())
    return path


def _cached() -> tuple[dict[str, Any], dict[str, Any]]:
    return cache._cache, cache._expire_info

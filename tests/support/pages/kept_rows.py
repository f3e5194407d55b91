"""Make the rows of a fixture once for the tests of a worker, which take turns.

A fixture marked ``kept`` makes rows and returns them, or what can be pickled of them.
The next test that begins with the same ones in the same order finds them in its
database, and is given what they returned anew, in which a row of two fixtures is one
object as before. Nothing else may come of such a fixture, for it is not run again: no
clock is set in it and nothing replaced. What a fixture without the mark has written
before one with it is nobody else's, so that the rest of that test is not kept.
"""

import inspect
import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import pytest
from django.db import connection

from tests.support.pages import content, snapshots

MARK = "kept"
# Each is as large as the database, most are of one file, and files follow each other.
MOST = 24

Names = tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A database in which fixtures have made their rows, and what they returned."""

    database: bytes
    values: bytes


@dataclass
class Turn:
    """What one test begins with, and how far it has come.

    ``order`` are the names of its fixtures that are kept, as they are set up;
    ``changes`` is how many rows its connection had changed when the last one was.
    """

    order: Names = ()
    values: dict[str, Any] = field(default_factory=dict)
    changes: int = 0


_kept: dict[Names, Kept] = {}
_turn = Turn()


def kept(make: Callable[..., Any]) -> Callable[..., Any]:
    """Mark the function of a fixture whose rows later tests find made."""
    signature = inspect.signature(make)
    more = [] if "request" in signature.parameters else [_REQUEST]

    @wraps(make)
    def fixture(request: pytest.FixtureRequest, **given: Any) -> Any:
        given |= {} if more else {"request": request}
        known = request.node._fixtureinfo.name2fixturedefs
        if request._fixturedef not in known.get(request.fixturename, ())[-1:]:  # type: ignore[attr-defined]
            # Part of the one of its name that the test has, or asked for in it.
            return make(**given)
        return _value_of(_name(request.node, request.fixturename), make, given)

    fixture.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*more, *signature.parameters.values()]
    )
    setattr(fixture, MARK, True)
    return fixture


_REQUEST = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)


def restore(item: pytest.Item) -> None:
    """Put into the database what a test begins with, before its fixtures run."""
    global _turn  # noqa: PLW0603 (one test runs at a time)
    _turn = Turn()
    if connection.vendor != "sqlite" or snapshots.keys_of(item):
        # What was synced once is a database of its own.
        snapshots.restore(item)
        return
    order = tuple(_order(item))
    known = next((n for n in _prefixes(order) if n in _kept), ())
    found = _kept.pop(known, None)
    if found is not None:
        # The one that was not asked for longest goes first.
        _kept[known] = found
    content.restore(known, found.database if found else None)
    values = pickle.loads(found.values) if found else {}  # noqa: S301 (our own)
    _turn = Turn(order, values)


def begin() -> None:
    """Note where a test begins, before any of its fixtures has written a row."""
    _turn.changes = _changes()


def _value_of(name: str, make: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Return what a fixture of this name made, now or before."""
    turn = _turn
    if name in turn.values:
        return turn.values[name]
    made = turn.order[: len(turn.values) + 1]
    is_next = made[-1:] == (name,) and _changes() == turn.changes
    value = make(**given)
    if not is_next:
        turn.order = ()
        return value
    turn.values[name] = value
    while len(_kept) >= MOST:
        del _kept[next(iter(_kept))]
    _kept[made] = Kept(content.serialized(), pickle.dumps(turn.values))
    # Not before: what waited in memory has been written for it.
    turn.changes = _changes()
    return value


def _order(item: pytest.Item) -> Iterator[str]:
    """Yield the names of a test's fixtures that are kept, as they are set up."""
    known, seen = item._fixtureinfo.name2fixturedefs, set()

    def visit(fixtures: Sequence[str]) -> Iterator[str]:
        for name in fixtures:
            if name in known and name not in seen:
                seen.add(name)
                yield from visit(known[name][-1].argnames)
                if hasattr(known[name][-1].func, MARK):
                    yield _name(item, name)

    yield from visit(item.fixturenames)


def _name(item: Any, fixture: str) -> str:
    """Return what tells a fixture from others, with all that it is made of."""
    return " ".join(snapshots.parts_of(item, fixture))


def _prefixes(order: Names) -> Iterator[Names]:
    for length in range(len(order), 0, -1):
        yield order[:length]


def _changes() -> int:
    """Return how many rows the test's connection has written since it was opened."""
    if connection.vendor != "sqlite":
        return 0
    connection.ensure_connection()
    return int(connection.connection.total_changes)

"""Watch in which order transactions lock connections, collections and what is theirs.

SQLite has no row locks, so that no test on it can wait for another; but what a
transaction asks for is seen, whatever the database makes of it.
"""

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final
from unittest import mock

from django.db.models.constants import OnConflict
from django.db.models.sql import Query
from django.db.models.sql.compiler import (
    SQLCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)
from django.db.transaction import Atomic

from integrations.models import (
    Collection,
    Connection,
    Edit,
    Item,
    SeenBlock,
    SyncRun,
)
from integrations.services.sync.deletions import seen_bitmap
from integrations.services.sync.leases import renewal
from integrations.services.sync.refresh import pages

# What is of one place may be locked in any order.
PLACES: Final = {Connection: 0, Collection: 1, SyncRun: 2, SeenBlock: 2, Item: 2}
# Several of them are written at once by many, who hold nothing above them.
SHARED: Final = (Connection, SyncRun, Edit)
APP: Final = Path(__file__).resolve().parents[2] / "integrations"
TESTS: Final = APP.parent / "tests"
WRITERS: Final = (SQLUpdateCompiler, SQLDeleteCompiler)


class LockOrder:
    """Note what is locked too late; the transactions of one thread are watched.

    ``unordered`` are updates of several rows in no order, which may wait in a circle;
    ``asked`` are the queries that locked what they found, in their order.
    """

    def __init__(self, app: Path) -> None:
        self._app = app
        self.late: list[str] = []
        self.unordered: list[str] = []
        self.asked: list[Query] = []
        self._thread = threading.get_ident()
        self._open: list[bool] = []
        self._taken: list[type] = []
        self._ordered: set[type] = set()

    def enter(self, *, is_ours: bool) -> None:
        """Begin a transaction, or one inside of it; tests have some of their own."""
        if self._is_here():
            self._open.append(is_ours)

    def leave(self) -> None:
        """End one; with the outermost of the product its locks are over."""
        if self._is_here() and self._open:
            self._open.pop()
            if not any(self._open):
                self._taken.clear()
                self._ordered.clear()

    def note(self, model: type) -> None:
        """Note that rows of a model are locked, until the transaction ends."""
        if model not in PLACES or model in self._taken:
            return
        if not (self._is_here() and any(self._open)) or self._is_of_a_test():
            return
        place = PLACES[model]
        if before := [each for each in self._taken if PLACES[each] > place]:
            names = ", ".join(each.__name__ for each in before)
            self.late.append(f"{model.__name__} after {names}: {_where()}")
        self._taken.append(model)

    def note_asked(self, compiler: SQLCompiler) -> None:
        """Note a query that locks what it finds, and nothing of another one."""
        query = compiler.query
        if isinstance(compiler, WRITERS) or query.select_for_update:
            self.note(query.get_meta().model)
        if query.select_for_update:
            self.asked.append(query.clone())
            if _is_by_key(query):
                self._ordered.add(query.get_meta().model)

    def note_done(self, compiler: SQLCompiler, number: Any) -> None:
        """Note an update of so many rows that others may update at the same time."""
        if not isinstance(compiler, SQLUpdateCompiler) or (number or 0) < 2:
            return
        query, model = compiler.query, compiler.query.get_meta().model
        if model not in SHARED or model in self._ordered or _is_in_order(query):
            return
        if self._is_here() and not self._is_of_a_test():
            self.unordered.append(f"{number} of {model.__name__}: {_where()}")

    def _is_here(self) -> bool:
        return threading.get_ident() == self._thread

    def _is_of_a_test(self) -> bool:
        """Tell whether a test does it, in the middle of the product's work.

        Or a migration, which a deadlock with the release before would only delay.
        """
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            path = frame.f_code.co_filename
            if _is_below(self._app / "migrations", path):
                return True
            if _is_below(self._app, path):
                return False
            if path != __file__ and _is_below(TESTS, path):
                return True
            frame = frame.f_back
        return False


@contextmanager
def watched(app: Path = APP) -> Iterator[LockOrder]:
    """Watch the transactions that code below ``app`` begins in this thread."""
    order = LockOrder(app)
    enter, leave = Atomic.__enter__, Atomic.__exit__
    execute, insert = SQLCompiler.execute_sql, SQLInsertCompiler.execute_sql

    def entering(self: Atomic) -> None:
        enter(self)
        order.enter(is_ours=_is_in(app, sys._getframe(1)))

    def leaving(self: Atomic, *exc: Any) -> None:
        try:
            leave(self, *exc)
        finally:
            order.leave()

    def executing(self: SQLCompiler, *args: Any, **options: Any) -> Any:
        order.note_asked(self)
        result = execute(self, *args, **options)
        order.note_done(self, result)
        return result

    def inserting(self: SQLInsertCompiler, *args: Any, **options: Any) -> Any:
        if self.query.on_conflict is OnConflict.UPDATE:
            order.note(self.query.get_meta().model)
        return insert(self, *args, **options)

    with (
        _plain_writes(order),
        mock.patch.object(Atomic, "__enter__", entering),
        mock.patch.object(Atomic, "__exit__", leaving),
        mock.patch.object(SQLCompiler, "execute_sql", executing),
        mock.patch.object(SQLInsertCompiler, "execute_sql", inserting),
    ):
        yield order


@contextmanager
def _plain_writes(order: LockOrder) -> Iterator[None]:
    """Note marks, checkpoints and renewed leases, which are written by plain SQL."""
    mark, renew = seen_bitmap.mark, renewal.write
    write_checkpoint = pages.write_checkpoint

    def marking(collection: Collection, keys: Iterable[int]) -> None:
        if marked := list(keys):
            order.note(SeenBlock)
            mark(collection, marked)

    def writing(*args: Any) -> None:
        order.note(Collection)
        write_checkpoint(*args)

    def renewing(*args: Any) -> bool:
        order.note(SyncRun)
        return renew(*args)

    with (
        mock.patch.object(seen_bitmap, "mark", marking),
        mock.patch.object(pages, "write_checkpoint", writing),
        mock.patch.object(renewal, "write", renewing),
    ):
        yield


def _is_by_key(query: Query) -> bool:
    return tuple(query.order_by) in {("pk",), ("id",)}


def _is_in_order(query: Query) -> bool:
    """Tell whether an update finds its rows by a query that locks them in order."""
    found = (getattr(each, "rhs", None) for each in query.where.children)
    asked = [each for each in found if isinstance(each, Query)]
    return any(each.select_for_update and _is_by_key(each) for each in asked)


def _is_in(app: Path, frame: FrameType | None) -> bool:
    """Tell whether code below ``app`` begins a transaction, or is decorated with it."""
    while frame is not None and frame.f_code.co_filename.endswith("contextlib.py"):
        frame = frame.f_back
    return frame is not None and _is_below(app, frame.f_code.co_filename)


@cache
def _is_below(directory: Path, path: str) -> bool:
    """Tell where a source lies; every query asks for dozens of them."""
    return directory in Path(path).parents


def _where() -> str:
    """Return the lines of the product that lead here, the innermost last."""
    found, frame = [], sys._getframe(1)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if APP in path.parents:
            found.append(f"{path.relative_to(APP)}:{frame.f_lineno}")
        frame = frame.f_back
    return " > ".join(reversed(found[:6]))

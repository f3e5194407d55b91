"""Those who write to one SQLite database take turns, in one process and in several."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Event, Thread, current_thread

import pytest
from django.conf import settings
from django.db import OperationalError

from config.environment.database import SQLITE_OPTIONS
from config.monitoring.outages import is_busy
from config.sqlite import write_queue
from config.sqlite.base import DatabaseWrapper
from config.sqlite.write_queue import Turn, WriteQueue, queue_of
from tests.real.support.processes import wait_until

pytestmark = pytest.mark.django_db
OpenDatabase = Callable[[], DatabaseWrapper]
# Holds the lock of a file as another process does that writes.
HOLDER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "site.sqlite3"


@pytest.fixture
def open_database(path: Path) -> Iterator[OpenDatabase]:
    """Open the database once more, for the thread that calls."""
    opened = []

    def make() -> DatabaseWrapper:
        values = {**settings.DATABASES["default"], "NAME": str(path)}
        made = DatabaseWrapper({**values, "OPTIONS": SQLITE_OPTIONS, "TEST": {}})
        made.inc_thread_sharing()
        opened.append(made)
        return made

    with make().cursor() as cursor:
        cursor.execute("create table note (text)")
    yield make
    for each in opened:
        each.close()


def notes(database: DatabaseWrapper) -> list[str]:
    with database.cursor() as cursor:
        return [text for (text,) in cursor.execute("select text from note").fetchall()]


def write(database: DatabaseWrapper, text: str) -> None:
    """Write in a transaction, as ``atomic`` does."""
    database.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    insert(database, text)
    database.commit()
    database.set_autocommit(True)


def insert(database: DatabaseWrapper, text: str) -> None:
    with database.cursor() as cursor:
        cursor.execute("insert into note values (%s)", [text])


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@contextmanager
def held_by_another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"{path}-queue"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def test_threads_write_in_the_order_in_which_they_came(
    path: Path, open_database: OpenDatabase
) -> None:
    ours, queue = open_database(), queue_of(str(path))
    threads = []
    with ours.turn():
        for number, how in enumerate([write, insert] * 4):
            own = open_database()
            threads.append(in_thread(partial(how, own, str(number))))
            wait_until(lambda: len(queue) == len(threads), "it waits")
        assert notes(ours) == []
    for thread in threads:
        thread.join()

    assert notes(ours) == list("01234567")


def test_another_process_is_waited_for_until_it_is_killed(
    path: Path, open_database: OpenDatabase
) -> None:
    ours, own = open_database(), open_database()
    with held_by_another_process(path) as holder:
        thread = in_thread(partial(write, own, "late"))
        wait_until(lambda: len(queue_of(str(path))) == 1, "it waits")
        assert notes(ours) == []
        holder.kill()
        thread.join()

    assert notes(ours) == ["late"]


@pytest.mark.parametrize("how", [write, insert])
def test_a_wait_in_vain_is_the_error_of_a_busy_database(
    open_database: OpenDatabase, how: Callable[[DatabaseWrapper, str], None]
) -> None:
    ours, own = open_database(), open_database()
    # Once it is open: to those of a thread that has served requests theirs is told.
    own.ensure_connection()
    own.write_wait, patience = 0.05, own.write_wait
    with ours.turn(), pytest.raises(OperationalError) as told:
        how(own, "no")
    assert is_busy(told.value)

    own.write_wait = patience
    own.set_autocommit(True)
    how(own, "yes")

    assert notes(ours) == ["yes"]


def test_a_thread_that_ends_with_its_turn_holds_nobody_up(
    open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_queue, "IDLE_SECONDS", 0.05)
    ours, lost = open_database(), open_database()
    in_thread(lambda: lost.turn().__enter__()).join()

    write(ours, "mine")

    assert notes(ours) == ["mine"]


def test_a_thread_that_ends_leaves_its_successor_the_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, first, second = queue_of(str(path)), Turn(), Turn()
    is_wanted, ending, go_on = WriteQueue._is_wanted, Queue[Thread](), Event()

    def then_stand_still(queue: WriteQueue) -> bool:
        wanted = is_wanted(queue)
        if not wanted:
            ending.put(current_thread())
            go_on.wait(20)
        return wanted

    monkeypatch.setattr(write_queue, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(WriteQueue, "_is_wanted", then_stand_still)
    assert queue.wait(first, 5)
    queue.leave(first)
    ended = ending.get(timeout=20)
    assert queue.wait(second, 5)

    go_on.set()
    ended.join()

    with Path(f"{path}-queue").open("w") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    queue.leave(second)


def test_a_forked_process_waits_for_turns_of_its_own(
    open_database: OpenDatabase,
) -> None:
    ours = open_database()
    write(ours, "parent")

    child = os.fork()
    if not child:
        try:
            own = open_database()
            own.write_wait = 5
            write(own, "child")
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert notes(ours) == ["parent", "child"]


def test_a_place_is_given_up_when_its_wait_is_interrupted(
    path: Path, open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, own = open_database(), open_database()

    def interrupt(_event: threading.Event, _seconds: float) -> bool:
        raise KeyboardInterrupt

    with ours.turn():
        with monkeypatch.context() as patch:
            patch.setattr(threading.Event, "wait", interrupt)
            with pytest.raises(KeyboardInterrupt):
                write(own, "no")
        assert len(queue_of(str(path))) == 0

    own.set_autocommit(True)
    write(own, "yes")
    assert notes(ours) == ["yes"]


def test_threads_wait_for_each_other_where_no_file_can_be_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    queue, first, second = queue_of(str(path)), Turn(), Turn()

    assert queue.wait(first, 5)
    assert not queue.wait(second, 0.05)
    queue.leave(first)
    assert queue.wait(second, 5)
    queue.leave(second)

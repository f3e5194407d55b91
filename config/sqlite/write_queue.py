"""Queue of those who want to write to one SQLite database.

SQLite has whoever finds it locked sleep and try again, up to 100 ms at a time; among
many writers some never find it free. Here a process serves its threads in the order
in which they came, and processes take turns by a lock on a file, which ends with its
process. It is a courtesy: other programs, like ``sqlite3``, write without it.
"""

import fcntl
import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

# Between two turns of a process, so that another one gets the lock it waits for.
PAUSE_SECONDS: Final = 0.001
# Without work the thread that hands out turns ends after so long.
IDLE_SECONDS: Final = 5.0


class Turn:
    """Place in the queue of one thread, and its turn to write when that has come."""

    def __init__(self) -> None:
        self.has_come = threading.Event()
        self.thread = threading.current_thread()


class WriteQueue:
    """Queue of the threads of this process, which shares the file with others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._waiting: deque[Turn] = deque()
        self._current: Turn | None = None
        self._is_running = False
        self._file: int | None = None

    def __len__(self) -> int:
        """Return how many threads wait."""
        return len(self._waiting)

    def wait(self, turn: Turn, seconds: float) -> bool:
        """Wait for a turn, to be given back by ``leave``; False if it did not come."""
        with self._changed:
            self._waiting.append(turn)
            if not self._is_running:
                threading.Thread(target=self._run, daemon=True).start()
                self._is_running = True
            self._changed.notify()
        try:
            has_come = turn.has_come.wait(seconds)
        except BaseException:
            # A time limit of its task, or Ctrl-C.
            self.leave(turn)
            raise
        if not has_come:
            self.leave(turn, unless_come=True)
        return turn.has_come.is_set()

    def leave(self, turn: Turn, *, unless_come: bool = False) -> None:
        """Give a turn back, or the place in the queue of one that has not come."""
        with self._changed:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif self._current is turn and not unless_come:
                self._current = None
                self._changed.notify()

    def close_after_fork(self) -> None:
        """Close the lock's file in a child, whose parent has the lock."""
        self._close()

    def _run(self) -> None:
        """Hand out turns, until nobody has wanted one for a while."""
        self._file = self._open()
        while self._is_wanted():
            # In this thread, because it cannot be given up.
            self._lock(fcntl.LOCK_EX)
            self._give_turn()
            self._lock(fcntl.LOCK_UN)
            time.sleep(PAUSE_SECONDS)

    def _open(self) -> int | None:
        """Open the file that processes lock; without it each has its own order only."""
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            logger.warning("writers wait without a lock error=%s", exc.strerror)
            return None

    def _lock(self, operation: int) -> None:
        if self._file is not None:
            # A file system without locks: SQLite's own have to do.
            with suppress(OSError):
                fcntl.flock(self._file, operation)

    def _is_wanted(self) -> bool:
        with self._changed:
            if self._changed.wait_for(lambda: self._waiting, IDLE_SECONDS):
                return True
            # Before another thread begins, whose file it would be.
            self._close()
            self._is_running = False
            return False

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _give_turn(self) -> None:
        """Let the first one write; whose thread has ended does not any more."""
        with self._changed:
            if not self._waiting:
                return
            turn = self._current = self._waiting.popleft()
            turn.has_come.set()
            while self._current is turn and turn.thread.is_alive():
                self._changed.wait(IDLE_SECONDS)
            self._current = None


_queues: dict[str, WriteQueue] = {}


def queue_of(database: str) -> WriteQueue:
    """Return the queue of a database's file."""
    return _queues.setdefault(database, WriteQueue(Path(f"{database}-queue")))


def _forget() -> None:
    """Forget in a forked process the queues of its parent, whose threads it has not."""
    for queue in _queues.values():
        queue.close_after_fork()
    _queues.clear()


os.register_at_fork(after_in_child=_forget)

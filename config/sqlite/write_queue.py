"""Queue of those who want to write to one SQLite database.

SQLite has whoever finds it locked sleep and try again, up to 100 ms at a time; among
many writers some never find it free. Here a process serves its threads in the order
in which they came, and processes take turns by a lock on a file, which ends with its
process. It is a courtesy: other programs, like ``sqlite3``, write without it.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

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

    def __len__(self) -> int:
        """Return how many threads wait."""
        return len(self._waiting)

    def wait(self, seconds: float) -> Turn | None:
        """Wait for a turn, to be given back by ``leave``; None if it did not come."""
        turn = Turn()
        with self._changed:
            self._waiting.append(turn)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, daemon=True).start()
            self._changed.notify()
        if turn.has_come.wait(seconds):
            return turn
        with self._changed:
            if turn.has_come.is_set():
                return turn
            self._waiting.remove(turn)
        return None

    def leave(self, turn: Turn) -> None:
        """Give a turn back."""
        with self._changed:
            if self._current is turn:
                self._current = None
                self._changed.notify()

    def _run(self) -> None:
        """Hand out turns, until nobody has wanted one for a while."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while self._is_wanted():
                # In this thread, because it cannot be given up.
                fcntl.flock(file, fcntl.LOCK_EX)
                self._give_turn()
                fcntl.flock(file, fcntl.LOCK_UN)
                time.sleep(PAUSE_SECONDS)
        finally:
            os.close(file)

    def _is_wanted(self) -> bool:
        with self._changed:
            if self._changed.wait_for(lambda: self._waiting, IDLE_SECONDS):
                return True
            self._is_running = False
            return False

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
_making = threading.Lock()


def queue_of(database: str) -> WriteQueue:
    """Return the queue of a database's file."""
    with _making:
        return _queues.setdefault(database, WriteQueue(Path(f"{database}-queue")))


# A forked process has the queues of its parent, and none of the threads in them.
os.register_at_fork(after_in_child=_queues.clear)

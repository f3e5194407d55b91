"""Shutdown flag of a worker, shared with its children.

A prefork worker hears SIGTERM in its parent only. One shared byte, made before
the fork, carries it into the children, which look at it between two pages. Threads
that sleep in the very process are woken. The other way, children tell by shared bytes
that a call is under way which must not be cut in two.
"""

import mmap
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Processes share these bytes by their number.
_PLACES = 256
_flag = mmap.mmap(-1, 1)
_calls = mmap.mmap(-1, _PLACES)
_counting = threading.Lock()
_asked = threading.Event()


def ask() -> None:
    """Request every slice of this worker to stop at its next checkpoint."""
    _flag[0] = 1
    _asked.set()


def is_asked() -> bool:
    """Return whether this worker is shutting down."""
    return _flag[0] == 1


def sleep(seconds: float) -> None:
    """Sleep, at most until this process is asked to stop."""
    _asked.wait(seconds)


def is_spending() -> bool:
    """Return whether a call that spends something is under way in this worker."""
    return any(_calls[:])


@contextmanager
def spending() -> Iterator[None]:
    """Let neither a soft time limit nor a shutdown cut a step in two."""
    place = os.getpid() % _PLACES
    with _counting:
        _calls[place] += 1
    try:
        with soft_time_limit_deferred():
            yield
    finally:
        with _counting:
            # Children whose numbers meet here count without a lock between them.
            _calls[place] = max(0, _calls[place] - 1)


@contextmanager
def soft_time_limit_deferred() -> Iterator[None]:
    """Defer Celery's soft time limit during a step that must not be cut in two.

    It is a signal to the main thread of a worker's child; elsewhere there is none.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

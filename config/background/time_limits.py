"""Time limits of tasks in a pool of threads, which Celery bounds in processes only.

A thread cannot be ended, so the worker ends: as gently as when it is asked to, and
whoever started it starts it again. Its slices go on where they were.
"""

import logging
import os
import signal
import threading
import time
from typing import Any

from celery import signals
from msgspec import Struct

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0


class _Running(Struct):
    """Task under way, and how many seconds it has left."""

    name: str
    left: float


# By thread.
_running: dict[int, _Running] = {}


def watch() -> None:
    """Start to bound the tasks of this worker."""
    signals.task_prerun.connect(_begin)
    signals.task_postrun.connect(_end)
    threading.Thread(target=_run, daemon=True).start()


def _begin(task: Any, **_details: Any) -> None:
    limit = task.time_limit or task.app.conf.task_time_limit
    _running[threading.get_ident()] = _Running(task.name, limit)


def _end(**_details: Any) -> None:
    _running.pop(threading.get_ident(), None)


def _run() -> None:
    # Counted in looks, because the time in which the whole process stood still is
    # nobody's fault.
    while True:
        time.sleep(LOOK_SECONDS)
        for task in list(_running.values()):
            task.left -= LOOK_SECONDS
            if task.left < 0:
                logger.critical("task hangs name=%s; the worker stops", task.name)
                os.kill(os.getpid(), signal.SIGTERM)
                return

"""A task that hangs in a thread ends its worker, as one in a process ends that."""

import signal
import subprocess
import sys

WORKER = """
import threading, time
from celery import signals
from config.background import time_limits

time_limits.LOOK_SECONDS = 0.05
time_limits.watch()
class Task:
    def __init__(self, name):
        self.name, self.time_limit = name, 0.2

quick = Task("quick")
signals.task_prerun.send(sender=quick, task=quick)
signals.task_postrun.send(sender=quick, task=quick)
{rest}
"""
HANG = """
slow = Task("slow")
signals.task_prerun.send(sender=slow, task=slow)
time.sleep(30)
"""


def run(rest: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WORKER.format(rest=rest)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_task_that_hangs_stops_its_worker_by_name() -> None:
    done = run(HANG)

    assert done.returncode == -signal.SIGTERM
    assert "name=slow" in done.stderr


def test_tasks_that_end_in_time_do_not() -> None:
    done = run("time.sleep(0.5)")

    assert done.returncode == 0, done.stderr

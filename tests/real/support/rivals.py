"""Take, finish and disconnect in threads of one process, beside others that do too.

Run by ``manage.py shell`` of a stack. What it took is printed, one run to a line.
"""

import threading
from collections.abc import Callable
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import Connection, SyncRun
from integrations.services.common.clock import database_now
from integrations.services.connections import disconnect
from integrations.services.sync import runs
from integrations.services.sync.leases import turns
from tests.support.rows import make_connection, make_run

USERS, CONNECTIONS, THREADS = 5, 30, 4


def fill() -> None:
    """Make users with connections, each with a run that is due."""
    for number in range(USERS):
        user = User.objects.create_user(f"rival-{number}")
        for _ in range(CONNECTIONS):
            make_run(make_connection(user))


def compete() -> None:
    """Work on runs until none is due, and disconnect every third connection."""
    threads = [_thread(_finish) for _ in range(THREADS)]
    threads.append(_thread(_disconnect))
    for thread in threads:
        thread.join()


def _thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _finish() -> None:
    while taken := turns.take("sync", uuid4(), now=database_now()):
        run, lease_id = taken
        print(f"took {run.pk}", flush=True)  # noqa: T201
        runs.finish(run, SyncRun.Outcome.COMPLETE, lease_id=lease_id)


def _disconnect() -> None:
    for connection in Connection.objects.order_by("pk")[::3]:
        disconnect.end_grant(connection, actor=None, keep_items=True)

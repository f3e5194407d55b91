"""Find out which process holds a run, and catch it at that."""

import hashlib
import re
import socket
import time
from uuid import UUID

from integrations.services.sync.leases.lost_tasks import HALF
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

LEASED = "select lease_id from integrations_syncrun where lease_id is not null"
RECEIVED = re.compile(r"Task integrations\.tasks\.sync_\w+\[([\w-]+)\] received")
# What was on its way when a process was stopped is in the database after this long.
SETTLED_SECONDS = 0.3


def holds_run(stack: Stack, name: str) -> bool:
    """Tell whether a worker, a pool of threads, holds the lease of a run."""
    pool = f"{socket.gethostname()} {stack.running[name].pid}"
    own = {
        hashlib.sha256(f"{task_id} {pool}".encode()).digest()[:HALF]
        for task_id in RECEIVED.findall(stack.log(name))
    }
    leases = [UUID(str(lease_id)).bytes for (lease_id,) in stack.rows(LEASED)]
    return any(lease_id[:HALF] in own for lease_id in leases)


def freeze_at_work(stack: Stack, name: str) -> None:
    """Let a worker hang while it holds a run."""

    def is_caught() -> bool:
        stack.freeze(name)
        time.sleep(SETTLED_SECONDS)
        if holds_run(stack, name):
            return True
        stack.thaw(name)
        return False

    wait_until(is_caught, f"{name} holds a run", seconds=30)


def kill_at_work(stack: Stack, name: str) -> None:
    """End a worker without a warning while it holds a run."""
    freeze_at_work(stack, name)
    stack.kill(name)

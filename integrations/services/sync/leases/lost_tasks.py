"""Tasks whose worker process died: what they held is free at once.

A pool of processes is told by its child's exit. A lease says which task took it and in
which pool, since what the dead child knew of it is gone: half of its id tells both. A
broker delivers a task that takes long once more, and another pool may be at it under
the same id: what that holds lives on. Only leases on
runs are ended early, because reading twice does no harm; one under which something
may just be spent or written lasts as long as that request may.
"""

import hashlib
import os
import socket
from uuid import UUID, uuid4

from billiard.process import current_process
from celery import current_task
from django.utils import timezone

from integrations.models import SyncRun
from integrations.services.common.database.row_locks import update_in_order

HALF = 8


def new_lease_id() -> UUID:
    """Return the id of a lease, by which the task that takes it can be found."""
    task_id = current_task.request.id if current_task else None
    random = uuid4().bytes
    if not task_id:
        return UUID(bytes=random)
    return UUID(bytes=_half(task_id, pool_name()) + random[HALF:])


def pool_name() -> str:
    """Return what its head and its children call a pool of processes, and no other."""
    # The head of a pool is nobody's child.
    parent = getattr(current_process(), "_parent_pid", None)
    return f"{socket.gethostname()} {parent or os.getpid()}"


def end_leases(task_id: str, pool: str) -> list[SyncRun]:
    """End the leases that a task held in a pool; return their runs, which are due."""
    first = _half(task_id, pool)
    held = SyncRun.objects.filter(
        lease_until__isnull=False,
        lease_id__range=(
            UUID(bytes=first + b"\x00" * HALF),
            UUID(bytes=first + b"\xff" * HALF),
        ),
    ).exclude(state=SyncRun.State.FINISHED)
    keys = list(held.values_list("pk", flat=True))
    # The id stays: whoever claims the run sees by it that a worker was lost.
    update_in_order(held, lease_until=timezone.now())
    return list(SyncRun.objects.filter(pk__in=keys))


def _half(task_id: str, pool: str) -> bytes:
    return hashlib.sha256(f"{task_id} {pool}".encode()).digest()[:HALF]

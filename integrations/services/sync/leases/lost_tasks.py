"""Tasks whose worker process died: what they held is free at once.

A pool of processes is told by its child's exit. A lease says which task took it, since
what the dead child knew of it is gone: half of its id is the task's. Only leases on
runs are ended early, because reading twice does no harm; one under which something
may just be spent or written lasts as long as that request may.
"""

from uuid import UUID, uuid4

from celery import current_task
from django.utils import timezone

from integrations.models import SyncRun

HALF = 8


def new_lease_id() -> UUID:
    """Return the id of a lease, by which the task that takes it can be found."""
    task_id = current_task.request.id if current_task else None
    random = uuid4().bytes
    return UUID(bytes=_half(task_id) + random[HALF:]) if task_id else UUID(bytes=random)


def end_leases(task_id: str) -> list[SyncRun]:
    """End the leases that a lost task held, and return their runs, which are due."""
    first = _half(task_id)
    held = SyncRun.objects.filter(
        lease_until__isnull=False,
        lease_id__range=(
            UUID(bytes=first + b"\x00" * HALF),
            UUID(bytes=first + b"\xff" * HALF),
        ),
    ).exclude(state=SyncRun.State.FINISHED)
    keys = list(held.values_list("pk", flat=True))
    # The id stays: whoever claims the run sees by it that a worker was lost.
    held.update(lease_until=timezone.now())
    return list(SyncRun.objects.filter(pk__in=keys))


def _half(task_id: str) -> bytes:
    return UUID(task_id).bytes[:HALF]

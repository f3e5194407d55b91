"""Signs of life: when each kind of process did its work last, or is at it."""

import time

from celery import current_task
from django.utils import timezone

from integrations.models import Heartbeat

# Seconds in which the work of a process on a queue is noted as one heartbeat.
WORK_COUNTS_EVERY = 10.0
_worked_at: dict[str, float] = {}


def beat(name: str) -> None:
    """Remember that a kind of process is doing its work."""
    # One statement, which a probe asks for every few seconds.
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def queue_of_task() -> str:
    """Return the queue from which this thread has its task; empty outside of one."""
    delivered = current_task.request.delivery_info if current_task else None
    return str((delivered or {}).get("routing_key") or "")


def count_as_heartbeat(queue_name: str) -> None:
    """Take work for a heartbeat: one in the queue may wait behind a backlog."""
    now = time.monotonic()
    if now - _worked_at.get(queue_name, -WORK_COUNTS_EVERY) < WORK_COUNTS_EVERY:
        return
    _worked_at[queue_name] = now
    beat(f"worker.{queue_name}")

"""Turns: on which queue a run goes on, and whose run is worked on next."""

import threading
from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from integrations.models import SyncRun
from integrations.services.sync.leases import lease
from integrations.services.sync.leases.heartbeat import heartbeat

# After so many requests, ten to thirty-five seconds of a provider's limit, even a
# user's run goes on among the bulk. Claims that came to nothing but a wait are none.
INTERACTIVE_REQUESTS = 100
# As many due runs are compared, the longest due first.
MOST_COMPARED = 500
# Lost so often before its first page, a run may be what ends its worker.
SUSPECT_AFTER = 2
# Threads that look at the same moment would all see the same state.
_taking = threading.Lock()


def queue_of(run: SyncRun) -> str:
    """Return the queue of a run's next slice: somebody waits for it, or nobody."""
    is_urgent = run.is_interactive and run.requests < INTERACTIVE_REQUESTS
    return "interactive" if is_urgent else "sync"


def is_of(queue_name: str) -> Q:
    """Select the runs whose next slice belongs to a queue."""
    is_urgent = Q(is_interactive=True, requests__lt=INTERACTIVE_REQUESTS)
    return is_urgent if queue_name == "interactive" else ~is_urgent


def take(queue_name: str, named: UUID, *, now: datetime) -> tuple[SyncRun, UUID] | None:
    """Claim the run of a queue whose turn it is; None when none is due.

    A message says that some run is due and names it; its user goes first unless
    another has fewer runs in work. So users have equal shares, whoever asked for how
    much and when, and a user's own runs follow each other as they became due.
    A lease that ran out because this process was slow is not taken from itself.
    Of runs that lost their worker again and again one is worked on at a time: many
    share a process, and those that went down with another are told from it so.
    """
    with _taking:
        for pk in _by_turn(queue_name, named, now):
            if heartbeat.is_at_work(pk):
                continue
            claimed = lease.claim(pk, now=now)
            if claimed is not None:
                return claimed
    return None


def _by_turn(queue_name: str, named: UUID, now: datetime) -> list[UUID]:
    due = SyncRun.objects.filter(
        lease.is_due(now),
        lease.is_free(now),
        is_of(queue_name),
        state__in=SyncRun.OPEN,
    )
    leased = SyncRun.objects.filter(lease_until__gt=now).exclude(lease.is_free(now))
    # Its claim counts as well, until a page of it is stored.
    if leased.filter(deliveries__gt=SUSPECT_AFTER).exists():
        due = due.exclude(deliveries__gte=SUSPECT_AFTER, lease_id__isnull=False)
    compared = list(
        due.order_by("due_at").values_list("pk", "connection__owner_id")[:MOST_COMPARED]
    )
    in_work = Counter(leased.values_list("connection__owner_id", flat=True))
    first = next((owner for pk, owner in compared if pk == named), None)
    # A stable sort: what is equal stays in the order in which it became due.
    compared.sort(key=lambda row: (in_work[row[1]], row[1] != first))
    return [pk for pk, _owner in compared]

"""Turns: on which queue a run goes on, and whose run is worked on next."""

import threading
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from integrations.models import SyncRun
from integrations.services.sync.leases import lease
from integrations.services.sync.leases.heartbeat import heartbeat

# After so many requests, ten to thirty-five seconds of a provider's limit, even a
# user's run goes on among the bulk. Claims that came to nothing but a wait are none.
INTERACTIVE_REQUESTS = 100
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
    passed: set[UUID] = set()
    with _taking:
        first = _user_of(named)
        while (pk := _next(queue_name, first, passed, now)) is not None:
            if not heartbeat.is_at_work(pk):
                claimed = lease.claim(pk, now=now)
                if claimed is not None:
                    return claimed
            passed.add(pk)
    return None


def _user_of(named: UUID) -> int | None:
    """Return whose turn a run takes; code that knew nothing of turns noted nobody."""
    opened = SyncRun.objects.filter(pk=named, state__in=SyncRun.OPEN)
    for user, owner in opened.values_list("turn_of", "connection__owner_id"):
        if user is None:
            opened.update(turn_of=owner)
        return owner
    return None


def _next(
    queue_name: str, first: int | None, passed: Collection[UUID], now: datetime
) -> UUID | None:
    """Return the run that is longest due of the users with the fewest in work."""
    due = SyncRun.objects.filter(
        lease.is_due(now),
        lease.is_free(now),
        is_of(queue_name),
        # Not by their states, for which SQLite would sort the whole backlog.
        finished_at__isnull=True,
    ).exclude(pk__in=passed)
    leased = SyncRun.objects.filter(lease_until__gt=now).exclude(lease.is_free(now))
    # In their usual order, SQLite would go through all runs.
    working = leased.order_by().values_list("turn_of", "deliveries")
    # Its claim counts as well, until a page of it is stored.
    if any(deliveries > SUSPECT_AFTER for _, deliveries in working):
        due = due.exclude(deliveries__gte=SUSPECT_AFTER, lease_id__isnull=False)
    in_work = Counter(user for user, _ in working if user is not None)
    shares = [due.exclude(turn_of__in=in_work)]
    for count in sorted(set(in_work.values())):
        users = [user for user in in_work if in_work[user] == count]
        shares.append(due.filter(turn_of__in=users))
    for share in shares:
        for runs in (share.filter(turn_of=first), share):
            if (found := _longest_due(runs, queue_name)) is not None:
                return found
    return None


def _longest_due(runs: QuerySet[SyncRun], queue_name: str) -> UUID | None:
    """Return the one of some runs that is longest due.

    What somebody asked for and what nobody did each stand in an index in that order,
    which SQLite only uses where the kind is compared with a value.
    """
    kinds = (True,) if queue_name == "interactive" else (False, True)
    rows = runs.order_by("due_at").values_list("due_at", "pk")
    found = (rows.filter(is_interactive__in=[kind]).first() for kind in kinds)
    return min(filter(None, found), default=(None, None))[1]

"""Send edits to the queue: new ones, those that were left, and what waited behind."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from integrations.models import Connection, Edit, times
from integrations.services.common import queue
from integrations.services.common.clock import database_now
from integrations.services.common.database.row_locks import update_in_order
from integrations.services.writing.delivering import lease

# One sweep sends at most so many; the next one goes on.
MOST_AT_ONCE: Final = 500
# A message may wait in its queue for so long before it is taken for lost.
SENT_AGAIN_AFTER: Final = timedelta(seconds=30)
# What tells by which task an edit is delivered.
SENT_BY: Final = ("bulk_edit", "is_sent_alone")


def send(edit: Edit) -> bool:
    """Have an edit delivered now; say whether the queue took it."""
    return queue.send("deliver_edit", edit.pk)


def send_due() -> int:
    """Send what is due and was left: by a lost message, a dead worker, a pause."""
    now = database_now()
    # What still has a lease has lost its worker.
    is_left = Q(due_at__lte=now - SENT_AGAIN_AFTER) | Q(lease_until__isnull=False)
    due = Edit.objects.deliverable(now).filter(is_left)
    edits = list(due.order_by("due_at").only(*SENT_BY)[:MOST_AT_ONCE])
    # What is in the queue already is no more due than it was.
    keys = [edit.pk for edit in edits]
    unleased = Edit.objects.filter(pk__in=keys, lease_id__isnull=True)
    update_in_order(unleased, due_at=now)
    # Whoever delivers a bulk edit goes on with it.
    together = {edit.bulk_edit_id for edit in edits if edit.is_sent_together}
    busy = {key for key in together if key and lease.is_under_way(key, now=now)}
    idle = [e for e in edits if not e.is_sent_together or e.bulk_edit_id not in busy]
    return _send_all(idle)


def send_next(edit: Edit) -> None:
    """Send the edit that waited behind one that has ended."""
    send_following([edit.order_key])


def send_following(order_keys: Sequence[str]) -> None:
    """Send the edits that waited behind some that have ended."""
    following = Edit.objects.open().filter(order_key__in=order_keys).order_by("pk")
    first: dict[str, Edit] = {}
    for edit in following.only("order_key", *SENT_BY):
        first.setdefault(edit.order_key, edit)
    _send_all(list(first.values()))


def wake(connection: Connection) -> None:
    """Have a connection's waiting edits tried now: it has been renewed or resumed.

    Those that the provider has asked to wait do.
    """
    now = timezone.now()
    free = Edit.objects.open().filter(connection=connection, lease_id__isnull=True)
    is_due = times.come("due_at", now, longest=Edit.LONGEST_WAIT)
    waiting = free.filter(is_due | ~Q(reason_data__has_key="is_asked"))
    keys = list(waiting.order_by("pk").values_list("pk", flat=True))
    update_in_order(waiting, due_at=now, failures=0)
    _send_all(list(free.filter(pk__in=keys[:MOST_AT_ONCE]).only(*SENT_BY)))


def _send_all(edits: Sequence[Edit]) -> int:
    """Send edits, those of a bulk edit together; return how many the queue took."""
    together = {edit.bulk_edit_id for edit in edits if edit.is_sent_together}
    sent = queue.send_all("deliver_bulk_edit", together)
    if sent < len(together):
        return sent
    alone = [edit.pk for edit in edits if not edit.is_sent_together]
    return sent + queue.send_all("deliver_edit", alone)

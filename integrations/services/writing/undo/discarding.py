"""Discard edits that were not sent, and end those that are not to be sent again."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import BulkEdit, Connection, Edit
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.models.writing.edit import EditQuerySet
from integrations.services.common import audit
from integrations.services.common.database.row_locks import update_in_order
from integrations.services.writing import row_states, trail
from integrations.services.writing.delivering import dispatch


def cancel(edit: Edit, *, user: User) -> bool:
    """Discard an edit; what may have arrived is looked for, and not sent again."""
    rows = Edit.objects.open().filter(pk=edit.pk)
    # From here on no worker sends it, even if it has taken it.
    stop_sending(rows)
    if rows.filter(sent_at__isnull=False).exists():
        dispatch.send(edit)
        return True
    return bool(discard([edit], user=user, why=ReasonCode.DISCARDED))


def discard(edits: Iterable[Edit], *, user: User | None, why: ReasonCode) -> int:
    """Discard edits that nobody is sending now; return how many.

    A worker that has not sent anything loses its lease. What may have arrived is left
    as it is, because that has to be looked for.
    """
    discarded = 0
    for edit in edits:
        with transaction.atomic():
            rows = Edit.objects.filter(
                pk=edit.pk, state__in=(*Edit.OPEN, *Edit.UNDECIDED)
            ).exclude(reason=ReasonCode.OVERWROTE)
            changed = discard_rows(rows, why)
            if changed:
                trail.record("discarded", edit, user=user)
        if changed:
            discarded += 1
            dispatch.send_next(edit)
    return discarded


def discard_cancelled(edit: Edit) -> bool:
    """Discard an edit that was cancelled on its way, if it is known to be unsent."""
    left = Edit.objects.cancelled_unsent().filter(pk=edit.pk)
    return bool(discard(left, user=None, why=ReasonCode.DISCARDED))


def discard_left() -> int:
    """Discard what was cancelled on its way and put back: nobody sends it any more."""
    left = Edit.objects.cancelled_unsent().order_by("pk")
    rows = left.select_related("item", "created_by")[: dispatch.MOST_AT_ONCE]
    return discard(rows, user=None, why=ReasonCode.DISCARDED)


def discard_waiting(connection: Connection, *, user: User | None) -> int:
    """Discard all that a connection has not sent yet; rows of many at once.

    What may have arrived is looked for as soon as the provider can be asked.
    """
    waiting = connection.edits.open()
    stop_sending(waiting)
    many = waiting.filter(bulk_edit__isnull=False)
    BulkEdit.objects.filter(
        pk__in=many.order_by().values("bulk_edit"), cancelled_at__isnull=True
    ).update(cancelled_at=timezone.now())
    alone = waiting.filter(bulk_edit__isnull=True, sent_at__isnull=True)
    discarded = discard(list(alone), user=user, why=ReasonCode.DISCARDED)
    rows = discard_rows(many, ReasonCode.DISCARDED)
    if rows:
        audit.record("bulk_edit.discarded", user=user, subject=connection.pk, rows=rows)
    dispatch.wake(connection)
    return discarded + rows


def stop_sending(rows: EditQuerySet) -> None:
    """Let open edits be sent no more; what was sent is looked for, and then ends."""
    sent = rows.filter(cancelled_at__isnull=True)
    update_in_order(sent, cancelled_at=timezone.now())


def discard_rows(rows: EditQuerySet, why: ReasonCode) -> int:
    """Discard rows that were not sent, or are known to be refused."""
    known = rows.filter(Q(sent_at__isnull=True) | Q(state__in=Edit.UNDECIDED))
    row_states.discard(known)
    return update_in_order(
        known,
        state=Edit.State.CANCELLED,
        ended_at=timezone.now(),
        lease_id=None,
        lease_until=None,
        **columns(Reason(code=why)),
    )

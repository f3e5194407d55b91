"""The lease of an edit lives as long as its worker, and no longer than it must."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Edit
from integrations.services.common import queue
from integrations.services.sync.leases.heartbeat import Heartbeat
from integrations.services.writing.delivering import dispatch, lease
from tests.real.support.processes import wait_until
from tests.support.rows import make_collection, make_connection

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Work:
    """Work on an edit that waits for one answer, as its heartbeat sees it."""

    lease_id: UUID
    key: str = "edit"
    renewals: int = 0
    work: int = 0


@pytest.fixture
def edit(alice: User, settings: Any) -> Edit:
    """Return an edit whose lease lasts less than a second."""
    settings.STALE_RUN_SECONDS = 0.3
    connection = make_connection(alice, is_editing=True)
    return Edit.objects.create(
        connection=connection,
        collection=make_collection(connection),
        verb=Edit.Verb.CREATE,
        order_key="new",
    )


def taken(edit: Edit) -> tuple[Edit, Work]:
    claimed = lease.claim(edit.pk, now=timezone.now())
    assert claimed is not None
    return claimed[0], Work(lease_id=claimed[1])


def left(edit: Edit) -> timedelta:
    """Return how long the lease lasts yet."""
    until = Edit.objects.values_list("lease_until", flat=True).get(pk=edit.pk)
    assert until is not None
    return until - timezone.now()


def test_it_is_renewed_while_an_answer_is_waited_for_and_then_runs_out(
    edit: Edit,
) -> None:
    claimed, work = taken(edit)
    assert left(claimed) < timedelta(seconds=1)
    begun = Edit.objects.get(pk=edit.pk).lease_until

    with Heartbeat(lease.renew_silently, Edit.lease_length).renewing(work):
        wait_until(lambda: Edit.objects.get(pk=edit.pk).lease_until > begun, "renewed")

    wait_until(lambda: left(claimed) < timedelta(0), "it runs out")
    assert lease.claim(edit.pk, now=timezone.now()) is not None


def test_what_is_being_sent_keeps_its_lease_for_as_long_as_a_call_may_take(
    edit: Edit, settings: Any
) -> None:
    claimed, work = taken(edit)

    lease.note_sent(claimed, work.lease_id)
    lease.renew_silently([work.lease_id])

    assert left(claimed) > timedelta(seconds=settings.HTTP_TOTAL_TIMEOUT)


def test_the_sweep_sends_what_lost_its_worker_at_once(
    edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(queue, "send", lambda *args, **_: sent.append(args) or True)
    assert dispatch.send_due() == 0
    lease_id = taken(edit)[1].lease_id
    assert dispatch.send_due() == 0
    over = timezone.now() - timedelta(seconds=1)
    Edit.objects.filter(lease_id=lease_id).update(lease_until=over)

    assert dispatch.send_due() == 1
    assert sent == [("deliver_edit", edit.pk)]

"""Edits that cannot be sent now are held back, and sent in their order."""

import pytest
from django.utils import timezone

from integrations.models import Connection, Edit
from integrations.models.reasons import ReasonCode
from integrations.services.writing.delivering import dispatch
from tests.services.writing.delivery.test_delivery import writes
from tests.services.writing.fixtures_of_edits import Desk

State = Edit.State


def test_a_lost_scope_holds_edits_back_and_asks_for_it_again(desk: Desk) -> None:
    edit = desk.update(desk.item(), city="Bonn")
    desk.sandbox.client.switch("withdrawn_scopes", ["crm.objects.contacts.write"])

    desk.deliver(edit)

    assert (edit.state, edit.reason) == (State.WAITING, ReasonCode.NO_PERMISSION)
    desk.connection.refresh_from_db()
    missing = [scope.name for scope in desk.connection.missing_scopes]
    assert missing == ["crm.objects.contacts.write"]
    desk.sandbox.client.switch("withdrawn_scopes", [])
    scopes = [*desk.connection.granted_scopes, *missing]
    Connection.objects.update(granted_scopes=scopes)
    assert desk.finish(edit).state == State.SAVED


@pytest.mark.parametrize("state", ["paused", "needs_reconnect", "disconnected"])
def test_a_connection_that_is_not_read_holds_its_edits(desk: Desk, state: str) -> None:
    edit = desk.update(desk.item(), city="Bonn")
    Connection.objects.update(state=state)

    desk.finish(edit)

    assert (edit.state, writes(desk)) == (State.WAITING, 0)
    Connection.objects.update(state="active")
    dispatch.wake(desk.connection)
    assert desk.finish(edit).state == State.SAVED


@pytest.mark.parametrize("kind", ["daily_limit", "rate_limits"])
def test_a_limit_holds_edits_back_and_loses_none(desk: Desk, kind: str) -> None:
    edit = desk.update(desk.item(), city="Bonn")
    made = desk.bulk(desk.items()[5:8], "city", "Bonn am Rhein")
    desk.sandbox.client.fault(kind, "api", count=2)

    before = timezone.now()
    desk.deliver(edit)
    desk.deliver_bulk(made)

    assert (edit.state, writes(desk)) == (State.WAITING, 0)
    assert edit.due_at > before
    assert made.edits.open().filter(due_at__gt=before).count() == 3
    assert desk.finish(edit).state == State.SAVED
    assert desk.finish_bulk(made) == {State.SAVED: 3}


def test_a_dead_grant_holds_edits_back_and_loses_none(desk: Desk) -> None:
    edit = desk.update(desk.item(), city="Bonn")
    made = desk.bulk(desk.items()[5:8], "city", "Bonn am Rhein")
    desk.sandbox.client.command("grants/revoke")

    desk.finish(edit, most=2)
    desk.finish_bulk(made, most=2)

    desk.connection.refresh_from_db()
    assert not desk.connection.is_syncable
    assert (edit.state, writes(desk)) == (State.WAITING, 0)
    assert made.edits.filter(state=State.WAITING).count() == 3


def test_edits_of_one_contact_are_sent_in_their_order(desk: Desk) -> None:
    item = desk.item()
    first, second = desk.update(item, city="One"), desk.update(item, zip="2")

    desk.deliver(second)

    assert second.state == State.WAITING
    desk.finish(first)
    desk.finish(second)
    assert (first.state, second.state) == (State.SAVED, State.SAVED)

"""Many contacts are changed by few calls; each of them is as safe as a single one."""

import math
from datetime import timedelta
from typing import Any

import pytest

from integrations.models import AuditEvent, BulkEdit, Connection, Edit, Item
from integrations.models.reasons import ReasonCode
from integrations.providers import CONNECTORS
from integrations.services.upkeep import retention
from integrations.services.writing import outbox, trail
from integrations.services.writing.batches import bulk
from integrations.services.writing.delivering import dispatch
from tests.services.writing.fixtures_of_edits import Desk

State = Edit.State


def updates(desk: Desk) -> int:
    return desk.sandbox.count("/batch/update")


def cities(desk: Desk, made: BulkEdit) -> set[Any]:
    return {desk.there(edit.remote_id).get("city") for edit in made.edits.all()}


def test_many_contacts_are_changed_by_few_calls(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONNECTORS["hubspot"], "items_per_write", 40)
    items = desk.items()

    made = desk.bulk(items, "city", "Ωmega")

    assert desk.finish_bulk(made) == {State.SAVED: len(items)}
    assert updates(desk) == math.ceil(len(items) / 40)
    assert cities(desk, made) == {"Ωmega"}
    assert {item.properties["city"] for item in desk.items()} == {"Ωmega"}
    assert all(edit.change_id for edit in made.edits.all())


def test_each_row_has_an_outcome_of_its_own(desk: Desk) -> None:
    desk.sandbox.client.switch("conditional_properties", ["city=Bonn:phone"])
    items = [each for each in desk.items() if each.properties.get("city") != "Bonn"]
    gone, changed, same, refused, *rest = items[:12]
    for item in [gone, changed, same, *rest]:
        desk.edit_there(item.remote_id, "phone", "1")
    desk.edit_there(refused.remote_id, "phone", "")
    made = desk.bulk(items[:12], "city", "Bonn")
    desk.sandbox.client.command(
        "records/archive", portal="555111", type="contacts", id=gone.remote_id
    )
    desk.edit_there(changed.remote_id, "city", "Theirs")
    desk.edit_there(same.remote_id, "city", "Bonn")

    counted = desk.finish_bulk(made)

    assert counted == {State.SAVED: 9, State.CONFLICT: 1, State.REFUSED: 2}
    told = {edit.remote_id: edit for edit in made.edits.all()}
    assert told[gone.remote_id].reason == ReasonCode.ITEM_DELETED
    assert told[refused.remote_id].refused["phone"][0] == "required"
    assert told[changed.remote_id].theirs == {"city": "Theirs"}
    assert desk.there(changed.remote_id)["city"] == "Theirs"
    assert (updates(desk), desk.sandbox.count("PATCH")) == (1, 0)


def test_rows_that_were_refused_together_are_sent_one_by_one(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:4], "city", "Bonn am Rhein")
    desk.sandbox.client.fault("status", "write", count=1, status=400)

    assert desk.finish_bulk(made) == {State.SAVED: 4}
    assert (updates(desk), desk.sandbox.count("PATCH")) == (1, 4)


def test_the_stage_of_many_can_go_back(desk: Desk) -> None:
    items = desk.items()[:6]
    for item in items:
        desk.edit_there(item.remote_id, "lifecyclestage", "")
        desk.edit_there(item.remote_id, "lifecyclestage", "customer")
        Item.objects.filter(pk=item.pk).update(
            properties={**item.properties, "lifecyclestage": "customer"}
        )

    made = desk.bulk(items, "lifecyclestage", "lead")

    assert desk.finish_bulk(made) == {State.SAVED: 6}
    stages = {desk.there(item.remote_id)["lifecyclestage"] for item in items}
    assert stages == {"lead"}


def test_rows_wait_behind_earlier_edits_of_their_contact(desk: Desk) -> None:
    first, second = desk.items()[:2]
    single = desk.update(first, city="Single")
    made = desk.bulk([first, second], "city", "Bulk")

    desk.deliver_bulk(made)

    assert list(made.edits.open().values_list("item", flat=True)) == [first.pk]
    desk.finish(single)
    desk.finish_bulk(made)
    assert desk.there(first.remote_id)["city"] == "Bulk"
    assert made.edits.get(item=first).base == {"city": "Single"}


@pytest.mark.parametrize("state", ["paused", "needs_reconnect", "disconnected"])
def test_a_bulk_edit_is_held_and_goes_on(desk: Desk, state: str) -> None:
    made = desk.bulk(desk.items()[:3], "city", "Later")
    Connection.objects.update(state=state)

    desk.finish_bulk(made)

    assert (made.edits.open().count(), updates(desk)) == (3, 0)
    Connection.objects.update(state="active")
    dispatch.wake(desk.connection)
    assert desk.finish_bulk(made) == {State.SAVED: 3}


def test_nobody_else_may_edit_many(desk: Desk, bob: Any) -> None:
    with pytest.raises(outbox.EditingOffError):
        bulk.draft(desk.contacts, [desk.item().pk], filters="", user=bob)


def test_values_leave_the_trail_when_their_edits_are_gone_already(desk: Desk) -> None:
    edit = desk.finish(desk.update(desk.item(), city="Secret"))
    edit.delete()
    AuditEvent.objects.create(event="edit.saved", facts={"connection": "another"})

    trail.forget(desk.connection)

    told = AuditEvent.objects.filter(event__startswith="edit.").order_by("pk")
    assert [event.facts for event in told] == [{}, {"connection": "another"}]


def test_drafts_are_deleted_soon_and_values_with_the_items(desk: Desk) -> None:
    keys = [item.pk for item in desk.items()[:2]]
    draft = bulk.draft(desk.contacts, keys, filters="", user=desk.user)
    made = desk.bulk(desk.items()[:2], "city", "Secret")

    retention.prune(now=draft.created_at + timedelta(days=2))

    assert list(BulkEdit.objects.all()) == [made]
    trail.forget(desk.connection)
    assert not BulkEdit.objects.exists()
    told = AuditEvent.objects.filter(event__startswith="bulk_edit.")
    assert [event.facts for event in told] == [{}]

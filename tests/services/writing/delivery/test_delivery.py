"""An edit is saved once, refused with reasons, or left to its user; never lost."""

from typing import Any
from uuid import uuid4

import pytest

from integrations.models import AuditEvent, Edit
from integrations.models.reasons import ReasonCode
from integrations.services.writing.undo import undo_one
from tests.services.fixtures import FinishSync
from tests.services.writing.fixtures_of_edits import Desk

State = Edit.State


def writes(desk: Desk) -> int:
    return sum(
        line.startswith(("PATCH", "DELETE"))
        or (line.startswith("POST") and line.endswith("/contacts"))
        for line in desk.sandbox.log
    )


def test_a_change_is_there_and_here_at_once_and_no_sync_counts_it(
    synced_desk: Desk, finish_sync: FinishSync
) -> None:
    desk = synced_desk
    item = desk.item()
    old = item.properties.get("city")

    edit = desk.finish(desk.update(item, city="Ωmega 東京 🏙", jobtitle=""))

    assert edit.state == State.SAVED
    assert desk.there(item.remote_id)["city"] == "Ωmega 東京 🏙"
    item.refresh_from_db()
    assert item.properties["city"] == "Ωmega 東京 🏙"
    assert edit.change is not None
    assert edit.change.fields["properties.city"] == [old, "Ωmega 東京 🏙"]
    run = finish_sync(desk.connection)
    assert (run.outcome, run.changed, run.created) == ("complete", 0, 0)
    run = finish_sync(desk.connection, full=True)
    assert (run.outcome, run.changed, run.created, run.deleted) == ("complete", 0, 0, 0)


def test_a_new_contact_is_an_item_at_once_and_no_sync_counts_it(
    synced_desk: Desk, finish_sync: FinishSync
) -> None:
    desk = synced_desk
    before = desk.contacts.stored_count

    edit = desk.finish(desk.create(email="New.One@example.com", firstname="Zoë"))

    assert edit.state == State.SAVED
    assert edit.item is not None
    assert edit.item.name == "Zoë"
    assert desk.contacts.stored_count == before + 1
    run = finish_sync(desk.connection, full=True)
    assert (run.outcome, run.changed, run.created) == ("complete", 0, 0)


def test_an_archived_contact_is_a_tombstone_at_once(
    synced_desk: Desk, finish_sync: FinishSync
) -> None:
    desk = synced_desk
    item, before = desk.item(), desk.contacts.stored_count

    edit = desk.finish(desk.archive(item))

    assert edit.state == State.SAVED
    item.refresh_from_db()
    assert item.deleted_kind == "archived"
    assert desk.contacts.stored_count == before - 1
    run = finish_sync(desk.connection, full=True)
    assert (run.changed, run.created, run.deleted) == (0, 0, 0)


@pytest.mark.parametrize("is_sent", [False, True])
@pytest.mark.parametrize("is_many", [False, True])
def test_an_edit_of_a_contact_that_was_merged_is_of_what_it_became(
    desk: Desk, *, is_many: bool, is_sent: bool
) -> None:
    first, other = [each for each in desk.items() if each.properties.get("city")][:2]
    made = desk.bulk([first], "city", "Mine") if is_many else None
    edit = made.edits.get() if made else desk.update(first, city="Mine")
    if is_sent:
        desk.sandbox.client.fault("lost", "write", count=1)
        desk.deliver_bulk(made) if made else desk.deliver(edit)
    desk.merge(first, other)

    desk.finish_bulk(made) if made else desk.finish(edit)

    edit.refresh_from_db()
    assert edit.state == State.SAVED
    assert edit.remote_id not in (first.remote_id, other.remote_id)
    assert edit.item is not None
    assert edit.item.remote_id == edit.remote_id
    assert desk.there(edit.remote_id)["city"] == "Mine"


@pytest.mark.parametrize("is_many", [False, True])
def test_what_a_contact_became_by_a_merge_is_not_archived(
    desk: Desk, *, is_many: bool
) -> None:
    first, other = desk.items()[:2]
    edit = desk.archive(first)
    if is_many:
        edit.bulk_edit = desk.bulk([other], "city", "Mine")
        edit.save()
    desk.merge(first, other)

    desk.deliver_bulk(edit.bulk_edit) if edit.bulk_edit else None
    desk.finish(edit)

    assert (edit.state, edit.reason) == (State.REFUSED, ReasonCode.ITEM_MERGED)
    assert edit.existing_item is not None
    assert desk.there(edit.existing_item.remote_id)


# What happens to a call that writes, what is known then, and whether it arrived.
TROUBLES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("lost", {}, State.UNKNOWN, True),
    ("truncated", {}, State.UNKNOWN, True),
    ("late_status", {"status": 500}, State.UNKNOWN, True),
    ("late_status", {"status": 502}, State.UNKNOWN, True),
    ("status", {"status": 500}, State.UNKNOWN, False),
    ("status", {"status": 504}, State.UNKNOWN, False),
    ("status", {"status": 423}, State.UNKNOWN, False),
    ("intermediary", {}, State.UNKNOWN, False),
    ("status", {"status": 429}, State.WAITING, False),
]


def test_the_stage_of_a_contact_can_go_back(desk: Desk) -> None:
    item = desk.item()
    desk.finish(desk.update(item, lifecyclestage=""))
    desk.finish(desk.update(item, lifecyclestage="customer"))

    edit = desk.finish(desk.update(item, lifecyclestage="lead"))

    assert edit.state == State.SAVED
    assert desk.there(item.remote_id)["lifecyclestage"] == "lead"


def test_every_write_is_in_the_audit_trail(desk: Desk) -> None:
    item = desk.item()
    old = item.properties.get("city")

    edit = desk.finish(desk.update(item, city="Bonn"))

    event = AuditEvent.objects.get(event="edit.saved")
    assert event.user == desk.user
    assert event.subject == str(item.uuid)
    facts = event.facts
    assert (facts["old"], facts["new"]) == ({"city": old}, {"city": "Bonn"})
    assert facts["correlation_id"] == edit.correlation_id != ""


def test_ones_own_latest_edit_can_be_undone(desk: Desk) -> None:
    item = desk.item()
    old = item.properties.get("city")
    edit = desk.finish(desk.update(item, city="Bonn"))
    assert undo_one.can_undo(edit, desk.user)

    undone = undo_one.undo(edit, user=desk.user, key=uuid4())

    assert undone is not None
    assert desk.finish(undone).state == State.SAVED
    assert desk.there(item.remote_id).get("city") == old
    edit.refresh_from_db()
    assert not undo_one.can_undo(edit, desk.user)

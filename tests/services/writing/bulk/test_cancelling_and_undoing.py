"""A bulk edit is cancelled and taken back, row by row."""

from typing import Any
from uuid import uuid4

import pytest

from integrations.models import BulkEdit, Edit, Item
from integrations.models.reasons import ReasonCode
from integrations.services.items.history.differences import MOST_CHANGED
from integrations.services.writing import outbox
from integrations.services.writing.batches import bulk, bulk_delivery
from integrations.services.writing.undo import discarding, undo_one, undoing
from tests.services.writing.bulk.test_bulk import cities, updates
from tests.services.writing.fixtures_of_edits import Desk

State = Edit.State


def test_what_is_cancelled_is_not_sent_any_more(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:3], "city", "Nowhere")
    desk.sandbox.client.fault("status", "write", count=1, status=429)
    desk.deliver_bulk(made)

    bulk.cancel(made, user=desk.user)

    assert desk.finish_bulk(made) == {State.CANCELLED: 3}
    assert "Nowhere" not in cities(desk, made)


@pytest.mark.parametrize("status", [429, 400])
def test_what_is_cancelled_on_its_way_stands_before_no_later_edit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    items = desk.items()[:3]
    made = desk.bulk(items, "city", "Nowhere")
    desk.sandbox.client.fault("status", "write", count=1, status=status)
    send = desk.sandbox.send

    def cancelling(request: Any, *args: Any) -> Any:
        if request.url.endswith("/batch/update"):
            bulk.cancel(BulkEdit.objects.get(pk=made.pk), user=desk.user)
        return send(request, *args)

    monkeypatch.setattr(desk.sandbox, "send", cancelling)

    desk.deliver_bulk(made)

    assert not made.edits.open().exists()
    assert desk.finish(desk.update(items[0], city="Later")).state == State.SAVED


def test_the_sweep_discards_what_was_left_of_a_cancelled_bulk_edit(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:3], "city", "Nowhere")
    BulkEdit.objects.filter(pk=made.pk).update(cancelled_at=made.created_at)

    assert bulk.discard_left() == 3
    assert desk.finish_bulk(made) == {State.CANCELLED: 3}


def test_undoing_takes_back_what_nothing_newer_stands_on(desk: Desk) -> None:
    items = desk.items()[:5]
    old = {item.pk: item.properties.get("city") for item in items}
    made = desk.bulk(items, "city", "Bulk")
    desk.finish_bulk(made)
    edited, *rest = items
    desk.finish(desk.update(edited, city="Newer"))

    back = undoing.undo(made, user=desk.user)

    assert desk.finish_bulk(back) == {State.SAVED: 4}
    assert {i.pk: desk.there(i.remote_id).get("city") for i in rest} == {
        item.pk: old[item.pk] for item in rest
    }
    assert desk.there(edited.remote_id)["city"] == "Newer"
    with pytest.raises(outbox.NothingToUndoError):
        undoing.undo(made, user=desk.user)


def test_what_a_cancelled_undo_did_not_take_back_can_be_undone_again(
    desk: Desk,
) -> None:
    items = desk.items()[:4]
    old = {item.remote_id: item.properties.get("city") for item in items}
    made = desk.bulk(items, "city", "Bulk")
    desk.finish_bulk(made)
    first = undoing.undo(made, user=desk.user)
    with pytest.raises(outbox.NothingToUndoError):
        undoing.undo(made, user=desk.user)
    edit = first.edits.order_by("pk")[0]
    first.edits.filter(pk=edit.pk).update(is_sent_alone=True)
    desk.finish(edit)
    bulk.cancel(first, user=desk.user)

    again = undoing.undo(made, user=desk.user)

    assert desk.finish_bulk(again) == {State.SAVED: 3}
    assert {each: desk.there(each).get("city") for each in old} == old
    with pytest.raises(outbox.NothingToUndoError):
        undoing.undo(made, user=desk.user)


@pytest.mark.parametrize("has_arrived", [False, True])
def test_a_cancelled_row_whose_answer_was_lost_is_read_and_not_sent_again(
    desk: Desk, *, has_arrived: bool
) -> None:
    made = desk.bulk(desk.items()[:3], "city", "Nowhere")
    fault = {"kind": "lost"} if has_arrived else {"kind": "status", "status": 500}
    desk.sandbox.client.fault(fault.pop("kind"), "write", count=1, **fault)
    desk.deliver_bulk(made)
    before = updates(desk)

    bulk.cancel(made, user=desk.user)
    counted = desk.finish_bulk(made)

    assert counted == {State.SAVED if has_arrived else State.CANCELLED: 3}
    assert updates(desk) == before
    assert cities(desk, made) >= ({"Nowhere"} if has_arrived else set())
    assert ("Nowhere" in cities(desk, made)) is has_arrived


def test_a_stage_that_a_cancelled_row_had_cleared_is_given_back(desk: Desk) -> None:
    items = desk.items()[:2]
    for item in items:
        desk.edit_there(item.remote_id, "lifecyclestage", "customer")
        Item.objects.filter(pk=item.pk).update(
            properties={**item.properties, "lifecyclestage": "customer"}
        )
    made = desk.bulk(items, "lifecyclestage", "lead")
    desk.sandbox.client.fault("status", "write", count=1, skip=2, status=500)
    desk.deliver_bulk(made)
    cleared = {desk.there(item.remote_id).get("lifecyclestage") for item in items}
    assert cleared == {None}

    bulk.cancel(made, user=desk.user)

    assert desk.finish_bulk(made) == {State.CANCELLED: 2}
    stages = {desk.there(item.remote_id)["lifecyclestage"] for item in items}
    assert stages == {"customer"}


def test_what_can_be_undone_is_looked_for_once_for_many_rows(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    made = desk.bulk(desk.items()[:20], "city", "Bulk")
    desk.finish_bulk(made)

    with django_assert_max_num_queries(8):
        found = undoing.undoable(made, desk.user)

    assert len(found) == 20


def test_what_many_values_changed_in_stands_before_an_undo(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:2], "city", "Bulk")
    desk.finish_bulk(made)
    item = desk.items()[0]
    # The history keeps so many of the fields, and city may be among the others.
    fields = {f"properties.a{number}": [1, 2] for number in range(MOST_CHANGED)}
    item.changes.create(at=made.created_at, kind="changed", fields=fields)

    found = undoing.undoable(made, desk.user)

    assert [edit.item_id for edit in found] == [desk.items()[1].pk]


def test_each_of_two_edits_of_one_item_is_undone_only_if_it_is_the_latest(
    desk: Desk,
) -> None:
    item = desk.item()
    edits = [desk.finish(desk.update(item, **{n: "A"})) for n in ("city", "zip")]
    desk.finish(desk.update(item, city="Newer"))

    found = undoing.latest(Edit.objects.filter(pk__in=[edit.pk for edit in edits]))

    assert found == edits[1:]


def test_a_row_that_is_discarded_holds_up_no_other_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, send = desk.bulk(desk.items()[:3], "city", "Bonn"), desk.sandbox.send

    def discard_first(request: Any, *args: Any) -> Any:
        edit = made.edits.order_by("pk")[0]
        discarding.discard([edit], user=desk.user, why=ReasonCode.DISCARDED)
        return send(request, *args)

    with monkeypatch.context() as patched:
        patched.setattr(desk.sandbox, "send", discard_first)
        wait = desk.deliver_bulk(made)

    assert wait == 0
    assert not made.edits.filter(lease_id__isnull=False).exists()
    assert bulk_delivery.deliver(made.pk) == 0
    assert [edit.state for edit in made.edits.order_by("pk")] == [
        State.CANCELLED,
        State.SAVED,
        State.SAVED,
    ]


def test_a_single_row_of_many_can_be_undone_alone(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:2], "city", "Bulk")
    desk.finish_bulk(made)
    edit = made.edits.select_related("item").first()
    assert edit is not None

    undone = undo_one.undo(edit, user=desk.user, key=uuid4())

    assert undone is not None
    assert desk.finish(undone).state == State.SAVED
    assert len(undoing.undoable(made, desk.user)) == 1

"""Many contacts are changed by few calls; each of them is as safe as a single one."""

import json
import math
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database

from integrations.models import AuditEvent, BulkEdit, Connection, Edit, Item
from integrations.models.reasons import ReasonCode
from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.common.clock import database_now
from integrations.services.items.history.differences import MOST_CHANGED
from integrations.services.upkeep import retention
from integrations.services.writing import outbox, trail
from integrations.services.writing.batches import bulk, bulk_delivery
from integrations.services.writing.delivering import dispatch, lease
from integrations.services.writing.undo import discarding, undo_one, undoing
from tests.services.writing.fixtures_of_edits import Desk, Intruder, Killed, Reaper

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


@pytest.mark.parametrize(
    ("kind", "params", "calls"),
    [
        ("lost", {}, 1),
        ("truncated", {}, 1),
        ("late_status", {"status": 500}, 1),
        ("status", {"status": 500}, 2),
        ("status", {"status": 504}, 2),
        ("intermediary", {}, 2),
        ("status", {"status": 429}, 2),
    ],
)
def test_a_batch_that_went_wrong_is_read_before_it_is_sent_again(
    desk: Desk, kind: str, params: dict[str, Any], calls: int
) -> None:
    made = desk.bulk(desk.items()[:5], "city", "Bonn am Rhein")
    desk.sandbox.client.fault(kind, "write", count=1, **params)

    wait = desk.deliver_bulk(made)

    assert wait
    assert made.edits.open().count() == 5
    assert desk.finish_bulk(made) == {State.SAVED: 5}
    assert updates(desk) == calls
    assert cities(desk, made) == {"Bonn am Rhein"}


@pytest.mark.parametrize("errors", ["none", "unknown"])
def test_a_row_that_no_answer_tells_of_is_sent_alone_at_last(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, errors: str
) -> None:
    desk.sandbox.client.switch("conditional_properties", ["city=Bonn:phone"])
    items = desk.items()[:3]
    for item in items:
        desk.edit_there(item.remote_id, "phone", "1")
    desk.edit_there(items[0].remote_id, "phone", "")
    made, send = desk.bulk(items, "city", "Bonn"), desk.sandbox.send

    def silent(request: Any, *args: Any) -> Any:
        answer = send(request, *args)
        if not request.url.endswith("/batch/update"):
            return answer
        body = json.loads(answer.body)
        told = [{**each, "category": "UNKNOWN"} for each in body.get("errors", ())]
        body["errors"] = told if errors == "unknown" else []
        return replace(answer, status=207, body=json.dumps(body).encode())

    monkeypatch.setattr(desk.sandbox, "send", silent)

    counted = desk.finish_bulk(made)

    assert counted == {State.SAVED: 2, State.REFUSED: 1}
    assert (updates(desk), desk.sandbox.count("PATCH")) == (2, 1)


def test_rows_that_were_refused_together_are_sent_one_by_one(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:4], "city", "Bonn am Rhein")
    desk.sandbox.client.fault("status", "write", count=1, status=400)

    assert desk.finish_bulk(made) == {State.SAVED: 4}
    assert (updates(desk), desk.sandbox.count("PATCH")) == (1, 4)


def test_what_a_batch_replaced_unseen_is_shown_for_each_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = desk.items()[:60]
    made = desk.bulk(items, "city", "Mine")
    cities = {items[0].remote_id: "Theirs", items[-1].remote_id: "Theirs"}
    intruder = Intruder(desk, "/batch/update", cities)
    monkeypatch.setattr(desk.sandbox, "send", intruder.send)

    counted = desk.finish_bulk(made)

    assert counted == {State.SAVED: 58, State.CONFLICT: 2}
    told = made.edits.filter(state=State.CONFLICT)
    assert {edit.remote_id for edit in told} == {
        items[0].remote_id,
        items[-1].remote_id,
    }
    assert {(e.reason, e.theirs["city"]) for e in told} == {("overwrote", "Theirs")}


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


@pytest.mark.parametrize("status", [400, 429])
@pytest.mark.parametrize("is_again", [False, True])
def test_the_stage_of_many_is_not_lost_where_going_back_is_cut_off(
    desk: Desk, status: int, *, is_again: bool
) -> None:
    items = desk.items()[:2]
    for item in items:
        desk.edit_there(item.remote_id, "lifecyclestage", "customer")
        Item.objects.filter(pk=item.pk).update(
            properties={**item.properties, "lifecyclestage": "customer"}
        )
    made = desk.bulk(items, "lifecyclestage", "lead")
    desk.sandbox.client.fault("status", "write", count=1, skip=2, status=status)
    desk.deliver_bulk(made)
    assert {edit.state for edit in made.edits.all()} == {State.UNKNOWN}
    if is_again:
        desk.sandbox.client.fault("status", "write", count=1, status=429)

    assert desk.finish_bulk(made) == {State.SAVED: 2}
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


def test_one_worker_at_a_time_is_on_a_bulk_edit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.bulk(desk.items()[:5], "city", "Bonn am Rhein")
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(queue, "send", lambda *told, **_: sent.append(told) or True)
    now, long_ago = database_now(), made.created_at - timedelta(minutes=5)
    made.edits.update(due_at=long_ago)
    lease.claim_many(made, now=now, most=2)

    assert bulk_delivery.deliver(made.pk) is None
    assert dispatch.send_due() == 0
    assert (len(desk.sandbox.log), sent) == (0, [])

    # Once the lease of a worker that died is over, the sweep has it delivered.
    made.edits.update(lease_until=long_ago, due_at=long_ago)
    assert dispatch.send_due() == 1
    assert sent == [("deliver_bulk_edit", made.pk)]
    assert bulk_delivery.deliver(made.pk) == 0
    assert not made.edits.open().exists()


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


def test_a_reading_that_is_refused_forgets_no_row_that_was_sent(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:3], "city", "Bonn am Rhein")
    desk.sandbox.client.fault("lost", "write", count=1)
    desk.deliver_bulk(made)
    sent = set(made.edits.values_list("sent_at", flat=True))
    desk.sandbox.client.fault("status", "batch", count=1, status=400)

    desk.deliver_bulk(made)

    assert {(e.state, e.sent_at) for e in made.edits.all()} == {
        (State.UNKNOWN, each) for each in sent
    }
    assert None not in sent


@pytest.mark.parametrize("state", ["paused", "needs_reconnect", "disconnected"])
def test_a_bulk_edit_is_held_and_goes_on(desk: Desk, state: str) -> None:
    made = desk.bulk(desk.items()[:3], "city", "Later")
    Connection.objects.update(state=state)

    desk.finish_bulk(made)

    assert (made.edits.open().count(), updates(desk)) == (3, 0)
    Connection.objects.update(state="active")
    dispatch.wake(desk.connection)
    assert desk.finish_bulk(made) == {State.SAVED: 3}


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


def test_a_worker_killed_at_any_step_of_a_batch_loses_and_doubles_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    items, step, kills = desk.items(), 0, 0
    is_killed = True
    while is_killed:
        # Coprime with the number of statements of a row, so that all kinds are met.
        step += 4
        made = desk.bulk(items[:4], "city", f"Kill {step}")
        reaper, is_killed = Reaper(desk.sandbox, step), False
        with monkeypatch.context() as patched:
            patched.setattr(desk.sandbox, "send", reaper.call)
            with database.execute_wrapper(reaper.statement):
                try:
                    bulk_delivery.deliver(made.pk)
                except Killed:
                    is_killed, kills = True, kills + 1

        assert desk.finish_bulk(made) == {State.SAVED: 4}, step
        assert cities(desk, made) == {f"Kill {step}"}
        changes = [edit.change_id for edit in made.edits.all()]
        assert len(set(changes)) == 4
        assert None not in changes, step
    assert kills > 10


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


@pytest.mark.parametrize("is_alone", [False, True])
def test_only_what_was_sent_can_have_replaced_anything(
    desk: Desk, *, is_alone: bool
) -> None:
    item = desk.item()
    edit = desk.update(item, city="Mine", zip="Mine")
    if not is_alone:
        made = bulk.open_for(desk.contacts, user=desk.user)
        Edit.objects.filter(pk=edit.pk).update(bulk_edit=made)
    for city in ("Theirs", "Mine"):
        desk.edit_there(item.remote_id, "city", city)

    if is_alone:
        desk.finish(edit)
    else:
        desk.finish_bulk(made)
    edit.refresh_from_db()

    assert (edit.state, edit.theirs) == (State.SAVED, {})


def test_nobody_else_may_edit_many(desk: Desk, bob: Any) -> None:
    with pytest.raises(outbox.EditingOffError):
        bulk.draft(desk.contacts, [desk.item().pk], filters="", user=bob)


def test_a_single_row_of_many_can_be_undone_alone(desk: Desk) -> None:
    made = desk.bulk(desk.items()[:2], "city", "Bulk")
    desk.finish_bulk(made)
    edit = made.edits.select_related("item").first()
    assert edit is not None

    undone = undo_one.undo(edit, user=desk.user, key=uuid4())

    assert undone is not None
    assert desk.finish(undone).state == State.SAVED
    assert len(undoing.undoable(made, desk.user)) == 1


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

"""A write whose end is not known is looked for, and nothing is lost or doubled."""

from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.models import Edit, Item, ItemChange
from integrations.models.reasons import ReasonCode
from integrations.services.items.storage import store
from integrations.services.writing.delivering import delivery, lease
from integrations.services.writing.undo import discarding
from tests.services.writing.delivery.test_delivery import TROUBLES, writes
from tests.services.writing.fixtures_of_edits import Desk, Killed, Reaper

State = Edit.State


@pytest.mark.parametrize("verb", ["create", "update", "archive"])
def test_a_write_that_went_wrong_is_looked_for_before_it_is_sent_again(
    desk: Desk, verb: str
) -> None:
    for number, (kind, params, state, has_arrived) in enumerate(TROUBLES):
        if (kind, verb) == ("truncated", "archive"):
            # An answer without a body cannot be cut.
            continue
        address, item = f"once-{number}@example.com", desk.item()
        make = {
            "create": lambda to=address: desk.create(email=to, city="Bonn"),
            "update": lambda to=address, item=item: desk.update(item, city=to),
            "archive": lambda item=item: desk.archive(item),
        }
        edit = make[verb]()
        desk.sandbox.client.fault(kind, "write", count=1, **params)

        desk.deliver(edit)

        assert edit.state == state, kind
        sent_before = writes(desk)
        desk.finish(edit)
        assert edit.state == State.SAVED, kind
        assert writes(desk) == sent_before + (not has_arrived), kind
        if verb == "create":
            assert len(desk.with_address(address)) == 1, kind


@pytest.mark.parametrize("verb", ["create", "update", "archive"])
@pytest.mark.parametrize("has_arrived", [False, True])
def test_what_is_discarded_after_its_answer_was_lost_is_read_and_not_sent_again(
    desk: Desk, verb: str, *, has_arrived: bool
) -> None:
    item = desk.item()
    make = {
        "create": lambda: desk.create(email="once@example.com"),
        "update": lambda: desk.update(item, city="Once"),
        "archive": lambda: desk.archive(item),
    }
    edit = make[verb]()
    fault = {"kind": "lost"} if has_arrived else {"kind": "status", "status": 500}
    desk.sandbox.client.fault(fault.pop("kind"), "write", count=1, **fault)
    desk.deliver(edit)
    before = writes(desk)

    assert discarding.cancel(edit, user=desk.user)
    desk.finish(edit)

    assert edit.state == (State.SAVED if has_arrived else State.CANCELLED)
    assert writes(desk) == before


@pytest.mark.parametrize("status", [429, 401])
def test_what_is_discarded_on_its_way_and_not_taken_blocks_no_later_edit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    edit, send = desk.update(desk.item(), city="Nowhere"), desk.sandbox.send
    desk.sandbox.client.fault("status", "write", count=2, status=status)

    def discard_on_the_way(request: Any, *args: Any) -> Any:
        if request.method == "PATCH":
            discarding.cancel(Edit.objects.get(pk=edit.pk), user=desk.user)
        return send(request, *args)

    monkeypatch.setattr(desk.sandbox, "send", discard_on_the_way)

    desk.deliver(edit)

    assert (edit.state, edit.reason) == (State.CANCELLED, ReasonCode.DISCARDED)
    assert not Edit.objects.open().exists()


def test_the_sweep_ends_what_is_cancelled_and_was_not_sent(desk: Desk) -> None:
    edit = desk.update(desk.item(), city="Nowhere")
    Edit.objects.filter(pk=edit.pk).update(cancelled_at=edit.created_at)

    assert discarding.discard_left() == 1

    edit.refresh_from_db()
    assert edit.state == State.CANCELLED


def test_a_second_delivery_makes_no_call(desk: Desk) -> None:
    edit = desk.update(desk.item(), city="Bonn")
    desk.finish(edit)
    before = len(desk.sandbox.log)

    delivery.deliver(edit.pk)

    assert len(desk.sandbox.log) == before


@pytest.mark.parametrize("is_many", [False, True])
def test_no_second_worker_begins_while_a_write_takes_several_calls(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, is_many: bool
) -> None:
    """Let the time of a lease pass in each call but the first."""
    item, send = desk.item(), desk.sandbox.send
    desk.edit_there(item.remote_id, "lifecyclestage", "customer")
    item.properties["lifecyclestage"] = "customer"
    item.save()
    made = desk.bulk([item], "lifecyclestage", "lead") if is_many else None
    edit = made.edits.get() if made else desk.update(item, lifecyclestage="lead")
    left, claimed = [], []

    def slow(request: Any, *args: Any) -> Any:
        edit.refresh_from_db()
        left.append(edit.lease_until - timezone.now())
        claimed.append(lease.claim(edit.pk, now=timezone.now()))
        gone = edit.lease_until - Edit.lease_length() * 0.9
        Edit.objects.filter(pk=edit.pk).update(lease_until=gone)
        return send(request, *args)

    monkeypatch.setattr(desk.sandbox, "send", slow)

    desk.deliver_bulk(made) if made else desk.deliver(edit)

    edit.refresh_from_db()
    assert edit.state == State.SAVED
    assert len(left) >= 5
    assert min(left) > Edit.lease_length() * 0.8
    assert set(claimed) == {None}


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("is_again", [False, True])
def test_the_stage_is_not_lost_where_going_back_is_cut_off(
    desk: Desk, status: int, *, is_again: bool
) -> None:
    item = desk.item()
    desk.finish(desk.update(item, lifecyclestage=""))
    desk.finish(desk.update(item, lifecyclestage="customer"))
    edit = desk.update(item, lifecyclestage="lead", city="Bonn am Rhein")
    desk.sandbox.client.fault("status", "write", count=1, skip=2, status=status)
    desk.deliver(edit)
    assert (edit.state, edit.sent_at is None) == (State.UNKNOWN, False)
    if is_again:
        desk.sandbox.client.fault("status", "write", count=1, status=429)

    desk.finish(edit)

    assert edit.state == State.SAVED
    assert desk.there(item.remote_id)["lifecyclestage"] == "lead"


@pytest.mark.parametrize(
    ("verb", "stride"), [("create", 1), ("update", 2), ("archive", 2)]
)
def test_a_worker_killed_at_any_step_creates_nothing_twice(
    desk: Desk, verb: str, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    items = iter(Item.objects.live().filter(collection=desk.contacts))
    is_killed = True
    while is_killed:
        steps += stride
        address = f"kill-{steps}@example.com"
        item = next(items) if verb != "create" else None
        if item is None:
            edit = desk.create(email=address, firstname="Kim")
        elif verb == "update":
            edit = desk.update(item, city=address)
        else:
            edit = desk.archive(item)
        reaper = Reaper(desk.sandbox, steps)
        is_killed = False
        with monkeypatch.context() as patched:
            patched.setattr(desk.sandbox, "send", reaper.call)
            with database.execute_wrapper(reaper.statement):
                try:
                    delivery.deliver(edit.pk)
                except Killed:
                    is_killed = True

        desk.finish(edit)

        assert edit.state == State.SAVED, steps
        if verb == "create":
            assert len(desk.with_address(address)) == 1, steps
            assert Item.objects.filter(remote_id=edit.remote_id).count() == 1
        elif verb == "update":
            assert desk.there(edit.remote_id)["city"] == address
            changes = ItemChange.objects.filter(item=item)
            assert changes.count() == 1, steps
    assert steps > 20
    assert desk.contacts.stored_count == store.count_live(desk.contacts)

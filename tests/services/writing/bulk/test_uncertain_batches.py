"""A batch whose end is not known is read before anything of it is sent again."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from msgspec.structs import replace

from integrations.models import Edit, Item
from integrations.services.common import queue
from integrations.services.common.clock import database_now
from integrations.services.writing.batches import bulk, bulk_delivery
from integrations.services.writing.delivering import dispatch, lease
from tests.services.writing.bulk.test_bulk import cities, updates
from tests.services.writing.fixtures_of_edits import Desk, Intruder, Killed, Reaper

State = Edit.State


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

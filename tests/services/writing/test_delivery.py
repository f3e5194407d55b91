"""An edit is saved once, refused with reasons, or left to its user; never lost."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.models import AuditEvent, Connection, Edit, Item, ItemChange
from integrations.models.reasons import ReasonCode
from integrations.services.items.storage import store
from integrations.services.writing import conflicts
from integrations.services.writing.delivering import delivery, dispatch, lease
from integrations.services.writing.undo import discarding, undo_one
from tests.services.fixtures import FinishSync
from tests.services.writing.fixtures_of_edits import Desk, Intruder, Killed, Reaper

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


def test_what_changed_there_since_the_form_was_opened_is_not_overwritten(
    desk: Desk,
) -> None:
    item = desk.item()
    edit = desk.update(item, city="Mine", zip="1")
    desk.edit_there(item.remote_id, "city", "Theirs")

    desk.finish(edit)

    assert (edit.state, edit.reason) == (State.CONFLICT, ReasonCode.CHANGED_THERE)
    assert edit.theirs == {"city": "Theirs"}
    assert desk.there(item.remote_id)["city"] == "Theirs"
    assert writes(desk) == 0
    item.refresh_from_db()
    assert item.properties["city"] == "Theirs"


@pytest.mark.parametrize("is_answer_lost", [False, True])
def test_what_changed_there_between_reading_and_writing_is_shown_and_given_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, is_answer_lost: bool
) -> None:
    item = desk.item()
    edit = desk.update(item, city="Mine", zip="Mine")
    if is_answer_lost:
        desk.sandbox.client.fault("lost", "write", count=1)
    intruder = Intruder(desk, "PATCH", {item.remote_id: "Theirs"})
    monkeypatch.setattr(desk.sandbox, "send", intruder.send)

    desk.finish(edit)

    assert (edit.state, edit.reason) == (State.CONFLICT, ReasonCode.OVERWROTE)
    assert edit.theirs == {"city": "Theirs"}
    item.refresh_from_db()
    assert item.properties["city"] == "Mine"
    assert not discarding.discard([edit], user=desk.user, why=ReasonCode.DISCARDED)
    back = conflicts.decide(edit, {}, user=desk.user, key=uuid4())
    assert back is not None
    assert desk.finish(back).state == State.SAVED
    shown = desk.there(item.remote_id)
    assert (shown["city"], shown["zip"]) == ("Theirs", "Mine")
    edit.refresh_from_db()
    assert edit.state == State.SAVED


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "not an address"}, "invalid_email"),
        ({"lifecyclestage": "hero"}, "invalid_option"),
        ({"loyalty_score": "many"}, "invalid_number"),
        ({"renewal_date": "soon"}, "invalid_date"),
    ],
)
def test_a_refused_value_is_told_by_field_and_changes_nothing(
    desk: Desk, values: dict[str, str], code: str
) -> None:
    edit = desk.finish(desk.update(desk.item(), city="Elsewhere", **values))

    assert (edit.state, edit.reason) == (State.REFUSED, ReasonCode.VALUES_REFUSED)
    [(name, (told, _))] = edit.refused.items()
    assert (name, told) == (next(iter(values)), code)
    assert edit.correlation_id
    assert desk.there(edit.remote_id).get("city") != "Elsewhere"


def test_what_the_customer_requires_is_told_at_its_field(desk: Desk) -> None:
    desk.sandbox.client.switch("required_properties", ["city"])

    edit = desk.finish(desk.create(email="a@b.example"))

    assert edit.state == State.REFUSED
    assert edit.refused["city"][0] == "required"
    assert desk.with_address("a@b.example") == []


def test_a_new_contact_whose_address_is_taken_is_offered_as_it_is_there(
    desk: Desk,
) -> None:
    item = desk.item()
    address = item.properties["email"]

    edit = desk.finish(desk.create(email=address.upper(), city="Nowhere"))

    assert (edit.state, edit.reason) == (State.CONFLICT, ReasonCode.EXISTS_THERE)
    assert edit.item == item
    assert edit.theirs == {"city": item.properties.get("city")}
    assert len(desk.with_address(address)) == 1


@pytest.mark.parametrize("is_new_here", [False, True])
def test_an_address_that_another_contact_has_is_refused_at_its_field(
    desk: Desk, *, is_new_here: bool
) -> None:
    item = desk.item()
    others = Item.objects.live().filter(collection=desk.contacts).exclude(pk=item.pk)
    other = next(each for each in others if each.properties.get("email"))
    if is_new_here:
        other.delete()

    edit = desk.finish(desk.update(item, email=other.properties["email"]))

    assert (edit.state, edit.refused["email"][0]) == (State.REFUSED, "taken")
    assert edit.existing_item is not None
    assert edit.existing_item.remote_id == other.remote_id


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


def test_a_second_delivery_makes_no_call(desk: Desk) -> None:
    edit = desk.update(desk.item(), city="Bonn")
    desk.finish(edit)
    before = len(desk.sandbox.log)

    delivery.deliver(edit.pk)

    assert len(desk.sandbox.log) == before


def test_the_stage_of_a_contact_can_go_back(desk: Desk) -> None:
    item = desk.item()
    desk.finish(desk.update(item, lifecyclestage=""))
    desk.finish(desk.update(item, lifecyclestage="customer"))

    edit = desk.finish(desk.update(item, lifecyclestage="lead"))

    assert edit.state == State.SAVED
    assert desk.there(item.remote_id)["lifecyclestage"] == "lead"


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


def test_a_conflict_is_decided_field_by_field(desk: Desk) -> None:
    item = desk.item()
    desk.finish(desk.update(item, jobtitle="Clerk"))
    edit = desk.update(item, city="Mine", zip="Mine", jobtitle="Chief")
    desk.edit_there(item.remote_id, "city", "Theirs")
    desk.edit_there(item.remote_id, "zip", "Theirs")
    desk.finish(edit)

    # Of the title only the user has changed anything.
    mine = {"city": "Mine", "jobtitle": "Chief"}
    chosen = conflicts.decide(edit, mine, user=desk.user, key=uuid4())

    assert chosen is not None
    assert desk.finish(chosen).state == State.SAVED
    shown = desk.there(item.remote_id)
    told = (shown["city"], shown["zip"], shown["jobtitle"])
    assert told == ("Mine", "Theirs", "Chief")


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

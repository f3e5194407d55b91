"""What others changed is not overwritten, and what is refused is told at its field."""

from uuid import uuid4

import pytest

from integrations.models import Edit, Item
from integrations.models.reasons import ReasonCode
from integrations.services.writing import conflicts
from integrations.services.writing.undo import discarding
from tests.services.writing.delivery.test_delivery import writes
from tests.services.writing.fixtures_of_edits import Desk, Intruder

State = Edit.State


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

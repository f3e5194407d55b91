"""The history names a writer for what they wrote, and for nothing else."""

from collections.abc import Mapping
from datetime import datetime

import pytest
from django.utils import timezone

from integrations.models import Edit, Item, ItemChange
from integrations.services.writing.delivering import storing
from integrations.services.writing.undo import undo_one
from tests.services.fixtures import FinishSync
from tests.services.writing.fixtures_of_edits import Desk, Intruder

State = Edit.State
FACTS = {"name", "properties.lastmodifieddate"}


def own_and_others(item: Item) -> tuple[set[str], set[str]]:
    """Return the fields of an item's history that are a writer's, and the others."""
    told: tuple[set[str], set[str]] = (set(), set())
    for change in ItemChange.objects.filter(item=item):
        told[not hasattr(change, "edit")].update(set(change.fields) - FACTS)
    return told


@pytest.mark.parametrize("is_many", [False, True])
@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("is_answer_lost", [False, True])
def test_what_others_changed_meanwhile_is_not_the_writers(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_many: bool,
    is_late: bool,
    is_answer_lost: bool,
) -> None:
    item = desk.item()
    made = desk.bulk([item], "zip", "4711") if is_many else None
    edit = made.edits.get() if made else desk.update(item, zip="4711")
    if is_late:
        part = "batch/update" if is_many else "PATCH"
        intruder = Intruder(desk, part, {item.remote_id: "Theirs"})
        monkeypatch.setattr(desk.sandbox, "send", intruder.send)
    else:
        desk.edit_there(item.remote_id, "city", "Theirs")
    if is_answer_lost:
        desk.sandbox.client.fault("lost", "write", count=1)

    desk.finish_bulk(made) if made else desk.finish(edit)

    edit.refresh_from_db()
    assert edit.state == State.SAVED
    assert own_and_others(item) == ({"properties.zip"}, {"properties.city"})
    assert undo_one.can_undo(edit, desk.user)


def test_what_a_sync_saw_with_a_write_is_not_all_the_writers(
    synced_desk: Desk, finish_sync: FinishSync
) -> None:
    desk = synced_desk
    item = desk.item()
    edit = desk.update(item, zip="4711")
    desk.sandbox.client.fault("lost", "write", count=1)
    desk.deliver(edit)
    desk.edit_there(item.remote_id, "city", "Theirs")
    finish_sync(desk.connection)

    desk.finish(edit)

    assert own_and_others(item) == ({"properties.zip"}, {"properties.city"})


def test_what_was_found_out_with_a_write_is_not_the_writers(desk: Desk) -> None:
    now = timezone.now()
    item = desk.item()
    edit = desk.update(item, zip="4711")
    edit.sent_at = now
    kinds = ItemChange.Kind
    found = {"properties.associations.companies.has_more": [True, None]}
    _put_change(item, now, kinds.FOUND, found)
    own = _put_change(item, now, kinds.CHANGED, {"properties.zip": [None, "4711"]})

    assert storing.changes_of([edit], now=now) == {edit.pk: own}


def _put_change(
    item: Item, at: datetime, kind: ItemChange.Kind, fields: Mapping[str, object]
) -> ItemChange:
    return ItemChange.objects.create(
        item=item,
        connection_id=item.connection_id,
        at=at,
        kind=kind,
        fields=dict(fields),
    )


def test_what_somebody_else_wrote_first_is_not_the_writers(desk: Desk) -> None:
    item = desk.item()
    edit = desk.update(item, zip="4711")
    for name, value in {"zip": "4711", "city": "Theirs"}.items():
        desk.edit_there(item.remote_id, name, value)

    desk.finish(edit)

    assert edit.state == State.SAVED
    others = {"properties.zip", "properties.city"}
    assert own_and_others(item) == (set(), others)
    assert not undo_one.can_undo(edit, desk.user)

"""What an import did is taken back, but where something newer is there."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from integrations.models import BulkEdit, Edit, Import, Item
from integrations.services.writing import outbox
from integrations.services.writing.batches import bulk
from integrations.services.writing.imports import (
    results,
    undoing,
)
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.imports.fixtures_of_imports import (
    addresses,
    import_all,
    to_csv,
    upload,
)


def finish_undo(desk: Desk, source: Import) -> dict[str, int]:
    made = undoing.undo(source, user=desk.user)
    return desk.finish_bulk(made)


def mixed_import(desk: Desk) -> tuple[Import, list[Item]]:
    """Import three new contacts, and change the cities of three that are there."""
    there = [item for item in desk.items() if item.properties.get("email")][:3]
    rows = [[item.properties["email"], "Imported"] for item in there]
    data = to_csv(["Email", "City"], *addresses(3), *rows)
    source = import_all(desk, upload(desk, data))
    assert results.counts_of(source) == {"created": 3, "updated": 3}
    return source, there


def test_an_import_is_taken_back_where_nothing_newer_is_there(desk: Desk) -> None:
    old = {item.remote_id: item.properties.get("city") for item in desk.items()}
    source, there = mixed_import(desk)
    made = list(Item.objects.filter(properties__email__startswith="many-"))
    for newer in (made[0], there[0]):
        desk.finish(desk.update(newer, city="Newer"))

    plan = undoing.plan(source, desk.user)
    counted = finish_undo(desk, source)

    assert [len(each) for each in (plan.archived, plan.given_back, plan.left)] == [
        2,
        2,
        2,
    ]
    assert counted == {Edit.State.SAVED: 4}
    assert desk.sandbox.count("/batch/archive") == 1
    kinds = [Item.objects.get(pk=item.pk).deleted_kind for item in made]
    assert kinds == [None, "archived", "archived"]
    for item in there[1:]:
        assert desk.there(item.remote_id).get("city") == old[item.remote_id]
    for item in (made[0], there[0]):
        assert desk.there(item.remote_id)["city"] == "Newer"
    with pytest.raises(outbox.NothingToUndoError):
        undoing.undo(source, user=desk.user)


def test_what_a_cancelled_undo_of_an_import_left_can_be_taken_back_later(
    desk: Desk,
) -> None:
    source, _ = mixed_import(desk)
    desk.sandbox.client.fault("status", "write", count=1, status=429)
    first = undoing.undo(source, user=desk.user)
    desk.deliver_bulk(first)
    with pytest.raises(outbox.NothingToUndoError):
        undoing.undo(source, user=desk.user)
    bulk.cancel(first, user=desk.user)

    assert finish_undo(desk, source)[Edit.State.SAVED] == 6
    assert not any(desk.items_with("many-"))


@pytest.mark.parametrize("kind", ["lost", "status"])
def test_an_undo_whose_answer_was_lost_archives_nothing_twice(
    desk: Desk, kind: str
) -> None:
    source = import_all(desk, upload(desk, to_csv(["Email", "City"], *addresses(4))))
    params = {"status": 500} if kind == "status" else {}
    desk.sandbox.client.fault(kind, "write", count=1, **params)

    assert finish_undo(desk, source) == {Edit.State.SAVED: 4}
    assert desk.sandbox.count("/batch/archive") == (2 if params else 1)
    assert not any(desk.items_with("many-"))


@pytest.mark.parametrize("is_alone", [False, True])
@pytest.mark.parametrize("name", ["city", "jobtitle"])
def test_an_undo_archives_nothing_that_somebody_has_worked_on_there(
    desk: Desk, name: str, *, is_alone: bool
) -> None:
    source = import_all(desk, upload(desk, to_csv(["Email", "City"], *addresses(2))))
    worked_on, other = desk.items_with("many-")
    desk.edit_there(worked_on.remote_id, name, "Theirs")
    made = undoing.undo(source, user=desk.user)
    made.edits.update(is_sent_alone=is_alone)

    counted = desk.finish_bulk(made)

    assert counted == {Edit.State.SAVED: 1, Edit.State.CONFLICT: 1}
    edit = made.edits.get(state=Edit.State.CONFLICT)
    assert (edit.remote_id, edit.theirs) == (worked_on.remote_id, {name: "Theirs"})
    assert desk.items_with("many-") == [worked_on]
    assert desk.items_with("many-")[0].properties[name] == "Theirs"
    assert not Item.objects.live().filter(pk=other.pk).exists()


def test_what_a_reading_does_not_tell_of_is_not_taken_for_archived(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = import_all(desk, upload(desk, to_csv(["Email", "City"], *addresses(3))))
    hidden, *_ = desk.items_with("many-")
    made, send = undoing.undo(source, user=desk.user), desk.sandbox.send

    def hiding(request: Any, *args: Any) -> Any:
        answer = send(request, *args)
        if not request.url.endswith("/batch/read"):
            return answer
        body = json.loads(answer.body)
        kept = [row for row in body["results"] if row["id"] != hidden.remote_id]
        body = {**body, "results": kept, "errors": [{"category": "INTERNAL_ERROR"}]}
        return replace(answer, status=207, body=json.dumps(body).encode())

    with monkeypatch.context() as patched:
        patched.setattr(desk.sandbox, "send", hiding)
        desk.deliver_bulk(made)
        edit = made.edits.get(remote_id=hidden.remote_id)
        desk.deliver(edit)

    assert edit.is_open
    assert desk.items_with("many-") == [hidden]
    assert desk.finish(edit).state == Edit.State.SAVED
    assert desk.sandbox.count("DELETE") == 1


def test_nobody_else_takes_an_import_back(desk: Desk, bob: Any) -> None:
    source, _ = mixed_import(desk)

    with pytest.raises(outbox.EditingOffError):
        undoing.undo(source, user=bob)
    assert BulkEdit.objects.count() == 1

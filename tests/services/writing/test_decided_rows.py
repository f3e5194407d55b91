"""A row that waited for its user shows in its import, or bulk edit, what came of it."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from integrations.models import BulkEdit, Edit, Import
from integrations.models.reasons import ReasonCode
from integrations.services.writing import conflicts, outbox
from integrations.services.writing.batches import bulk
from integrations.services.writing.imports import jobs, results
from integrations.services.writing.undo import discarding, undoing
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.imports.fixtures_of_imports import (
    check,
    finish,
    to_csv,
    upload,
)

State = Edit.State


def states_of(made: BulkEdit) -> list[str]:
    return sorted(made.edits.values_list("state", flat=True))


def import_a_conflict(desk: Desk, *, is_cancelled: bool = False) -> Import:
    """Return an import that has ended, one of its rows in a conflict."""
    item = desk.item()
    cells = [item.remote_id, "Mine"]
    source = check(upload(desk, to_csv(["Record ID", "City"], cells), city="City"))
    desk.edit_there(item.remote_id, "city", "Theirs")
    jobs.confirm(source, user=desk.user)
    if is_cancelled:
        jobs.work_on(source.pk)
        Import.objects.filter(pk=source.pk).update(state=Import.State.CANCELLED)
    else:
        finish(source)
    assert results.counts_of(source) == {"conflict": 1}
    return source


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_conflict_of_a_bulk_edit_is_decided_in_its_row(
    desk: Desk, *, is_cancelled: bool
) -> None:
    first, second = desk.items()[:2]
    made = desk.bulk([first, second], "city", "Mine")
    desk.edit_there(first.remote_id, "city", "Theirs")
    desk.finish_bulk(made)
    if is_cancelled:
        bulk.cancel(made, user=desk.user)
    [edit] = made.edits.filter(state=State.CONFLICT)

    chosen = conflicts.decide(edit, {"city": "Mine"}, user=desk.user, key=uuid4())

    assert chosen is not None
    assert states_of(made) == [State.SAVED, State.WAITING]
    bulk.discard_left()
    desk.finish_bulk(made)
    assert states_of(made) == [State.SAVED, State.SAVED]
    taken_back = undoing.undo(made, user=desk.user)
    assert desk.finish_bulk(taken_back) == {State.SAVED: 2}
    assert desk.there(first.remote_id)["city"] == "Theirs"


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_conflict_of_an_import_that_has_ended_is_decided_in_its_row(
    desk: Desk, *, is_cancelled: bool
) -> None:
    source = import_a_conflict(desk, is_cancelled=is_cancelled)
    edit = source.rows.get().edit
    assert edit is not None

    chosen = conflicts.decide(edit, {"city": "Mine"}, user=desk.user, key=uuid4())

    assert chosen is not None
    assert results.counts_of(source) == {"sent": 1}
    desk.finish(chosen)
    assert results.counts_of(source) == {"updated": 1}


def leave_theirs(desk: Desk, edit: Edit) -> None:
    conflicts.decide(edit, {}, user=desk.user, key=uuid4())


def discard(desk: Desk, edit: Edit) -> None:
    discarding.discard([edit], user=desk.user, why=ReasonCode.DISCARDED)


def take_and_discard(desk: Desk, edit: Edit) -> None:
    mine = {"city": "Mine"}
    chosen = conflicts.decide(edit, mine, user=desk.user, key=uuid4())
    assert chosen is not None
    discarding.cancel(chosen, user=desk.user)


@pytest.mark.parametrize("end", [leave_theirs, discard, take_and_discard])
def test_a_row_whose_values_are_not_wanted_any_more_is_discarded(
    desk: Desk, end: Callable[[Desk, Edit], None]
) -> None:
    source = import_a_conflict(desk)
    edit = source.rows.get().edit
    assert edit is not None

    end(desk, edit)

    assert results.counts_of(source) == {"discarded": 1}


@pytest.mark.parametrize("is_sent_before", [False, True])
def test_a_refused_row_that_is_corrected_is_sent_in_its_place(
    desk: Desk, is_sent_before: bool
) -> None:
    data = to_csv(["Email", "Phone"], ["a@b.example", "1"])
    desk.sandbox.client.switch("required_properties", ["city"])
    source = check(upload(desk, data))
    jobs.confirm(source, user=desk.user)
    finish(source)
    assert results.counts_of(source) == {"refused": 1}
    edit = source.rows.get().edit
    assert edit is not None

    values = {**edit.values, "city": "Bonn"}
    made = outbox.create(desk.contacts, values, user=desk.user, key=uuid4())
    if is_sent_before:
        desk.finish(made)
    conflicts.correct(edit, made, user=desk.user)
    desk.finish(made)

    assert results.counts_of(source) == {"created": 1}
    assert source.bulk_edit is not None
    assert states_of(source.bulk_edit) == [State.SAVED]
    assert source.rows.get().item == made.item

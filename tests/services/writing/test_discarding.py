"""Discarding what waits: what may have arrived is looked for instead."""

from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Connection, Edit, Import
from integrations.services.connections import settings
from integrations.services.writing import waiting
from integrations.services.writing.imports import jobs, results
from integrations.services.writing.undo import discarding
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.imports.fixtures_of_imports import (
    check,
    finish,
    to_csv,
    upload,
)

State = Edit.State
AWAY = [{"is_editing": False}, {"state": "paused"}, {"state": "disconnected"}]
LOST = {True: ("lost", {}), False: ("status", {"status": 500})}


def writes(desk: Desk) -> int:
    """Return how many calls have changed something, or tried to."""
    alone = sum(line.startswith(("PATCH", "DELETE")) for line in desk.sandbox.log)
    return alone + sum(
        desk.sandbox.count(f"/batch/{verb}") for verb in ("create", "update")
    )


def lose_answers(desk: Desk, count: int, *, has_arrived: bool) -> None:
    kind, params = LOST[has_arrived]
    desk.sandbox.client.fault(kind, "write", count=count, **params)


def states(**filters: Any) -> set[str]:
    return set(Edit.objects.filter(**filters).values_list("state", flat=True))


@pytest.mark.parametrize("has_arrived", [False, True])
@pytest.mark.parametrize("change", [{}, *AWAY])
def test_of_all_that_is_discarded_what_may_have_arrived_is_looked_for(
    desk: Desk, change: dict[str, Any], *, has_arrived: bool
) -> None:
    first, *others = desk.items()[:4]
    sent, unsent = desk.update(first, city="Once"), desk.update(first, city="Never")
    made = desk.bulk(others, "city", "Once")
    lose_answers(desk, 2, has_arrived=has_arrived)
    desk.deliver(sent)
    desk.deliver_bulk(made)
    before = writes(desk)
    Connection.objects.update(**change)

    waiting.discard(desk.connection, user=desk.user)

    assert states(sent_at__isnull=True) == {State.CANCELLED}
    assert states(sent_at__isnull=False) == {State.UNKNOWN}
    assert waiting.count(desk.connection) == 0
    assert waiting.count_sought(desk.connection) == 4
    # Editing need not be on for that: nothing is written.
    Connection.objects.update(state="active")
    desk.finish(sent)
    desk.finish_bulk(made)
    outcome = State.SAVED if has_arrived else State.CANCELLED
    assert states(sent_at__isnull=False) == {outcome}
    unsent.refresh_from_db()
    assert unsent.state == State.CANCELLED
    assert writes(desk) == before


@pytest.mark.parametrize("has_arrived", [False, True])
@pytest.mark.parametrize("change", AWAY)
def test_a_row_of_an_import_is_looked_for_once_its_portal_can_be_asked(
    desk: Desk, change: dict[str, Any], *, has_arrived: bool
) -> None:
    source = check(upload(desk, to_csv(["Email"], ["new@example.com"])))
    lose_answers(desk, 1, has_arrived=has_arrived)
    jobs.confirm(source, user=desk.user)
    jobs.work_on(source.pk)
    Connection.objects.update(**change)

    waiting.discard(desk.connection, user=desk.user)
    if "state" in change:
        finish(source, most=2)
        assert results.counts_of(source) == {"sent": 1}
        Connection.objects.update(state="active")

    assert finish(source).state == Import.State.CANCELLED
    told = {"created": 1} if has_arrived else {"discarded": 1}
    assert results.counts_of(source) == told
    assert len(desk.with_address("new@example.com")) == has_arrived


def test_the_file_of_an_import_that_cannot_be_settled_is_deleted_in_time(
    desk: Desk,
) -> None:
    source = check(upload(desk, to_csv(["Email"], ["new@example.com"])))
    lose_answers(desk, 1, has_arrived=True)
    jobs.confirm(source, user=desk.user)
    jobs.work_on(source.pk)
    Connection.objects.update(state="disconnected")
    jobs.cancel(source, user=desk.user)

    jobs.prune(now=source.created_at + Import.KEPT * 2)

    assert source.rows.get().content == ""


@pytest.mark.parametrize("state", ["paused", "disconnected"])
def test_one_that_may_have_arrived_is_not_called_discarded(
    desk: Desk, state: str
) -> None:
    edit = desk.update(desk.item(), city="Once")
    lose_answers(desk, 1, has_arrived=True)
    desk.deliver(edit)
    Connection.objects.update(state=state)

    assert discarding.cancel(Edit.objects.get(pk=edit.pk), user=desk.user)

    assert states() == {State.UNKNOWN}
    Connection.objects.update(state="active")
    assert desk.finish(edit).state == State.SAVED


@pytest.mark.parametrize("act", [waiting.wake, waiting.discard])
def test_nothing_is_tried_before_the_provider_wants_it(desk: Desk, act: Any) -> None:
    item = desk.item()
    limited = desk.update(item, city="Once")
    lose_answers(desk, 1, has_arrived=False)
    desk.deliver(limited)
    desk.sandbox.client.fault("rate_limits", "api", count=1)
    desk.deliver(limited)
    held = desk.update(desk.items()[-1], city="Once")
    desk.sandbox.client.switch("withdrawn_scopes", ["crm.objects.contacts.write"])
    desk.deliver(held)
    asked, before = limited.due_at, timezone.now()
    assert min(asked, held.due_at) > before

    act(desk.connection, **({"user": desk.user} if act is waiting.discard else {}))

    limited.refresh_from_db()
    held.refresh_from_db()
    assert limited.due_at == asked
    assert held.due_at < timezone.now() or not held.is_open


def test_an_import_that_was_held_goes_on_with_its_connection(desk: Desk) -> None:
    source = check(upload(desk, to_csv(["Email"], ["new@example.com"])))
    jobs.confirm(source, user=desk.user)
    Connection.objects.update(state="paused")
    jobs.work_on(source.pk)
    source.refresh_from_db()
    assert source.due_at > timezone.now()
    desk.connection.refresh_from_db()

    settings.resume(desk.connection, actor=desk.user)

    source.refresh_from_db()
    assert source.due_at <= timezone.now()
    jobs.work_on(source.pk)
    assert results.counts_of(source) == {"created": 1}


@pytest.mark.parametrize("is_many", [False, True])
def test_what_is_discarded_meets_no_conflict_any_more(
    desk: Desk, *, is_many: bool
) -> None:
    item = desk.item()
    made = desk.bulk([item], "city", "Once") if is_many else None
    edit = made.edits.get() if made else desk.update(item, city="Once")
    lose_answers(desk, 1, has_arrived=False)
    desk.deliver_bulk(made) if made else desk.deliver(edit)
    desk.edit_there(item.remote_id, "city", "Theirs")

    discarding.cancel(Edit.objects.get(pk=edit.pk), user=desk.user)
    desk.finish_bulk(made) if made else desk.finish(edit)

    assert states() == {State.CANCELLED}


def test_a_write_that_was_cut_off_is_not_mended_while_editing_is_off(
    desk: Desk,
) -> None:
    item = desk.item()
    desk.edit_there(item.remote_id, "lifecyclestage", "customer")
    item.properties["lifecyclestage"] = "customer"
    item.save()
    edit = desk.update(item, lifecyclestage="lead")
    desk.sandbox.client.fault("status", "write", count=1, skip=2, status=500)
    desk.deliver(edit)
    Connection.objects.update(is_editing=False)
    discarding.cancel(Edit.objects.get(pk=edit.pk), user=desk.user)
    before = writes(desk)

    desk.deliver(edit)

    assert (edit.state, writes(desk)) == (State.UNKNOWN, before)
    Connection.objects.update(is_editing=True)
    assert desk.finish(edit).state == State.CANCELLED
    assert desk.there(item.remote_id)["lifecyclestage"] == "customer"

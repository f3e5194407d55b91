"""Each row of an import comes to an end, whatever became of its item meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from integrations.models import Connection, Edit, Import, ImportRow, Item
from integrations.providers import CONNECTORS
from integrations.services.connections import disconnect
from integrations.services.writing.delivering import delivery
from integrations.services.writing.imports import checking, jobs, results, running
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.test_imports import (
    check,
    finish,
    problems,
    to_csv,
    upload,
)

State = ImportRow.State


@pytest.mark.skipif(database.vendor != "sqlite", reason="only SQLite refuses it")
def test_a_check_writes_with_no_reading_under_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drop a table at each write, which SQLite refuses in the middle of a reading."""
    emails = [each.properties.get("email") or "" for each in desk.items()]
    source = upload(desk, to_csv(["Email", "City"], *([e, "Ulm"] for e in emails if e)))
    monkeypatch.setattr(checking, "CHUNK", 2)
    writes = 0

    def drop(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal writes
        if sql.startswith("UPDATE"):
            writes += 1
            raw = database.connection
            raw.execute("CREATE TABLE passing (x)")
            raw.execute("DROP TABLE passing")
        return execute(sql, params, many, context)

    with database.execute_wrapper(drop):
        check(source)

    assert writes > 3
    assert results.counts_of(source).get("new", 0) == 0


def test_a_row_with_an_unknown_additional_address_only_is_refused(desk: Desk) -> None:
    name = "hs_additional_emails"
    data = to_csv(["Email", "More", "City"], ["", "more@example.com", "Bonn"])
    source = upload(desk, data, **{name: "More"})

    check(source)

    assert problems(source) == {2: "no_identity"}


def test_a_row_whose_record_goes_during_the_check_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = desk.item()
    data = to_csv(["Record ID", "City"], [item.remote_id, "Bonn"])
    source = upload(desk, data)
    monkeypatch.setattr(checking, "_find_items", lambda job: item.delete())

    check(source)

    assert problems(source) == {2: "not_there"}


def test_a_new_row_without_an_address_ends_its_import_all_the_same(
    desk: Desk,
) -> None:
    from integrations.services.common.sealing import import_content

    data = to_csv(["Email"], ["one@example.com"], ["two@example.com"])
    source = check(upload(desk, data))
    row = source.rows.get(number=2)
    row.content = import_content.seal(row, {"cells": [], "values": {}, "base": {}})
    row.save()

    jobs.confirm(source, user=desk.user)
    finish(source)

    assert source.state == Import.State.DONE
    assert problems(source) == {2: "no_identity"}
    assert results.counts_of(source) == {"created": 1, "invalid": 1}


def test_a_changed_row_whose_item_is_deleted_after_the_check_is_refused(
    desk: Desk,
) -> None:
    item = desk.item()
    data = to_csv(["Email", "City"], [item.properties["email"], "Elsewhere"])
    source = check(upload(desk, data))
    Item.objects.filter(pk=item.pk).delete()

    jobs.confirm(source, user=desk.user)
    finish(source)

    assert problems(source) == {2: "gone"}
    assert "after the check" in "".join(results.refused_csv(source))


def test_a_worker_that_a_cancel_overtakes_leaves_the_rows_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = desk.item()
    address = item.properties["email"]
    Item.objects.filter(pk=item.pk).delete()
    source = check(upload(desk, to_csv(["Email", "City"], [address, "Köln"])))
    jobs.confirm(source, user=desk.user)
    deliver, is_first = delivery.deliver, True

    def overtake(key: int, **told: Any) -> float | None:
        nonlocal is_first
        was_first, is_first = is_first, False
        wait = deliver(key, **told)
        if was_first:
            jobs.cancel(source, user=desk.user)
            jobs.work_on(source.pk)
        return wait

    monkeypatch.setattr(delivery, "deliver", overtake)
    assert jobs.work_on(source.pk) is None

    source.refresh_from_db()
    assert source.state == Import.State.CANCELLED
    assert results.counts_of(source) == {"conflict": 1}
    assert desk.there(item.remote_id).get("city") != "Köln"


def test_editing_that_goes_off_in_the_middle_is_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = check(upload(desk, to_csv(["Email"], ["new@example.com"])))
    jobs.confirm(source, user=desk.user)
    Connection.objects.update(is_editing=False)
    monkeypatch.setattr(running, "_may_send", lambda source: True)

    assert jobs.work_on(source.pk) == running.HELD_SECONDS

    source.refresh_from_db()
    assert (source.state, source.lease_id) == (Import.State.RUNNING, None)


def sent_in_part(desk: Desk) -> Import:
    """Return an import of which one row was sent with no answer, and one waits."""
    data = to_csv(["Email"], ["one@example.com"], ["two@example.com"])
    source = check(upload(desk, data))
    desk.sandbox.client.fault("status", "write", count=1, status=429)
    jobs.confirm(source, user=desk.user)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(CONNECTORS["hubspot"], "items_per_write", 1)
        jobs.work_on(source.pk)
    Edit.objects.update(state=Edit.State.UNKNOWN, lease_id=None, lease_until=None)
    return source


def test_a_cancelled_import_of_a_paused_connection_ends(desk: Desk) -> None:
    source = sent_in_part(desk)
    Connection.objects.update(state="paused")

    jobs.cancel(source, user=desk.user)
    assert jobs.work_on(source.pk) is None

    source.refresh_from_db()
    assert source.state == Import.State.CANCELLED
    assert results.counts_of(source) == {"new": 1, "discarded": 1}


def test_an_import_that_is_held_for_weeks_is_sent_and_then_loses_its_file(
    desk: Desk,
) -> None:
    source = sent_in_part(desk)
    Connection.objects.update(state="paused")
    weeks = timezone.now() + Import.KEPT * 3

    jobs.prune(now=weeks)
    Connection.objects.update(state="active")
    finish(source)

    assert source.state == Import.State.DONE
    assert results.counts_of(source) == {"created": 2}
    # Whoever has waited for so long has time to look at what was refused.
    Import.objects.update(created_at=source.created_at - Import.KEPT * 3)
    jobs.prune(now=timezone.now())
    assert source.rows.exclude(content="").count() == 2
    jobs.prune(now=weeks)
    assert source.rows.exclude(content="").count() == 0


def disconnect_and_keep(desk: Desk, source: Import) -> None:
    disconnect.disconnect(desk.connection, actor=desk.user, keep_items=True)
    jobs.work_on(source.pk)
    source.refresh_from_db()


def test_an_import_that_is_kept_is_sent_when_its_account_is_connected_again(
    desk: Desk, connect: Callable[..., Connection]
) -> None:
    source = sent_in_part(desk)

    disconnect_and_keep(desk, source)
    assert source.state == Import.State.RUNNING
    assert results.counts_of(source) == {"new": 1, "sent": 1}
    connect(desk.user)

    assert finish(source).state == Import.State.DONE
    assert results.counts_of(source) == {"created": 2}


def test_an_import_whose_account_does_not_come_back_ends_with_the_history(
    desk: Desk, settings: Any
) -> None:
    source = sent_in_part(desk)
    disconnect_and_keep(desk, source)
    since = Connection.objects.values_list("state_since", flat=True).get()
    end = since + timedelta(days=settings.HISTORY_DAYS)
    assert jobs.kept_until(source) == end

    jobs.prune(now=end - timedelta(hours=1))
    source.refresh_from_db()
    assert source.state == Import.State.RUNNING
    jobs.prune(now=end + timedelta(hours=1))
    jobs.work_on(source.pk)

    source.refresh_from_db()
    assert source.state == Import.State.CANCELLED
    assert not Edit.objects.open().exists()
    jobs.prune(now=timezone.now() + Import.KEPT * 2)
    assert not source.rows.exclude(content="").exists()


def test_an_import_ends_where_the_items_of_its_connection_are_deleted(
    desk: Desk,
) -> None:
    source = sent_in_part(desk)

    disconnect.end_grant(desk.connection, actor=desk.user, keep_items=False)

    source.refresh_from_db()
    assert source.state == Import.State.CANCELLING

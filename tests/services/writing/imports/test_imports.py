"""A file's rows become edits, each of them once; what is refused says why."""

import csv
import io
from typing import Any

import pytest
from django.db import connection as database

from integrations.models import Connection, Edit, Import, Item
from integrations.providers import CONNECTORS
from integrations.services.writing import trail
from integrations.services.writing.imports import (
    jobs,
    results,
)
from tests.services.writing.fixtures_of_edits import Desk, Killed, Reaper
from tests.services.writing.imports.fixtures_of_imports import (
    State,
    addresses,
    check,
    finish,
    import_all,
    problems,
    to_csv,
    upload,
)


def test_a_check_tells_new_changed_unchanged_and_refused_and_calls_nobody(
    desk: Desk,
) -> None:
    first, second = (
        item for item in Item.objects.live().filter(collection=desk.contacts)[:2]
    )
    first_mail, second_mail = (i.properties["email"] for i in (first, second))
    data = to_csv(
        ["E-mail", "City"],
        ["new@example.com", "Bonn"],
        [first_mail.upper(), "Elsewhere"],
        [second_mail, second.properties.get("city") or ""],
        ["nobody", "Bonn"],
        ["", "Bonn"],
        [first_mail, "Twice"],
        ["NEW@example.com", "Twice"],
    )

    source = check(upload(desk, data))

    assert results.counts_of(source) == {
        "new": 1,
        "changed": 1,
        "unchanged": 1,
        "invalid": 4,
    }
    assert problems(source) == {
        5: "invalid_email",
        6: "no_identity",
        7: "duplicate",
        8: "duplicate",
    }
    assert desk.sandbox.log == []
    assert not Edit.objects.exists()


def test_new_ones_are_created_and_those_that_are_there_get_their_values(
    desk: Desk,
) -> None:
    item = desk.item()
    email = item.properties["email"]
    data = to_csv(
        ["Email", "City"], ["new@example.com", "Bonn"], [email.upper(), "Köln"]
    )

    source = import_all(desk, upload(desk, data))

    assert source.state == Import.State.DONE
    assert results.counts_of(source) == {"created": 1, "updated": 1}
    [made] = desk.with_address("new@example.com")
    assert desk.there(made)["city"] == "Bonn"
    assert desk.there(item.remote_id)["city"] == "Köln"
    # Matched by its address, in whatever case: that is not what the file changes.
    assert desk.there(item.remote_id)["email"] == email


def test_what_turns_out_to_be_there_is_updated_and_not_created_again(
    desk: Desk,
) -> None:
    item = desk.item()
    address = item.properties["email"]
    Item.objects.filter(pk=item.pk).delete()
    source = check(upload(desk, to_csv(["Email", "City"], [address, "Köln"])))
    assert results.counts_of(source) == {"new": 1}

    jobs.confirm(source, user=desk.user)
    finish(source)

    assert results.counts_of(source) == {"updated": 1}
    assert desk.with_address(address) == [item.remote_id]
    assert desk.there(item.remote_id)["city"] == "Köln"


def test_many_new_ones_are_created_by_few_calls(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONNECTORS["hubspot"], "items_per_write", 4)
    source = import_all(desk, upload(desk, to_csv(["Email", "City"], *addresses(10))))

    assert results.counts_of(source) == {"created": 10}
    assert desk.sandbox.count("/batch/create") == 3
    assert len(desk.sandbox.log) < 20
    rows = source.rows.select_related("edit__item__collection")
    for row, (address, _) in zip(rows.order_by("number"), addresses(10), strict=True):
        assert row.edit is not None
        assert desk.with_address(address) == [row.edit.remote_id]
        assert row.edit.item.properties["email"] == address


def test_each_new_row_of_a_call_has_an_outcome_of_its_own(desk: Desk) -> None:
    desk.sandbox.client.switch("conditional_properties", ["city=Bonn:phone"])
    item = desk.item()
    taken = item.properties["email"]
    Item.objects.filter(pk=item.pk).delete()
    cells = [*addresses(2), [taken, "Köln"], ["good@example.com", "Köln"]]

    source = import_all(desk, upload(desk, to_csv(["Email", "City"], *cells)))

    assert results.counts_of(source) == {"created": 1, "updated": 1, "refused": 2}
    refused = source.rows.filter(state=State.REFUSED)
    assert {row.edit.refused["phone"][0] for row in refused} == {"required"}
    assert desk.with_address(taken) == [item.remote_id]
    assert desk.sandbox.count("/batch/create") == 1


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
def test_a_batch_of_new_ones_that_went_wrong_is_looked_for_before_it_is_sent_again(
    desk: Desk, kind: str, params: dict[str, Any], calls: int
) -> None:
    source = check(upload(desk, to_csv(["Email", "City"], *addresses(5))))
    desk.sandbox.client.fault(kind, "write", count=1, **params)
    jobs.confirm(source, user=desk.user)

    finish(source)

    assert results.counts_of(source) == {"created": 5}
    assert desk.sandbox.count("/batch/create") == calls
    assert [len(desk.with_address(each)) for each, _ in addresses(5)] == [1] * 5


def test_a_batch_of_new_ones_that_is_refused_whole_is_sent_one_by_one(
    desk: Desk,
) -> None:
    source = check(upload(desk, to_csv(["Email", "City"], *addresses(3))))
    desk.sandbox.client.fault("status", "write", count=1, status=400)
    jobs.confirm(source, user=desk.user)

    finish(source)

    assert results.counts_of(source) == {"created": 3}
    assert [len(desk.with_address(each)) for each, _ in addresses(3)] == [1] * 3


def test_a_record_id_finds_what_it_names_and_nothing_else(desk: Desk) -> None:
    item = desk.item()
    data = to_csv(
        ["Record ID", "Email", "City"],
        [item.remote_id, "other@example.com", "Bonn"],
        ["404404404", "", "Bonn"],
        ["", "new@example.com", "Bonn"],
    )

    source = check(upload(desk, data))

    assert problems(source) == {3: "not_there"}
    states = dict(source.rows.values_list("number", "state"))
    assert (states[2], states[4]) == (State.CHANGED, State.NEW)


def test_what_changed_there_since_the_check_is_left_to_its_user(desk: Desk) -> None:
    item = desk.item()
    address = item.properties["email"]
    source = check(upload(desk, to_csv(["Email", "City"], [address, "Mine"])))
    desk.edit_there(item.remote_id, "city", "Theirs")

    jobs.confirm(source, user=desk.user)
    finish(source)

    assert results.counts_of(source) == {"conflict": 1}
    assert desk.there(item.remote_id)["city"] == "Theirs"


def test_what_the_provider_refuses_is_told_by_row(desk: Desk) -> None:
    desk.sandbox.client.switch("required_properties", ["city"])
    data = to_csv(["Email", "City"], ["one@example.com", "Bonn"], ["two@example.com"])

    source = import_all(desk, upload(desk, data))

    assert results.counts_of(source) == {"created": 1, "refused": 1}
    lines = list(csv.reader(io.StringIO("".join(results.refused_csv(source)))))
    assert lines[1][:3] == ["two@example.com", "", "3"]
    assert lines[1][3] == "city"


@pytest.mark.parametrize("is_cleared", [False, True])
def test_an_empty_cell_clears_a_value_only_where_that_was_chosen(
    desk: Desk, is_cleared: bool
) -> None:
    item = desk.item()
    desk.finish(desk.update(item, city="Bonn"))
    source = upload(desk, to_csv(["Email", "City"], [item.properties["email"], ""]))
    source.clears_empty = is_cleared
    source.save()

    source = check(source)

    expected = State.CHANGED if is_cleared else State.UNCHANGED
    assert source.rows.get().state == expected


def test_a_paused_connection_keeps_its_import_until_it_goes_on(desk: Desk) -> None:
    source = check(upload(desk, to_csv(["Email"], ["new@example.com"])))
    jobs.confirm(source, user=desk.user)
    Connection.objects.update(state="paused")

    finish(source, most=2)
    assert (source.state, desk.with_address("new@example.com")) == ("running", [])

    Connection.objects.update(state="active")
    assert finish(source).state == Import.State.DONE
    assert len(desk.with_address("new@example.com")) == 1


def test_a_cancelled_import_sends_no_more_rows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONNECTORS["hubspot"], "items_per_write", 2)
    data = to_csv(["Email"], *([f"n{number}@example.com"] for number in range(5)))
    source = check(upload(desk, data))
    desk.sandbox.client.fault("status", "write", count=1, status=429)
    jobs.confirm(source, user=desk.user)
    jobs.work_on(source.pk)
    sent = source.rows.filter(state=State.SENT)
    assert {row.edit.state for row in sent} == {Edit.State.WAITING}

    assert jobs.cancel(source, user=desk.user)
    finish(source)

    assert source.state == Import.State.CANCELLED
    assert results.counts_of(source) == {"new": 3, "discarded": 2}
    assert desk.sandbox.count("/batch/create") == 1
    assert desk.with_address("n0@example.com") == []


@pytest.mark.parametrize("has_arrived", [False, True])
def test_a_row_of_a_cancelled_import_whose_answer_was_lost_is_not_sent_again(
    desk: Desk, *, has_arrived: bool
) -> None:
    source = check(upload(desk, to_csv(["Email"], ["new@example.com"])))
    fault = {"kind": "lost"} if has_arrived else {"kind": "status", "status": 500}
    desk.sandbox.client.fault(fault.pop("kind"), "write", count=1, **fault)
    jobs.confirm(source, user=desk.user)
    jobs.work_on(source.pk)
    assert source.rows.get().edit.state == Edit.State.UNKNOWN

    jobs.cancel(source, user=desk.user)
    finish(source)

    assert source.state == Import.State.CANCELLED
    told = {"created": 1} if has_arrived else {"discarded": 1}
    assert results.counts_of(source) == told
    assert len(desk.with_address("new@example.com")) == has_arrived


def test_uploads_are_sealed_rotated_and_deleted_when_they_are_old(
    desk: Desk, settings: Any
) -> None:
    from integrations.services.grants import key_rotation

    done = import_all(desk, upload(desk, to_csv(["Email"], ["secret@example.com"])))
    upload(desk, to_csv(["Email"], ["abandoned@example.com"]))
    with database.cursor() as cursor:
        cursor.execute("SELECT content FROM integrations_importrow")
        stored = " ".join(content for (content,) in cursor.fetchall())
    assert "example.com" not in stored
    assert sum(key_rotation.count().unreadable.values()) == 0
    sealed = [s for s in key_rotation.sealed_texts() if s.purpose == "import"]
    assert len(sealed) == 2

    jobs.prune(now=done.created_at + Import.KEPT * 2)

    assert list(Import.objects.all()) == [done]
    row = done.rows.get()
    assert (row.content, row.identity, row.state) == ("", "", State.CREATED)
    trail.forget(desk.connection)
    assert not Import.objects.exists()


def test_a_worker_killed_at_any_step_imports_every_row_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill at every step of a check, and of a run with a new and a changed row."""
    steps, is_killed = 0, True
    items = iter(
        item
        for item in Item.objects.live().filter(collection=desk.contacts)
        if item.properties.get("email")
    )
    item = next(items)
    while is_killed:
        steps += 11
        address = f"kill-{steps}@example.com"
        data = to_csv(
            ["Email", "City"],
            [address, address],
            [item.properties["email"], address],
        )
        source = upload(desk, data)
        reaper = Reaper(desk.sandbox, steps)
        jobs.start_check(source)
        is_killed = False
        with monkeypatch.context() as patched:
            patched.setattr(desk.sandbox, "send", reaper.call)
            with database.execute_wrapper(reaper.statement):
                try:
                    jobs.work_on(source.pk)
                    jobs.confirm(source, user=desk.user)
                    jobs.work_on(source.pk)
                except Killed:
                    is_killed = True

        finish(source)
        jobs.confirm(source, user=desk.user)
        finish(source)

        assert source.state == Import.State.DONE, steps
        assert results.counts_of(source) == {"created": 1, "updated": 1}, steps
        assert len(desk.with_address(address)) == 1, steps
        assert desk.there(item.remote_id)["city"] == address
    assert steps > 50


def test_a_large_import_holds_a_few_rows_at_a_time(desk: Desk) -> None:
    """Look at what is in memory at the peak, of ten times as many rows."""
    import tracemalloc

    peaks = []
    for count in (200, 1000):
        rows = ([f"p{number}@example.com", "x" * 50] for number in range(count))
        data = to_csv(["Email", "City"], *rows)
        source = upload(desk, data)
        jobs.start_check(source)
        tracemalloc.start()
        jobs.work_on(source.pk)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert results.counts_of(source) == {"new": count}

    assert peaks[1] < peaks[0] * 1.5

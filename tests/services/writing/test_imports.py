"""A file's rows become edits, each of them once; what is refused says why."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection as database

from integrations.models import BulkEdit, Connection, Edit, Import, ImportRow, Item
from integrations.providers import CONNECTORS
from integrations.services.writing import bulk, outbox
from integrations.services.writing.imports import (
    csv_file,
    jobs,
    mapping,
    results,
    undoing,
    uploads,
)
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.test_delivery import Killed, Reaper

State = ImportRow.State


def to_csv(headings: Sequence[str], *rows: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue().encode()


def upload(desk: Desk, data: bytes, **chosen: str) -> Import:
    """Upload a file, and match columns by heading: ``city="Town"``."""
    source = uploads.upload(desk.contacts, data, file_name="a.csv", user=desk.user)
    numbers = {column.heading: column.number for column in mapping.columns_of(source)}
    for name, heading in chosen.items():
        source.mapping[str(numbers[heading])] = {"field": name, "format": ""}
    source.save()
    return source


def check(source: Import) -> Import:
    assert jobs.start_check(source)
    jobs.work_on(source.pk)
    source.refresh_from_db()
    assert source.state == Import.State.CHECKED
    return source


def finish(source: Import, *, most: int = 20) -> Import:
    for _ in range(most):
        Import.objects.filter(pk=source.pk).update(lease_until=None, lease_id=None)
        Import.objects.filter(pk=source.pk).update(due_at=source.created_at)
        Edit.objects.open().update(due_at=source.created_at, lease_until=None)
        if jobs.work_on(source.pk) is None:
            break
    source.refresh_from_db()
    return source


def import_all(desk: Desk, source: Import) -> Import:
    assert jobs.confirm(check(source), user=desk.user)
    return finish(source)


def problems(source: Import) -> dict[int, str]:
    rows = source.rows.filter(state=State.INVALID)
    return {row.number: row.problems[0][1] for row in rows}


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


def addresses(count: int, name: str = "many") -> list[list[str]]:
    return [[f"{name}-{number}@example.com", "Bonn"] for number in range(count)]


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
    outbox.forget(desk.connection)
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


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"Email\n", "no_rows"),
        (b"PK\x03\x04\0\0\x08\0binary\0\x01\x02", "not_text"),
        (b"Email\n\x81\x8d\n", "encoding"),
        (b'Email,City\na@b.example,"Bonn\n', "quotes"),
        (b"a," * 300 + b"\n1", "too_many_columns"),
        (b"Email\n" + b"a@b.example\n" * 10_001, "too_many_rows"),
        (b"x" * (csv_file.MAX_BYTES + 1), "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, problem: str) -> None:
    with pytest.raises(csv_file.FileRefusedError) as refused:
        list(csv_file.read(data).rows)

    assert refused.value.problem == problem


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_recognised(encoding: str, delimiter: str) -> None:
    text = '"Größe"|"Größe"|""|Notiz\r\nä|ö|ü|"eins\r\nzwei, drei; |"\r\n\r\n1|2\r\n'

    found = csv_file.read(text.replace("|", delimiter).encode(encoding))

    assert found.headings == ["Größe", "Größe (2)", "Column 3", "Notiz"]
    assert list(found.rows) == [
        (2, ["ä", "ö", "ü", f"eins\r\nzwei, drei; {delimiter}".strip()]),
        (4, ["1", "2"]),
    ]

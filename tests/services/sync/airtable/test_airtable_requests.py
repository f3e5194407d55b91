"""Airtable is asked no more than there is to ask; its README has the same figures."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import Collection, Connection, Item
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.readme_figures import read_figures
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to, live

KINDS = {
    "whoami": r"GET /airtable/v0/meta/whoami",
    "bases": r"GET /airtable/v0/meta/bases(\?|$)",
    "tables": r"GET /airtable/v0/meta/bases/\w+/tables",
    "records": r"GET /airtable/v0/app\w+/tbl\w+\?",
    "token": r"POST /airtable/oauth2/v1/token",
}


def kind_of(line: str) -> str:
    return next((k for k, form in KINDS.items() if re.match(form, line)), line)


def spent(sandbox: Any, since: int = 0) -> Counter[str]:
    return Counter(map(kind_of, sandbox.log[since:]))


def least_of(bases: int, sizes: Sequence[int]) -> dict[str, int]:
    """Return the fewest calls that read everything: tables of these sizes, in pages."""
    pages = sum(max(1, math.ceil(size / 100)) for size in sizes)
    return {"bases": 1, "tables": bases, "records": pages}


def all_of_it() -> dict[str, int]:
    """Return the fewest calls for the sandbox."""
    tables = Collection.objects.filter(item_type="record")
    bases = Item.objects.live().filter(type="base").count()
    return least_of(bases, [each.stored_count for each in tables])


def test_the_readmes_example_has_these_figures() -> None:
    everything = sum(least_of(5, [300] * 22).values())
    every_table_once = sum(least_of(5, [100] * 22).values())

    assert read_figures("airtable") == {
        "connect": [[2], [2]],
        "first load": [[everything]] * 2,
        "nothing changed": [[every_table_once]] * 2,
        "1 % changed": [[every_table_once]] * 2,
        "full refresh": [[everything]] * 2,
    }


def test_each_phase_asks_no_more_than_it_must(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    airtable: Airtable,
) -> None:
    def phase(minutes: int, *, changes: int = 0, **options: Any) -> Counter[str]:
        calls, at = len(sandbox.log), timezone.now() + timedelta(minutes=minutes)
        with time_machine.travel(at):
            if changes:
                where = {"base": "Operations", "table": "Customers"}
                airtable.do("records/touch", count=changes, value="New", **where)
            assert finish_sync(connection, **options).outcome == "complete"
        return spent(sandbox, calls)

    assert spent(sandbox)["whoami"] == spent(sandbox)["token"] == 1
    first = phase(0)
    assert first == all_of_it()

    every_table_once = {
        **all_of_it(),
        "records": Collection.objects.filter(item_type="record").count(),
    }
    assert phase(20) == every_table_once
    assert phase(21, changes=3) == every_table_once

    assert phase(22, full=True) == all_of_it()
    assert_equal_to(airtable)


def test_bases_are_read_in_turns(connection: Connection, sandbox: Any) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    let_time_pass(run)

    engine.run_slice(run.pk)

    asked = [line for line in sandbox.log if kind_of(line) == "records"]
    bases = [line.split("/")[3] for line in asked]
    number = len(set(bases))
    assert number > 1
    assert len(set(bases[:number])) == number


def test_a_deleted_record_is_missed_by_an_incremental_sync(
    synced_few: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    tables = Collection.objects.filter(item_type="record", stored_count__lte=60)
    table = tables.order_by("-stored_count").first()
    assert table is not None
    gone = live(table.remote_id)[0]
    airtable.do("records/delete", id=gone)

    run = finish_sync(synced_few)

    assert (run.outcome, run.deleted) == ("complete", 1)
    assert Item.objects.get(remote_id=gone).deleted_kind == "deleted"
    assert_equal_to(airtable)


def test_every_record_of_a_large_table_has_its_turn(
    synced: Connection, finish_sync: FinishSync, airtable: Airtable
) -> None:
    table = Collection.objects.order_by("-stored_count").first()
    assert table is not None
    assert table.stored_count > 60
    first, *_, last = live(table.remote_id)
    airtable.do("records/delete", id=first)
    airtable.do("records/delete", id=last)

    for _ in range(math.ceil(table.stored_count / 60)):
        finish_sync(synced)

    assert_equal_to(airtable)


def test_a_record_for_which_a_formula_fails_is_not_deleted(
    synced_few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As it may for a record that was never edited: nobody says what a time is then."""
    send = sandbox.send

    def leave_out(request: Any, *args: Any) -> Any:
        answer = send(request, *args)
        is_failing = "LAST_MODIFIED_TIME" in request.url
        return replace(answer, body=b'{"records": []}') if is_failing else answer

    monkeypatch.setattr(sandbox, "send", leave_out)

    run = finish_sync(synced_few)

    assert (run.outcome, run.deleted) == ("complete", 0)
    assert_equal_to(airtable)


def test_a_formula_that_is_refused_costs_only_the_look_for_what_is_gone(
    synced_few: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send, before = sandbox.send, sorted(Item.objects.values_list("remote_id"))

    def refuse_ids(request: Any, *args: Any) -> Any:
        answer = send(request, *args)
        return answer if "RECORD_ID" not in request.url else refusal(answer)

    monkeypatch.setattr(sandbox, "send", refuse_ids)

    assert finish_sync(synced_few).outcome == "complete"

    assert sorted(Item.objects.live().values_list("remote_id")) == before
    noted = Collection.objects.filter(item_type="record", stored_count__gt=0)
    assert {each.pending_reason for each in noted} == {"extras_refused"}
    assert {each.pending_reason_data["extras"][0] for each in noted} == {"probes"}


def refusal(answer: Any) -> Any:
    body = b'{"error": {"type": "INVALID_FILTER_BY_FORMULA", "message": "no"}}'
    return type(answer)(status=422, body=body)

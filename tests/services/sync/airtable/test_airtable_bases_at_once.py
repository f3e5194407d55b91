"""Each base has a limit of its own, so the bases of an account are asked at once."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from integrations.http.errors import Network
from integrations.http.sending.transport import Request, Response
from integrations.models import Collection, Connection, Item
from integrations.providers import CONNECTORS
from integrations.providers.records import Page
from integrations.services.connections import selection
from integrations.services.connections import settings as connection_settings
from integrations.services.sync import engine, runs
from integrations.services.sync.leases.lease import RunLease
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to
from tests.services.sync.at_once import Gate

RECORDS, TABLES = r"/v0/(app\w+)/tbl", r"/meta/bases/(app\w+)/tables"
BASES = 5


def test_all_bases_are_asked_at_once_and_each_only_once(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    airtable: Airtable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gates = {}
    for kind in (RECORDS, TABLES):
        gates[kind] = Gate(sandbox, kind, BASES)
        monkeypatch.setattr(sandbox, "send", gates[kind])

    assert finish_sync(connection, full=True).outcome == "complete"

    for kind, gate in gates.items():
        assert (gate.most_at_once, gate.most_of_one) == (BASES, 1), kind
    assert sandbox.repeated() == {}
    assert_equal_to(airtable)


def test_what_changed_is_asked_of_all_bases_at_once(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    airtable: Airtable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = {"base": "Operations", "table": "Customers"}
    airtable.do("records/touch", count=3, value="New", **where)
    gate, calls = Gate(sandbox, RECORDS, BASES), len(sandbox.log)
    monkeypatch.setattr(sandbox, "send", gate)

    assert finish_sync(synced).outcome == "complete"

    assert (gate.most_at_once, gate.most_of_one) == (BASES, 1)
    assert sandbox.repeated(calls) == {}
    assert_equal_to(airtable)


def test_a_slice_that_ends_asks_for_no_page_twice(
    connection: Connection, sandbox: Any, airtable: Airtable
) -> None:
    run, _ = runs.open_run(connection, trigger="user")

    while run.is_open:
        let_time_pass(run)
        engine.run_slice(run.pk, seconds=0.1)
        run.refresh_from_db()

    assert run.outcome == "complete"
    assert run.slices > 2
    assert sandbox.repeated() == {}
    assert_equal_to(airtable)


def test_bases_that_hang_are_not_waited_for_one_after_the_other(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = sandbox.send
    asked: Counter[str] = Counter()

    def hang(request: Request, *args: Any) -> Response:
        if found := re.search(RECORDS, request.url):
            asked[found[1]] += 1
            raise Network("no answer in time")
        return send(request, *args)

    monkeypatch.setattr(sandbox, "send", hang)
    # Whoever asks once more has waited for longer than a slice lasts.
    is_late = property(lambda _: 2 in asked.values())
    monkeypatch.setattr(RunLease, "is_over", is_late)
    run, _ = runs.open_run(connection, trigger="user")
    engine.run_slice(run.pk)

    assert sorted(asked.values()) == [*[1] * (BASES - 1), 2]


def test_calls_that_came_to_nothing_are_calls_of_the_run(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, sent = sandbox.send, []

    def limited(request: Request, *args: Any) -> Response:
        sent.append(request.url)
        is_limited = re.search(TABLES, request.url)
        return Response(status=429) if is_limited else send(request, *args)

    monkeypatch.setattr(sandbox, "send", limited)
    run, _ = runs.open_run(connection, trigger="user")
    engine.run_slice(run.pk)

    run.refresh_from_db()
    assert run.requests == len(sent) > BASES


def spoil_one(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, answer: Response
) -> Callable[[], str]:
    """Answer the last base so whose turn comes; return what names the base."""
    send, seen = sandbox.send, []
    taking = threading.Lock()

    def spoiled(request: Request, *args: Any) -> Response:
        found = re.search(RECORDS, request.url)
        with taking:
            if found and found[1] not in seen:
                seen.append(found[1])
            is_last = bool(found) and seen.index(found[1]) == BASES - 1
        return answer if is_last else send(request, *args)

    monkeypatch.setattr(sandbox, "send", spoiled)
    return lambda: str(seen[-1])


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (403, b'{"error":{"type":"INVALID_PERMISSIONS"}}', "no_permission"),
        (429, b'{"errors":[{"error":"RATE_LIMIT_REACHED"}]}', "rate_limited"),
    ],
)
def test_an_answer_sent_ahead_that_is_an_error_is_that_of_its_own_base(
    connection: Connection,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    reason: str,
) -> None:
    spoilt = spoil_one(sandbox, monkeypatch, Response(status=status, body=body))
    run, _ = runs.open_run(connection, trigger="user")
    let_time_pass(run)

    engine.run_slice(run.pk)

    run.refresh_from_db()
    states = {
        (each.remote_id.startswith(spoilt()), run.entries[str(each.pk)].state.value)
        for each in Collection.objects.filter(item_type="record")
    }
    assert {state for is_spoilt, state in states if not is_spoilt} == {"done"}
    assert "done" not in {state for is_spoilt, state in states if is_spoilt}
    first = Collection.objects.filter(remote_id__startswith=spoilt()).first()
    assert first is not None
    noted = run.entries[str(first.pk)].reason
    assert noted is not None
    assert noted.code == reason


def test_a_token_that_ends_under_all_bases_is_refreshed_once(
    synced: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    airtable: Airtable,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, calls = Gate(sandbox, RECORDS, BASES), len(sandbox.log)
    monkeypatch.setattr(sandbox, "send", gate)
    ended = threading.Event()

    def end_tokens(request: Request, *args: Any) -> Response:
        with gate.changed:
            if not ended.is_set() and re.search(RECORDS, request.url):
                ended.set()
                airtable.do("tokens/expire")
        return gate(request, *args)

    monkeypatch.setattr(sandbox, "send", end_tokens)

    assert finish_sync(synced, full=True).outcome == "complete"

    assert ended.is_set()
    refreshed = [line for line in sandbox.log[calls:] if "oauth2/v1/token" in line]
    assert len(refreshed) == 1
    assert_equal_to(airtable)


def pause(connection: Connection) -> None:
    connection_settings.pause(connection, actor=None)


def deselect(connection: Connection) -> None:
    known = connection.collections.filter(item_type="record")
    offered = [each.pk for each in known]
    selection.select_collections(
        connection, chosen=offered[1:], offered=offered, actor=None
    )


@pytest.mark.parametrize("stop", [pause, deselect])
def test_what_is_on_its_way_when_a_user_stops_it_is_dropped(
    connection: Connection,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    stop: Callable[[Connection], None],
) -> None:
    connector, read = CONNECTORS["airtable"], []
    fetch_page = connector.fetch_page

    def stopping(api: Any, collection: Any, **options: Any) -> Page:
        page = fetch_page(api, collection, **options)
        if collection.remote_id != "structure":
            read.append(collection.remote_id)
            if len(read) == 3:
                stop(connection)
        return page

    monkeypatch.setattr(connector, "fetch_page", stopping)
    run, _ = runs.open_run(connection, trigger="user")
    let_time_pass(run)

    assert engine.run_slice(run.pk) is None

    run.refresh_from_db()
    assert (run.state, run.outcome) == ("finished", "cancelled")
    stored = set(Item.objects.live().values_list("collection__remote_id", flat=True))
    assert stored <= {"structure", *read[:2]}
    asked = [line for line in sandbox.log if re.search(RECORDS, line)]
    assert 3 <= len(asked) <= 3 + BASES

"""What was sent for ahead is dated by its own request, and offered until it is sent."""

import threading
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest
import time_machine

from integrations.http.errors import Network
from integrations.http.sending.transport import Request, Response
from integrations.models import Collection, Connection
from integrations.providers import CONNECTORS
from integrations.providers.airtable.api.bases import each_ahead, fetch_bases
from integrations.providers.records import Page
from integrations.services.common.clients import api_clients
from integrations.services.common.clock import database_now
from integrations.services.grants.tokens import TokenSource
from integrations.services.sync import runs
from integrations.services.sync.calls.run_answers import RunAnswers
from integrations.services.sync.leases import lease
from integrations.services.sync.leases.lease import RunLease
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.collection import send_ahead, sync_collection
from tests.services.fixtures import let_time_pass

SECONDS_TO_WAIT = 20.0


@pytest.fixture
def current(synced: Connection) -> RunLease:
    """Return the lease of a slice of a full refresh that has asked for nothing yet."""
    run, _ = runs.open_run(synced, trigger="user", full=True)
    let_time_pass(run)
    claimed = lease.claim(run.pk, now=database_now())
    assert claimed is not None
    api = api_clients.api_client(synced, TokenSource(synced.pk))
    api.answers = RunAnswers(run.pk)
    return RunLease(run=claimed[0], lease_id=claimed[1], api=api, stop_at=inf)


@pytest.fixture
def collection(synced: Connection) -> Collection:
    """Return a table."""
    return synced.collections.filter(item_type="record")[0]


def wait_until_answered(current: RunLease) -> None:
    """Let no answer come at another time than it is asked for."""
    for prefetch in current.api._ahead._by_lane.values():
        prefetch.response()


def assert_began(collection: Collection, sent: datetime) -> None:
    found = checkpoint.read(collection)
    assert found is not None
    assert abs(found.began - sent) < timedelta(seconds=2)


def test_a_refresh_begins_when_its_first_page_was_sent_for(
    current: RunLease, collection: Collection, sandbox: Any
) -> None:
    sent = datetime.now(UTC)

    with time_machine.travel(sent, tick=False):
        send_ahead(current, collection)
        assert collection.pk in current.ahead
        calls = len(sandbox.log)
        wait_until_answered(current)
    with time_machine.travel(sent + timedelta(seconds=9), tick=False):
        current.gives_way = True
        sync_collection(current, collection)

    assert_began(collection, sent)
    assert len(sandbox.log) - calls <= 1


def test_an_answer_that_another_reading_takes_keeps_the_time_of_its_request(
    current: RunLease, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector, sent = CONNECTORS["airtable"], datetime.now(UTC)
    fetch_page, current.gives_way = connector.fetch_page, True

    def fail_before_asking(*_args: Any, **_options: Any) -> Page:
        raise Network("what comes before the page could not be had")

    with time_machine.travel(sent, tick=False):
        send_ahead(current, collection)
        wait_until_answered(current)
        monkeypatch.setattr(connector, "fetch_page", fail_before_asking)
        with pytest.raises(Network):
            sync_collection(current, collection)
        monkeypatch.setattr(connector, "fetch_page", fetch_page)
    with time_machine.travel(sent + timedelta(seconds=9), tick=False):
        sync_collection(current, collection)

    assert_began(collection, sent)


def test_a_slice_without_an_answer_asks_for_all_bases_behind_the_first(
    current: RunLease, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What an earlier slice has asked tells this one nothing of the size of answers.
    earlier = api_clients.api_client(
        current.connection, TokenSource(current.connection.pk)
    )
    earlier.answers = current.api.answers
    bases, send = fetch_bases(earlier).known, sandbox.send
    assert len(bases) > 2
    asked, came = set(), threading.Condition()

    def note(request: Request, *args: Any) -> Response:
        with came:
            asked.add(request.url)
            came.notify_all()
        return send(request, *args)

    monkeypatch.setattr(sandbox, "send", note)
    waiting = each_ahead(current.api, fetch_bases(current.api).known)
    first = next(waiting)
    current.api.get(f"/meta/bases/{first.id}/tables")
    next(waiting)

    with came:
        assert came.wait_for(lambda: len(asked) == len(bases), SECONDS_TO_WAIT)

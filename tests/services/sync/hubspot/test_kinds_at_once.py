"""Types of records of a portal are asked at once, and stored as their answers come."""

import threading
from typing import Any

import pytest

from integrations.http.sending.transport import Request, Response
from integrations.models import Connection, Item
from integrations.services.items.storage import store
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import assert_equal_to, inventory, live
from tests.services.sync.at_once import SECONDS_TO_WAIT, Gate

LIST = r"/crm/objects/[^/]+/(\w+)\?(?!.*archived=true)"
KINDS = {"contacts", "companies", "deals"}


class Spoilt(Gate):
    """Answer for one kind that the provider has trouble."""

    def answer(self, name: str, request: Request, *args: Any) -> Response:
        """Return a failure for companies."""
        if name == "companies":
            return Response(status=500, body=b"{}")
        return super().answer(name, request, *args)


def test_all_kinds_are_asked_at_once_and_each_page_only_once(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists = Gate(sandbox, LIST, len(KINDS))
    monkeypatch.setattr(sandbox, "send", lists)

    assert finish_sync(connection, full=True).outcome == "complete"

    assert (lists.most_at_once, lists.most_of_one) == (len(KINDS), 1)
    # Links whose labels are asked for meanwhile drop nothing that is on its way.
    assert sandbox.repeated() == {}
    assert_equal_to(sandbox)


def test_the_next_page_is_on_its_way_while_one_is_stored(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.collections.exclude(remote_id="contacts").update(is_selected=False)
    lists, store_page, came = Gate(sandbox, LIST), store.store_page, []

    def storing(*args: Any, **options: Any) -> Any:
        if not came:
            came.append(lists.wait_for("contacts", 2))
        return store_page(*args, **options)

    monkeypatch.setattr(sandbox, "send", lists)
    monkeypatch.setattr(store, "store_page", storing)
    run, _ = runs.open_run(connection, trigger="user")
    let_time_pass(run)

    engine.run_slice(run.pk)

    assert came == [True]


class Late(Gate):
    """Hold back the answers for one kind until others are stored to their end."""

    def __init__(self, sandbox: Any, kind: str) -> None:
        super().__init__(sandbox, LIST)
        self.kind, self.is_late = kind, False
        self.may_come = threading.Event()

    def answer(self, name: str, request: Request, *args: Any) -> Response:
        """Return what the sandbox says, of that kind when it may come."""
        if name == self.kind and not self.may_come.wait(SECONDS_TO_WAIT):
            self.is_late = True
        return super().answer(name, request, *args)


def test_a_slow_kind_delays_no_other(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists, store_page = Late(sandbox, "companies"), store.store_page
    left = {kind: len(inventory(sandbox, kind)) for kind in KINDS - {"companies"}}

    def storing(collection: Any, items: Any, **options: Any) -> Any:
        if collection.remote_id in left:
            left[collection.remote_id] -= len(items)
        if not any(left.values()):
            lists.may_come.set()
        return store_page(collection, items, **options)

    monkeypatch.setattr(sandbox, "send", lists)
    monkeypatch.setattr(store, "store_page", storing)

    assert finish_sync(connection, full=True).outcome == "complete"

    assert not lists.is_late
    assert_equal_to(sandbox)


def test_slices_that_end_ask_for_no_page_twice(
    connection: Connection, sandbox: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="user")

    while run.is_open:
        let_time_pass(run)
        engine.run_slice(run.pk, seconds=0.01)
        run.refresh_from_db()

    assert run.outcome == "complete"
    assert run.slices > 1
    assert sandbox.repeated() == {}
    assert_equal_to(sandbox)


def test_a_kind_that_fails_holds_no_other(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "send", Spoilt(sandbox, LIST))
    run, _ = runs.open_run(connection, trigger="user")
    let_time_pass(run)

    engine.run_slice(run.pk)

    run.refresh_from_db()
    states = {each.name.lower(): each.state.value for each in run.entries.values()}
    assert states == {"contacts": "done", "companies": "waiting", "deals": "done"}
    assert live("contacts")
    assert live("deals")
    assert not Item.objects.filter(collection__remote_id="companies").exists()

"""Contacts, companies and deals of a portal are asked at once, and stored in turns."""

import re
import threading
from collections import Counter
from typing import Any

import pytest

from integrations.http.sending.transport import Request, Response
from integrations.models import Connection, Item
from integrations.services.items.storage import store
from integrations.services.sync import engine, runs
from tests.services.fixtures import FinishSync, let_time_pass
from tests.services.hubspot_account import assert_equal_to, live

LIST = re.compile(r"/crm/objects/[^/]+/(\w+)\?(?!.*archived=true)")
KINDS = {"contacts", "companies", "deals"}
# Until then everything has come that will come, on any machine.
SECONDS_TO_WAIT = 20.0


class Lists:
    """Note the pages that are asked for, by kind; hold all until ``wanted`` are."""

    def __init__(self, sandbox: Any, *, wanted: int = 0) -> None:
        self.send, self.wanted = sandbox.send, wanted
        self.asked: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most_at_once = self.most_of_one = 0
        self.changed = threading.Condition()

    def __call__(self, request: Request, *args: Any) -> Response:
        found = LIST.search(request.url)
        if found is None:
            answer: Response = self.send(request, *args)
            return answer
        with self.changed:
            self.asked[found[1]] += 1
            self.under_way[found[1]] += 1
            self.most_of_one = max(self.most_of_one, self.under_way[found[1]])
            self.most_at_once = max(self.most_at_once, len(+self.under_way))
            self.changed.notify_all()
            is_full = self.changed.wait_for(
                lambda: self.most_at_once >= self.wanted, SECONDS_TO_WAIT
            )
            # Only once is anybody waited for in vain.
            self.wanted = self.wanted if is_full else 0
        try:
            return self.answer(found[1], request, *args)
        finally:
            with self.changed:
                self.under_way[found[1]] -= 1

    def answer(self, kind: str, request: Request, *args: Any) -> Response:
        """Return what the sandbox says."""
        answer: Response = self.send(request, *args)
        return answer

    def wait_for(self, kind: str, pages: int) -> bool:
        """Wait until so many pages of a kind have been asked for."""
        with self.changed:
            return self.changed.wait_for(
                lambda: self.asked[kind] >= pages, SECONDS_TO_WAIT
            )


class Spoilt(Lists):
    """Answer for one kind that the provider has trouble."""

    def answer(self, kind: str, request: Request, *args: Any) -> Response:
        """Return a failure for companies."""
        if kind == "companies":
            return Response(status=500, body=b"{}")
        return super().answer(kind, request, *args)


def test_all_kinds_are_asked_at_once_and_each_page_only_once(
    connection: Connection,
    finish_sync: FinishSync,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists = Lists(sandbox, wanted=len(KINDS))
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
    lists, store_page, came = Lists(sandbox), store.store_page, []

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
    monkeypatch.setattr(sandbox, "send", Spoilt(sandbox))
    run, _ = runs.open_run(connection, trigger="user")
    let_time_pass(run)

    engine.run_slice(run.pk)

    run.refresh_from_db()
    states = {each.name.lower(): each.state.value for each in run.entries.values()}
    assert states == {"contacts": "done", "companies": "waiting", "deals": "done"}
    assert live("contacts")
    assert live("deals")
    assert not Item.objects.filter(collection__remote_id="companies").exists()

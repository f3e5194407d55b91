"""The lease of an import lives as long as its worker, and no longer than it must."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.utils import timezone

from integrations.models import Import
from integrations.services.common import queue
from integrations.services.writing.imports import jobs, lease, running
from tests.real.support.processes import wait_until
from tests.services.writing.fixtures_of_edits import Desk
from tests.services.writing.imports.fixtures_of_imports import check, to_csv, upload
from tests.support.rows import make_collection, make_connection


@pytest.fixture
def source(alice: User, settings: Any) -> Import:
    """Return an import that is being sent, whose lease lasts less than a second."""
    settings.STALE_RUN_SECONDS = 0.3
    connection = make_connection(alice, is_editing=True)
    return Import.objects.create(
        connection=connection,
        collection=make_collection(connection),
        created_by=alice,
        state=Import.State.RUNNING,
    )


def left(source: Import) -> timedelta:
    """Return how long the lease lasts yet."""
    until = Import.objects.values_list("lease_until", flat=True).get(pk=source.pk)
    assert until is not None
    return until - timezone.now()


@contextmanager
def working(source: Import, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let another thread work on an import, and wait for an answer."""
    begun, answer = threading.Event(), threading.Event()

    def run(_lease: lease.ImportLease) -> None:
        begun.set()
        answer.wait(20)

    def work() -> None:
        jobs.work_on(source.pk)
        database.close()

    monkeypatch.setattr(running, "run", run)
    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(20)
    yield
    answer.set()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_it_is_renewed_while_an_answer_is_waited_for_and_then_runs_out(
    source: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    with working(source, monkeypatch):
        begun = Import.objects.get(pk=source.pk).lease_until
        assert left(source) < timedelta(seconds=1)
        wait_until(
            lambda: Import.objects.get(pk=source.pk).lease_until > begun, "renewed"
        )

    wait_until(lambda: left(source) < timedelta(0), "it runs out")
    assert lease.claim(source.pk, now=timezone.now()) is not None


@pytest.mark.django_db(transaction=True)
def test_the_sweep_sends_what_lost_its_worker_at_once(
    source: Import, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STALE_RUN_SECONDS = 60
    sent: list[Any] = []
    monkeypatch.setattr(queue, "send", lambda *args, **_: sent.append(args) or True)
    assert lease.claim(source.pk, now=timezone.now()) is not None
    assert jobs.send_due() == 0

    Import.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert jobs.send_due() == 1
    assert sent == [("run_import", source.pk)]


@pytest.mark.parametrize("count", [1, 3])
def test_each_call_for_its_rows_shows_that_its_worker_is_not_stuck(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    rows = [[f"call-{number}@example.com"] for number in range(count)]
    source = check(upload(desk, to_csv(["Email"], *rows)))
    jobs.confirm(source, user=desk.user)
    calls = _count_calls(monkeypatch)
    before = len(desk.sandbox.log)

    jobs.work_on(source.pk)

    assert len(calls) == len(desk.sandbox.log) - before > 0


def _count_calls(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    calls: list[None] = []
    note: Callable[[Any], None] = lease.ImportLease.note_call

    def count(self: lease.ImportLease) -> None:
        calls.append(None)
        note(self)

    monkeypatch.setattr(lease.ImportLease, "note_call", count)
    return calls

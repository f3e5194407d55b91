"""What a machine does of itself goes on, part by part."""

from datetime import datetime
from typing import Any, NoReturn

import pytest
from celery import signals
from celery.concurrency.prefork import TaskPool as ProcessPool
from celery.concurrency.thread import TaskPool as ThreadPool

from config import celery
from config.monitoring import machine
from integrations.services.grants.stores import restored_database
from integrations.services.upkeep.checks import reports


def test_a_machine_reports_where_its_ledger_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_machine: str) -> NoReturn:
        raise OSError

    reported = []

    def note(*, now: datetime) -> bool:
        reported.append(now)
        return True

    monkeypatch.setattr(restored_database, "publish", refuse)
    monkeypatch.setattr(reports, "report_machine", note)

    machine.look()

    assert reported


class Worker:
    """A worker as far as its signals tell of it."""

    def __init__(self, pool: type[Any]) -> None:
        self.pool = object.__new__(pool)


def test_the_head_of_a_pool_of_processes_leaves_it_to_its_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(machine, "begin", lambda: begun.append("one"))

    signals.worker_ready.send(sender=Worker(ProcessPool))
    assert not begun

    signals.worker_process_init.send(sender="child")
    assert begun == ["one"]


def test_a_pool_of_threads_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(machine, "begin", lambda: begun.append("one"))

    celery.report_machine_of_threads(sender=Worker(ThreadPool))

    assert begun == ["one"]

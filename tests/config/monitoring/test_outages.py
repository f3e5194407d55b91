"""An outage is a line when it begins and one when it is over; nothing else is lost."""

import logging
import sqlite3
from collections.abc import Iterator
from ssl import SSLEOFError
from typing import Any

import psycopg
import pytest
import redis
from amqp.exceptions import ConnectionForced
from celery import signals
from celery.beat import SchedulingError
from django.db import connection
from django.db.backends.signals import connection_created
from django.db.utils import OperationalError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import OutOfMemoryError

from config.monitoring import outages
from integrations.services.common import queue
from tests.config.monitoring.logging_set_up import Log

FULL = OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")
GONE = redis.exceptions.ConnectionError("Error 111 connecting to 127.0.0.1:9")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(outages.OUTAGES, "_clock", made)
    return made


@pytest.fixture
def log(clock: Clock) -> Iterator[Log]:
    outages.OUTAGES._open.clear()
    with Log("INFO") as made:
        yield made
    outages.OUTAGES._open.clear()


def fail(logger: str, cause: Exception, wrapper: Exception | None = None) -> None:
    """Log an error as a library does, with everything it knows."""
    error = wrapper or cause
    if isinstance(error, SchedulingError):
        error.__context__ = cause
    elif wrapper:
        error.__cause__ = cause
    logging.getLogger(logger).error(
        "it failed: %s", "details\nstack\nstack", exc_info=error
    )


def test_beat_says_a_full_broker_once_and_its_end_with_its_length(
    log: Log, clock: Clock
) -> None:
    for _ in range(40):
        fail("celery.beat", FULL, SchedulingError("Couldn't apply scheduled task"))
        clock.now += 1
    clock.now += 2
    signals.after_task_publish.send(sender="sweep")
    signals.after_task_publish.send(sender="sweep")

    begins, over = log.lines
    assert "outage begins part=broker error=SchedulingError: it failed" in begins
    assert "outage over part=broker seconds=39 held_back=39" in over


def test_an_outage_that_goes_on_is_a_line_a_minute(log: Log, clock: Clock) -> None:
    for _ in range(3 * 60):
        fail("celery.worker.consumer.consumer", GONE)
        clock.now += 1

    assert len(log.lines) == 3
    assert "outage goes on part=broker seconds=120 held_back=120" in log.lines[2]
    assert "Traceback" not in "".join(log.lines)


@pytest.mark.parametrize(
    ("error", "wrapper"),
    [
        (GONE, None),
        (GONE, BrokerError("Error 111")),
        (redis.exceptions.TimeoutError("Timeout reading from socket"), None),
    ],
)
def test_a_broker_that_is_away_is_one_line(
    log: Log, error: Exception, wrapper: Exception | None
) -> None:
    for name in ("celery.worker.consumer.consumer", "celery.app.trace", "kombu"):
        fail(name, error, wrapper)

    assert len(log.lines) == 1


def test_a_worker_that_connects_again_and_again_says_so_once(log: Log) -> None:
    consumer = logging.getLogger("celery.worker.consumer.consumer")
    for _ in range(5):
        consumer.error("Cannot connect to %s: %s.\n%s", "redis://", GONE, "Again")

    assert len(log.lines) == 1
    assert "error=ConnectionError" in log.lines[0]


def test_a_rabbitmq_that_is_away_is_one_line_of_its_worker(log: Log) -> None:
    consumer = logging.getLogger("celery.worker.consumer.consumer")
    refused = ConnectionRefusedError(111, "Connection refused")
    for seconds in (2, 4, 6):
        consumer.error("Cannot connect: %s. Again in %d seconds", refused, seconds)
    fail("celery.worker", ConnectionForced("(0, 0): (320) CONNECTION_FORCED"))
    # A task that ends meanwhile cannot be acknowledged, and is delivered again.
    fail("celery.worker.request", SSLEOFError(8, "EOF occurred"))
    # The loop that it waited in writes once more to the connection that has ended.
    fail("celery.worker.loops", OSError("Server unexpectedly closed connection"))
    fail("somebody.else", refused)

    begins, other = log.lines[0], log.lines[1:]
    assert "outage begins part=broker error=ConnectionRefusedError" in begins
    assert not any("outage" in line for line in other)
    assert "somebody.else" in other[0]


def test_what_is_not_published_is_part_of_the_outage(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoBroker:
        def send_task(self, *_args: Any, **_options: Any) -> None:
            raise BrokerError("nobody listens")

        connection_for_write = send_task

    monkeypatch.setattr(queue, "current_app", NoBroker())
    for _ in range(3):
        assert not queue.send("sweep")
        assert queue.waiting("sync") is None

    (line,) = log.lines
    assert "outage begins part=broker: not published task=sweep" in line


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("connection refused"),
        psycopg.errors.AdminShutdown("terminating connection"),
        psycopg.errors.DiskFull("could not extend file"),
        psycopg.InterfaceError("the connection is closed"),
    ],
)
def test_a_database_that_is_away_is_one_line_in_the_web(
    log: Log, clock: Clock, error: Exception
) -> None:
    for _ in range(3):
        fail("django.request", error, OperationalError("away"))
    connection_created.send(sender=None, connection=connection)
    assert len(log.lines) == 1

    clock.now += 31
    connection_created.send(sender=None, connection=connection)

    assert "outage over part=database seconds=1 held_back=2" in log.lines[1]


def test_a_full_disk_is_one_line() -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    outer = OperationalError("database or disk is full")
    outer.__cause__ = full
    record = logging.makeLogRecord({"exc_info": (type(outer), outer, None)})

    assert outages.part_of(record) == "database"


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UndefinedTable("no such table"),
        psycopg.errors.DeadlockDetected("deadlock"),
        psycopg.errors.UniqueViolation("twice"),
    ],
)
def test_a_statement_that_fails_is_no_outage_and_keeps_its_traceback(
    log: Log, error: Exception
) -> None:
    for _ in range(2):
        fail("django.request", error, OperationalError("in our statement"))

    assert log.text.count("direct cause") == 2
    assert "outage" not in log.text


def test_a_mistake_that_happens_during_an_outage_is_not_lost(log: Log) -> None:
    fail("celery.beat", GONE)
    try:
        try:
            raise GONE
        except redis.exceptions.ConnectionError:
            {}["handler"]
    except KeyError:
        logging.getLogger("celery.app.trace").exception("Task failed")
    logging.getLogger("celery.beat").error("something else")
    logging.getLogger("integrations.x").warning("not stored connection=%s", 7)

    assert "KeyError" in log.text
    assert "something else" in log.text
    assert "not stored connection=7" in log.text


def test_our_own_words_are_kept_without_the_traceback(log: Log) -> None:
    gone = psycopg.OperationalError("server closed the connection")
    for number in range(3):
        error = OperationalError("away")
        error.__cause__ = gone
        services = logging.getLogger("integrations.services")
        services.error("kept %s", number, exc_info=error)

    assert [f"kept {number}" in log.lines[number] for number in range(3)] == [True] * 3
    assert "Traceback" not in log.text
    assert "error=OperationalError" in log.lines[2]


def test_an_outage_hours_after_another_is_another(log: Log, clock: Clock) -> None:
    fail("celery.beat", GONE)
    clock.now += 3 * 3600
    fail("celery.beat", GONE)

    assert len(log.lines) == 2


def test_an_error_a_moment_ago_is_no_end(log: Log) -> None:
    fail("celery.beat", GONE)
    signals.after_task_publish.send(sender="sweep")
    fail("celery.beat", GONE)

    assert len(log.lines) == 1


def test_whoever_looks_for_a_fault_sees_everything() -> None:
    with Log("DEBUG") as log:
        fail("celery.beat", GONE)
        fail("celery.beat", GONE)

    assert log.text.count("  | redis.exceptions.ConnectionError") == 2

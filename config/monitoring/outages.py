"""Outages in the log: said once when they begin and once when they are over.

While the broker or the database is away, libraries log a traceback for everything
that they try. Each process says the outage once instead, and once a minute that it goes
on; LOG_LEVEL=DEBUG shows all.
"""

import logging
import math
import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

from amqp.exceptions import AMQPError
from celery import signals
from celery.beat import SchedulingError
from django.db.backends.signals import connection_created
from django.db.utils import Error as DatabaseError
from kombu.exceptions import OperationalError as BrokerError
from msgspec import Struct
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    OutOfMemoryError,
    ReadOnlyError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)

from integrations.http.observability.redaction import one_line

logger = logging.getLogger(__name__)

BROKER, DATABASE = "broker", "database"
# Those that only repeat what is known; ours say what became of the work as well.
REPETITIVE: Final = ("celery", "django", "gunicorn", "kombu")
# A broker that took a message works. That a connection to a database was made says
# less: its disk may still be full, so some time without an error must have passed.
QUIET_SECONDS: Final = {BROKER: 1.0, DATABASE: 30.0}
# Nobody may have tried since, so what comes so much later is another outage.
FORGOTTEN_SECONDS: Final = 600.0
SAID_AGAIN_SECONDS: Final = 60.0
# What takes messages, and acknowledges them; what a worker asks besides is asked by
# modules of other names.
CONSUMERS: Final = tuple(
    f"celery.worker.{each}" for each in ("consumer", "loops", "request")
)
BROKER_ERRORS: Final = (
    AMQPError,
    BrokerError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisConnectionError,
    RedisTimeoutError,
)
# Read only, disk trouble, disk full, cannot open.
SQLITE_CODES: Final = {8, 10, 13, 14}
# Another writer has it: busy, locked; and a lock that PostgreSQL did not get in time.
BUSY_SQLITE_CODES: Final = {5, 6}
BUSY_POSTGRESQL_STATE: Final = "55P03"
# Connection lost, out of resources, shutting down, read only.
POSTGRESQL_STATES: Final = ("08", "53", "57P", "25006")


class Outage(Struct, kw_only=True):
    """One outage of a server, as one process has seen it."""

    level: int
    began: float
    failed: float
    said: float
    held_back: int = 0


class Outages:
    """Outages that this process is in, by the name of the server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, Outage] = {}

    def note(self, part: str, level: int) -> Outage | None:
        """Note one more failure; return the outage that it belongs to, None if new."""
        now = self._clock()
        known = self._open.get(part)
        if known is None or now - known.failed > FORGOTTEN_SECONDS:
            self._open[part] = Outage(level=level, began=now, failed=now, said=now)
            return None
        known.failed = now
        return known

    def is_to_be_said_again(self, known: Outage) -> bool:
        """Tell whether nothing was said of an outage for a minute; then it is now."""
        now = self._clock()
        if now - known.said < SAID_AGAIN_SECONDS:
            return False
        known.said = now
        return True

    def end(self, part: str) -> None:
        """End an outage, if there is one that has not failed a moment ago."""
        known = self._open.get(part)
        if known is None or self._clock() - known.failed < QUIET_SECONDS[part]:
            return
        self._open.pop(part, None)
        logger.log(
            known.level,
            "outage over part=%s seconds=%d held_back=%d",
            part,
            max(1, math.ceil(known.failed - known.began)),
            known.held_back,
        )


class OutageFilter(logging.Filter):
    """Say an outage once; hold back what repeats it, and nothing else."""

    def __init__(self, outages: Outages | None = None) -> None:
        super().__init__()
        self._outages = outages or OUTAGES

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written; it may lose its traceback."""
        part = part_of(record)
        if part is None:
            return True
        known = self._outages.note(part, record.levelno)
        if known is not None and _is_repetitive(record):
            known.held_back += 1
            return self._outages.is_to_be_said_again(known) and _remind(
                record, part, known
            )
        _shorten(record, begins="" if known else part)
        return True


OUTAGES: Final = Outages()


def part_of(record: logging.LogRecord) -> str | None:
    """Return which server's outage a record tells of, None for anything else.

    A record says it itself (``extra={"part": …}``) or by the error it carries.
    """
    marked = getattr(record, "part", None)
    if marked:
        return str(marked)
    error = _error_of(record)
    # RabbitMQ's library raises what the socket does.
    if isinstance(error, OSError) and record.name.startswith(CONSUMERS):
        return BROKER
    return _part_of_error(error)


def _error_of(record: logging.LogRecord) -> BaseException | None:
    if record.exc_info and record.exc_info[1]:
        return record.exc_info[1]
    given = record.args if isinstance(record.args, tuple) else ()
    return next((each for each in given if isinstance(each, BaseException)), None)


def _part_of_error(error: BaseException | None) -> str | None:
    """Return the server whose outage is the cause; what happened besides is no cause.

    beat alone raises its own error without naming the cause.
    """
    while error is not None:
        if isinstance(error, BROKER_ERRORS):
            return BROKER
        if isinstance(error, DatabaseError):
            return DATABASE if _is_away(error.__cause__) else None
        is_beats = isinstance(error, SchedulingError)
        error = error.__context__ if is_beats else error.__cause__
    return None


def _is_away(error: Any) -> bool:
    """Tell a database that does not work from a statement that does not."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_CODES
    state = getattr(error, "sqlstate", None)
    if state is None:
        # The server was never asked, or its answer never came.
        return type(error).__name__ in {"OperationalError", "InterfaceError"}
    return bool(state.startswith(POSTGRESQL_STATES))


def is_busy(error: BaseException | None) -> bool:
    """Tell whether an error comes of a database that another writer keeps busy."""
    while error is not None:
        if isinstance(error, sqlite3.Error):
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            return code in BUSY_SQLITE_CODES
        if getattr(error, "sqlstate", None) == BUSY_POSTGRESQL_STATE:
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_repetitive(record: logging.LogRecord) -> bool:
    return hasattr(record, "part") or record.name.startswith(REPETITIVE)


def _shorten(record: logging.LogRecord, *, begins: str) -> None:
    """Put a record into one line, which says that an outage begins with it."""
    error = _error_of(record)
    said = one_line(record.getMessage().partition("\n")[0])
    record.exc_info = record.exc_text = record.stack_info = None
    cause = f" error={type(error).__name__}" if error else ""
    if begins:
        record.msg = "outage begins part=%s%s: %s"
        record.args = (begins, cause, said)
    else:
        record.msg, record.args = "%s%s", (said, cause)


def _remind(record: logging.LogRecord, part: str, known: Outage) -> bool:
    """Put in the place of a record that the outage goes on."""
    record.exc_info = record.exc_text = record.stack_info = None
    record.msg = "outage goes on part=%s seconds=%d held_back=%d"
    seconds = max(1, math.ceil(known.failed - known.began))
    record.args = (part, seconds, known.held_back)
    return True


def listen() -> None:
    """Listen for what proves that a server works again."""
    for proof in (
        signals.after_task_publish,
        signals.task_received,
        signals.worker_ready,
    ):
        proof.connect(_broker_works)
    connection_created.connect(_database_answers)


def _broker_works(**_kwargs: Any) -> None:
    OUTAGES.end(BROKER)


def _database_answers(**_kwargs: Any) -> None:
    OUTAGES.end(DATABASE)

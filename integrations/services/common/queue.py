"""Task queue: publish by name; a broker that is down never fails a request."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

from celery import current_app
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Longer waits are rows with a due time; the sweeper brings them back.
LONGEST_COUNTDOWN_SECONDS = 60.0
# The log says an outage once, not with everything that is not published.
OUTAGE = {"part": "broker"}


def send(task: str, *ids: object, countdown: float = 0.0, expires: float = 0.0) -> bool:
    """Publish one task of ``integrations.tasks``; say whether the broker took it.

    Inside a transaction it is published after the commit and taken for granted,
    because what it would start is also due by its row. After ``expires`` seconds no
    worker takes it up any more.
    """
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: _publish(task, ids, countdown, expires))
        return True
    return _publish(task, ids, countdown, expires)


def send_all(task: str, ids: Iterable[object], *, expires: float = 0.0) -> int:
    """Publish a task for each id until the broker fails; return how many it took."""
    sent = takewhile(lambda each: send(task, each, expires=expires), ids)
    return sum(1 for _ in sent)


@contextmanager
def connected() -> Iterator[Connection]:
    """Connect to the broker; raise OperationalError or OSError soon where it is away.

    kombu would otherwise try again after two seconds.
    """
    with current_app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=1, interval_start=0)
        yield connection


def waiting(name: str) -> int | None:
    """Return how many messages a queue holds; None when the broker is away."""
    try:
        with connected() as connection:
            return _length(connection, name)
    except (OperationalError, OSError) as exc:
        error = type(exc).__name__
        logger.warning("not counted queue=%s error=%s", name, error, extra=OUTAGE)
        return None


def _length(connection: Connection, name: str) -> int:
    channel: Any = connection.default_channel
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except connection.channel_errors:
        # An empty queue does not exist in Redis.
        return 0


def _publish(
    task: str, ids: tuple[object, ...], countdown: float, expires: float
) -> bool:
    try:
        current_app.send_task(
            f"integrations.tasks.{task}",
            args=[str(value) for value in ids],
            countdown=countdown or None,
            expires=expires or None,
        )
    except (OperationalError, OSError) as exc:
        error = type(exc).__name__
        logger.warning("not published task=%s error=%s", task, error, extra=OUTAGE)
        return False
    return True

"""Hand work to the workers by name; a broker that is away never fails a request."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Longer waits are rows with a due time; the sweeper brings them back.
LONGEST_COUNTDOWN_SECONDS = 60.0


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
        logger.warning("not published task=%s error=%s", task, type(exc).__name__)
        return False
    return True

"""What waits to be sent from a connection: its edits, and the rows of its imports."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from integrations.models import Connection, Edit, Import, ImportRow
from integrations.services.items.lists.counting import count_each
from integrations.services.writing.delivering import dispatch
from integrations.services.writing.imports import jobs
from integrations.services.writing.undo import discarding


def count(connection: Connection) -> int:
    """Return how many changes of a connection are not saved yet."""
    return sum(each.number for each in count_each(unsaved(connection)))


def count_sought(connection: Connection) -> int:
    """Return how many were discarded and may have arrived, which is not known yet."""
    return sought(connection).count()


def unsaved(connection: Connection) -> tuple[QuerySet[Any], ...]:
    """Return the edits of a connection that are not saved yet, and rows of imports."""
    rows = ImportRow.objects.filter(
        source__connection=connection,
        source__state=Import.State.RUNNING,
        state__in=ImportRow.TO_SEND,
    )
    return connection.edits.open().filter(cancelled_at__isnull=True), rows


def sought(connection: Connection) -> QuerySet[Edit]:
    """Return what was discarded and may have arrived, which is not known yet."""
    return connection.edits.open().filter(cancelled_at__isnull=False)


def wake(connection: Connection) -> None:
    """Have all that waits in a connection tried now: it has been renewed or resumed."""
    dispatch.wake(connection)
    jobs.wake(connection)


def discard(connection: Connection, *, user: User | None) -> int:
    """Discard all that is not sent yet; return how many edits that were.

    Imports are cancelled first, so that no row becomes an edit after it.
    """
    jobs.cancel_all(connection, user=user)
    return discarding.discard_waiting(connection, user=user)

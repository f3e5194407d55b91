"""What holds edits up, and the way on: for one edit, a bulk edit and an import."""

from datetime import datetime

from django.utils import timezone
from msgspec import Struct

from integrations.models import Collection, Connection
from integrations.models.messages import wording
from integrations.models.writing.edit import EditQuerySet
from integrations.services.writing import editing


class Wait(Struct, frozen=True, kw_only=True):
    """Why edits are not sent now, by code and in words; until when, if that is known.

    What only their user can change has the address where that is done.
    """

    code: str
    text: str
    url: str = ""
    until: datetime | None = None


def held(collection: Collection, *, is_read_only: bool = False) -> Wait | None:
    """Return what a collection's edits wait for that only their user can change.

    Those that are only looked for need no permission to write.
    """
    connection, code = collection.connection, ""
    provider = connection.provider_name
    if not connection.is_editing and not is_read_only:
        code, text = "editing_off", "editing is switched off for this connection"
    elif connection.state == Connection.State.PAUSED:
        code, text = "paused", "the connection is paused"
    elif not connection.is_connected:
        code, text = "disconnected", "the connection is disconnected"
    elif not connection.is_syncable:
        code, text = "not_connected", "the connection has to be renewed"
    elif not is_read_only and not editing.can_write(collection):
        code, text = "no_permission", f"{provider} has to permit changes first"
    if not code:
        return None
    page = f"{connection.get_absolute_url()}#editing"
    return Wait(code=code, text=f"It waits: {text}.", url=page)


def wait_of_many(
    edits: EditQuerySet, collection: Collection, *, is_read_only: bool = False
) -> Wait | None:
    """Return what many edits wait for; None while a worker is on them."""
    if (told := held(collection, is_read_only=is_read_only)) is not None:
        return told
    left = edits.open()
    if left.filter(lease_id__isnull=False).exists():
        return None
    later = left.filter(due_at__gt=timezone.now()).exclude(reason="")
    first = later.order_by("due_at").first()
    if first is None or first.why is None:
        return None
    why = wording.reason_text(first.why, collection.connection.provider)
    return Wait(code=first.why.code, text=f"It waits: {why}.", until=first.due_at)

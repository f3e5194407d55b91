"""The audit trail of edits: what became of each, until their values are forgotten."""

from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Q

from integrations.models import AuditEvent, Connection, Edit
from integrations.services.common import audit

# Events of the trail whose values are deleted by one statement.
FORGOTTEN_AT_ONCE: Final = 500


def forget(connection: Connection) -> None:
    """Delete a connection's edits and imports, and their values from the trail."""
    # The trail is kept for longer than the edits that it tells of.
    trail = AuditEvent.objects.filter(
        Q(event__startswith="edit.") | Q(event__startswith="bulk_edit."),
        facts__connection=str(connection.pk),
    )
    keys = list(trail.order_by().values_list("pk", flat=True))
    for start in range(0, len(keys), FORGOTTEN_AT_ONCE):
        told = keys[start : start + FORGOTTEN_AT_ONCE]
        AuditEvent.objects.filter(pk__in=told).update(facts={})
    connection.imports.all().delete()
    connection.edits.all().delete()
    connection.bulk_edits.all().delete()


def record(event: str, edit: Edit, *, user: User | None = None, **facts: Any) -> None:
    """Write into the audit trail what became of an edit, with its values."""
    audit.record(
        f"edit.{event}",
        user=user or edit.created_by,
        subject=edit.item.uuid if edit.item else edit.uuid,
        connection=str(edit.connection_id),
        edit=str(edit.uuid),
        verb=edit.verb,
        remote_id=edit.remote_id,
        old=edit.base,
        new=edit.values,
        correlation_id=edit.correlation_id,
        **facts,
    )

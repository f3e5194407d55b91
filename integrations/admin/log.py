"""Log every admin action twice: for the admin's history and for the audit trail."""

from typing import cast

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest

from integrations.services import audit


def log_action(request: HttpRequest, row: models.Model, action: str) -> None:
    """Record that a member of staff did something to a row."""
    staff = cast(User, request.user)
    message = f"{action.capitalize()}."
    LogEntry.objects.log_actions(staff.pk, [row], CHANGE, change_message=message)
    audit.record(
        "admin.action",
        user=staff,
        subject=row.pk,
        request=request,
        model=type(row).__name__,
        action=action,
    )

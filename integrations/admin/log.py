"""Log every admin action twice: for the admin's history and for the audit trail."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest

from integrations.services.common import audit
from integrations.services.connections.staff import acting
from integrations.services.connections.staff.acting import Actor


def log_action(request: HttpRequest, row: models.Model, action: str) -> None:
    """Record that a member of staff did something to a row."""
    actor = Actor(user=cast(User, request.user), request=request)
    acting.record(actor, row, action)


class AuditedAdmin(admin.ModelAdmin):
    """Copy what the admin's own history gets to the audit trail, names left out."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list, or raise IncorrectLookupParameters for a NUL.

        PostgreSQL takes none in a text.
        """
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record that a row was added."""
        _audit(request, obj, "add", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        _audit(request, obj, "change", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for row in queryset:
            _audit(request, row, "delete", [])
        return super().log_deletions(request, queryset)


def _audit(request: HttpRequest, row: models.Model, action: str, message: Any) -> None:
    audit.record(
        "admin.action",
        user=cast(User, request.user),
        subject=row.pk,
        request=request,
        model=type(row).__name__,
        action=action,
        detail=message if isinstance(message, list) else str(message),
    )

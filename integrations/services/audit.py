"""Write the audit trail: who did what, when, from where; never a secret."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest

from integrations.models import AuditEvent


def record(
    event: str,
    *,
    user: AbstractBaseUser | AnonymousUser | None = None,
    subject: object = "",
    request: HttpRequest | None = None,
    **facts: Any,
) -> None:
    """Append one event; ``facts`` must be JSON-safe and free of secrets."""
    AuditEvent.objects.create(
        event=event,
        user_id=user.pk if user is not None else None,
        subject=str(subject)[:120],
        address=request.META.get("REMOTE_ADDR") or None if request else None,
        facts=facts,
    )

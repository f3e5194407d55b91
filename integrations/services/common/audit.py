"""Audit trail: who did what, when, from where; never a secret."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
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
        address=client_address(request) if request else None,
        facts=facts,
    )


def client_address(request: HttpRequest) -> str | None:
    """Return where a request came from, through as many proxies as are trusted.

    An event whose address cannot be told is still an event.
    """
    try:
        return str(get_adapter(request).get_client_ip(request))
    except (PermissionDenied, ImproperlyConfigured):
        return None

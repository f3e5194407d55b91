"""Revocations that were given up: who must end the grant at the provider instead."""

import logging
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from integrations.models import Connection, FailedRevocation, PendingRevocation
from integrations.services.common import audit

logger = logging.getLogger(__name__)

# The error of those whose provider has no way to be told.
NOT_OFFERED = "not_offered"


def give_up(pending: PendingRevocation, exc: Exception) -> FailedRevocation:
    """Erase the token for good, and leave a note for its owner and for staff."""
    error = str(getattr(exc, "error", "") or getattr(exc, "code", ""))
    failed = _note(
        pending,
        error=(error or type(exc).__name__)[:100],
        status=getattr(exc, "status", None),
        tries=pending.tries + 1,
    )
    logger.error(
        "revocation given up provider=%s error=%s", failed.provider, failed.error
    )
    return failed


def leave_to_owner(pending: PendingRevocation) -> FailedRevocation:
    """Erase a token whose provider revokes none, and leave a note for its owner."""
    logger.info("revocation not offered provider=%s", pending.provider)
    return _note(pending, error=NOT_OFFERED)


def _note(pending: PendingRevocation, **facts: Any) -> FailedRevocation:
    own = Connection.objects.filter(
        provider=pending.provider,
        remote_id=pending.account_id,
        owner_id=pending.owner_id,
    ).first()
    with transaction.atomic():
        failed = FailedRevocation.objects.create(
            provider=pending.provider,
            account_id=pending.account_id,
            account_name=own.account_name if own else "",
            owner_id=pending.owner_id,
            is_uninstall=pending.is_uninstall,
            **facts,
        )
        audit.record(
            "revocation.given_up",
            user=pending.owner,
            subject=failed.pk,
            provider=failed.provider,
            error=failed.error,
            tries=failed.tries,
        )
        PendingRevocation.objects.filter(pk=pending.pk).delete()
    return failed


def shown_to(user: User) -> QuerySet[FailedRevocation]:
    """Return those of a user, without accounts that are connected once more."""
    connected = Connection.objects.connected().filter(
        provider=OuterRef("provider"),
        remote_id=OuterRef("account_id"),
        owner_id=OuterRef("owner_id"),
    )
    return FailedRevocation.objects.filter(~Exists(connected), owner=user)


def with_note(connections: QuerySet[Connection]) -> QuerySet[Connection]:
    """Annotate whether their owner has any: a list need not ask for none."""
    own = FailedRevocation.objects.filter(owner_id=OuterRef("owner_id"))
    return connections.annotate(owner_has_failed_revocations=Exists(own))


def is_noted(connection: Connection) -> bool:
    """Return what ``with_note`` annotated."""
    return bool(getattr(connection, "owner_has_failed_revocations", False))


def dismiss(failed: FailedRevocation, *, actor: User | None) -> None:
    """Delete one whose grant was ended at the provider; a console has no actor."""
    with transaction.atomic():
        audit.record(
            "revocation.dismissed",
            user=actor,
            subject=failed.pk,
            provider=failed.provider,
        )
        failed.delete()

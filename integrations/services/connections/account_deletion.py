"""Erase a user's account: shut it at once, then delete all that hangs on it."""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from integrations.models import (
    AccountErasure,
    AuditEvent,
    Collection,
    Connection,
    ImportRow,
    OwnValue,
    SuspendedSignInMethod,
    times,
)
from integrations.services.common import audit, queue
from integrations.services.common.database import row_locks
from integrations.services.common.errors import LastAdministratorError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import disconnect
from integrations.services.grants import kept_accounts
from integrations.services.items.storage import store

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 2000
# A sweep shares its worker with refreshes; a task of its own may take longer.
SWEEP_SECONDS, TASK_SECONDS = 3.0, 20.0
CLAIM = timedelta(seconds=60)
ERASED = "erased"


def is_last_administrator(user: User) -> bool:
    """Tell whether nobody could administer the site without this user."""
    if not (user.is_superuser and user.is_staff and user.is_active):
        return False
    all_of_them = User.objects.filter(is_superuser=True, is_staff=True, is_active=True)
    return not all_of_them.exclude(pk=user.pk).exists()


def erase(user: User, *, proof: RecentProof, by_staff: bool = False) -> None:
    """Shut an account for good and begin to erase it.

    When this returns the user is signed out everywhere, cannot come back, and no
    grant of theirs is left here; revoking and deleting go on in the background,
    after any interruption too, because the erasure is a row. Raises
    LastAdministratorError when nobody else could administer the site.
    """
    with transaction.atomic():
        # All of them are locked, or two could leave at once and nobody stay.
        list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk"))
        if is_last_administrator(user):
            raise LastAdministratorError
        AccountErasure.objects.get_or_create(user=user)
        audit.record(
            "account.erasure_begun", user=proof.user, subject=user.pk, by_staff=by_staff
        )
        _shut(user)
        _end_grants(user, actor=proof.user, by_staff=by_staff)
        _blank_admin_history(user)
    queue.send("erase_accounts")


def _shut(user: User) -> None:
    """Take away every way in, and what the row itself says of the user."""
    user.is_active = user.is_staff = user.is_superuser = False
    user.email = user.first_name = user.last_name = ""
    user.username = f"{ERASED}-{uuid4().hex}"
    user.set_unusable_password()
    user.save()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    SuspendedSignInMethod.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()


def _end_grants(user: User, *, actor: User | None, by_staff: bool) -> None:
    for connection in Connection.objects.owned_by(user).connected():
        disconnect.end_grant(
            connection, actor=actor, keep_items=False, by_staff=by_staff
        )


def _blank_admin_history(user: User) -> None:
    """Take the names of the user and of their accounts out of the admin's history."""
    own = Connection.objects.owned_by(user)
    keys = [
        *own.values_list("pk", flat=True),
        *Collection.objects.filter(connection__in=own).values_list("pk", flat=True),
    ]
    LogEntry.objects.filter(
        Q(content_type__model="user", object_id=str(user.pk))
        | Q(object_id__in=[str(key) for key in keys])
    ).update(object_repr=ERASED)


def sweep() -> int:
    """Go on with every erasure for a moment; return how many are left."""
    left = erase_due(seconds=SWEEP_SECONDS)
    if left:
        queue.send("erase_accounts")
    return left


def erase_due(*, seconds: float = TASK_SECONDS) -> int:
    """Delete rows of shut accounts for so long; return how many are left."""
    deadline = time.monotonic() + seconds
    for erasure in AccountErasure.objects.select_related("user").order_by("begun_at"):
        if time.monotonic() >= deadline:
            break
        if _claim(erasure) and not _erase_rows(erasure.user, deadline):
            AccountErasure.objects.filter(pk=erasure.pk).update(
                claimed_until=timezone.now()
            )
    return AccountErasure.objects.count()


def _claim(erasure: AccountErasure) -> bool:
    now = timezone.now()
    free = AccountErasure.objects.filter(
        times.come("claimed_until", now, longest=CLAIM),
        pk=erasure.pk,
    )
    return bool(free.update(claimed_until=now + CLAIM))


def _erase_rows(user: User, deadline: float) -> bool:
    """Delete an account's rows in short transactions; say whether all are gone."""
    # An answer of a provider may have come in while the account was being shut.
    _end_grants(user, actor=None, by_staff=False)
    for connection in Connection.objects.owned_by(user):
        while store.delete_some({"connection": connection}, limit=ROWS_AT_ONCE):
            if time.monotonic() >= deadline:
                return False
        for rows in _rows_of(connection):
            while _delete_some(rows):
                if time.monotonic() >= deadline:
                    return False
        _forget_connection(connection)
    while _delete_some(OwnValue.objects.filter(column__owner=user)):
        if time.monotonic() >= deadline:
            return False
    return _forget_account(user)


def _rows_of(connection: Connection) -> Sequence[QuerySet[Model]]:
    """Return what hangs on a connection beside items, so that all of it goes."""
    return (
        connection.runs.all(),
        connection.refresh_attempts.all(),
        ImportRow.objects.filter(source__connection=connection),
        connection.imports.all(),
        connection.edits.all(),
        connection.bulk_edits.all(),
    )


def _delete_some(rows: QuerySet[Model]) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True)[:ROWS_AT_ONCE])
    rows.filter(pk__in=keys).delete()
    return len(keys)


def _forget_connection(connection: Connection) -> None:
    """Delete a connection, and what the audit trail says of its account."""
    with transaction.atomic():
        row_locks.lock_all(connection)
        if connection.is_moved:
            kept_accounts.note_moved(connection)
        AuditEvent.objects.filter(subject=str(connection.pk)).update(facts={})
        connection.delete()


def _forget_account(user: User) -> bool:
    """Delete the account unless it got a connection in this very moment."""
    with transaction.atomic():
        locked = User.objects.select_for_update().filter(pk=user.pk).first()
        if locked is None:
            return True
        if Connection.objects.owned_by(locked).exists():
            return False
        AuditEvent.objects.filter(user=locked).update(user=None, address=None, facts={})
        audit.record("account.erased", subject=locked.pk)
        locked.delete()
    logger.info("account erased user=%s", user.pk)
    return True

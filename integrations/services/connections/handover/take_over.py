"""Taking over of connections that another server has handed over in a bundle."""

from collections.abc import Mapping
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import Collection, Connection, Credential, SyncRun
from integrations.providers.records import RemoteAccount
from integrations.services.common import audit
from integrations.services.connections import connect, new_grant
from integrations.services.connections.handover.records import (
    HandedOver,
    NotMovedError,
    Result,
)
from integrations.services.grants import kept_accounts
from integrations.services.sync import runs

State = Connection.State
Owners = Mapping[str, User]


def find_owner(record: HandedOver, owners: Owners) -> User:
    """Return who owns a connection here; raise NotMovedError.

    That is whom the operator named for its owner's address, else the one account that
    has proven to have the address, or was made by staff.
    """
    if (named := owners.get(record.owner.casefold())) is not None:
        return named
    found = User.objects.filter(email__iexact=record.owner, is_active=True)
    if not record.owner or not found.exists():
        raise NotMovedError(Result.OWNER_UNKNOWN)
    unproven = EmailAddress.objects.filter(email__iexact=record.owner, verified=False)
    proven = list(found.exclude(pk__in=unproven.values("user"))[:2])
    if len(proven) != 1:
        raise NotMovedError(Result.OWNER_UNPROVEN)
    return proven[0]


def check(record: HandedOver, owners: Owners) -> tuple[User, Connection | None]:
    """Return whose connection it becomes, and the row it has; raise NotMovedError.

    Raised as well, with ``UNCHANGED``, for one that was imported before.
    """
    configured = settings.PROVIDERS.get(record.provider)
    if configured is None or not configured.is_configured:
        raise NotMovedError(Result.PROVIDER_UNKNOWN)
    if configured.is_sandbox != record.is_sandbox:
        raise NotMovedError(Result.PROVIDER_UNKNOWN)
    if configured.client_id != record.client_id:
        raise NotMovedError(Result.CLIENT_DIFFERS)
    same = Connection.objects.filter(
        provider=record.provider,
        remote_id=record.remote_id,
        is_sandbox=record.is_sandbox,
    )
    imported = same.filter(handover=UUID(record.handover)).first()
    if imported is not None:
        raise NotMovedError(_known_before(imported))
    owner = find_owner(record, owners)
    if same.connected().exclude(owner=owner).exists():
        raise NotMovedError(Result.OWNED_BY_OTHER)
    own = same.owned_by(owner).first()
    if own is not None:
        _ensure_older(own, record)
    if (own is None or not own.is_connected) and not connect.has_place(owner):
        raise NotMovedError(Result.TOO_MANY)
    return owner, own


def _known_before(connection: Connection) -> Result:
    if connection.is_connected:
        return Result.UNCHANGED
    return Result.MOVED_FROM_HERE if connection.is_moved else Result.ENDED_SINCE


def _ensure_older(own: Connection, record: HandedOver) -> None:
    if _is_newer(own, record):
        raise NotMovedError(
            Result.NEWER_GRANT if own.is_connected else Result.ENDED_SINCE
        )


def _is_newer(own: Connection, record: HandedOver) -> bool:
    """Tell whether what is here happened after what the record tells of."""
    if not own.is_connected:
        return own.state_since > record.exported_at
    here = Credential.objects.filter(connection=own).first()
    if here is None:
        return False
    if here.issued_at and record.issued_at and here.issued_at != record.issued_at:
        return here.issued_at > record.issued_at
    return here.refreshed_at >= record.refreshed_at


def take_over(record: HandedOver, owners: Owners) -> Connection:
    """Store a connection with its grant and queue its sync; raise NotMovedError."""
    try:
        with transaction.atomic():
            owner, own = check(record, owners)
            connection = _row_for(record, owner, own)
            _store(connection, record, is_new=own is None)
    except IntegrityError as exc:
        # Somebody has connected the account in this very moment.
        raise NotMovedError(Result.OWNED_BY_OTHER) from exc
    if connection.is_syncable:
        trigger = SyncRun.Trigger.CONNECT if own is None else SyncRun.Trigger.RECONNECT
        runs.request_sync(connection, trigger=trigger, full=own is not None)
    return connection


def _row_for(record: HandedOver, owner: User, own: Connection | None) -> Connection:
    if own is not None:
        locked = (
            Connection.objects.select_for_update(no_key=True).filter(pk=own.pk).first()
        )
        if locked is None:
            raise NotMovedError(Result.ENDED_SINCE)
        # Its user may have connected or ended it since it was looked at.
        _ensure_older(locked, record)
        return locked
    connection = Connection(
        owner=owner,
        provider=record.provider,
        remote_id=record.remote_id,
        is_sandbox=record.is_sandbox,
        generation=0,
    )
    key = UUID(record.connection)
    # Its pages keep their addresses, unless another row has the id.
    if not Connection.objects.filter(pk=key).exists():
        connection.pk = key
    return connection


def _store(connection: Connection, record: HandedOver, *, is_new: bool) -> None:
    now = timezone.now()
    kept_accounts.forget_moved(connection)
    connection.handover = UUID(record.handover)
    connection.paused_before_handover = None
    connection.label, connection.plan = record.label[:120], record.plan[:40]
    connection.is_editing = record.is_editing
    connection.sync_interval_minutes = record.sync_interval_minutes
    connection.full_refresh_hours = record.full_refresh_hours
    connection.calls_on = record.calls_day
    connection.calls_this_month = record.calls_this_month
    connection.account = dict(record.account)
    account = RemoteAccount(remote_id=record.remote_id, name=record.account_name)
    issued_at = record.issued_at or record.refreshed_at
    new_grant.store(connection, record.tokens(now), account, issued_at, is_new=is_new)
    if record.paused:
        connection.state, connection.reason = State.PAUSED, record.paused
        connection.save(update_fields=["state", "reason"])
    for each in record.left_out:
        Collection.objects.get_or_create(
            connection=connection,
            remote_id=each.remote_id,
            defaults={
                "name": each.name,
                "item_type": each.item_type,
                "is_selected": False,
            },
        )
    audit.record(
        "connection.imported",
        user=connection.owner,
        subject=connection.pk,
        provider=connection.provider,
        account=connection.remote_id,
        handover=record.handover,
    )

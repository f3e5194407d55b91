"""Make, pause and resume connections; every rule about whose they are."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import Connection, Credential, SyncRun, times
from integrations.models.collection import Completeness
from integrations.models.reasons import ReasonCode, columns
from integrations.oauth.tokens import TokenSet
from integrations.providers import CONNECTORS, SPECS
from integrations.providers.records import RemoteAccount
from integrations.services.common import audit, crypto
from integrations.services.common.errors import (
    OwnedBySomeoneElseError,
    TooManyConnectionsError,
)
from integrations.services.connections import quota
from integrations.services.grants import credentials, revocation, token_cache
from integrations.services.sync import runs
from integrations.services.writing import outbox

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Connected:
    """The connection that a new grant belongs to, and whether it is a new one."""

    connection: Connection
    is_new: bool
    delivered: bool


def connect(
    *,
    user: User,
    provider: str,
    tokens: TokenSet,
    account: RemoteAccount,
    plan: str = "",
    issued_at: datetime | None = None,
) -> Connected:
    """Store a new grant, sealed, and queue its first sync after the commit.

    A user who connects the same account again keeps the row, the items and the
    history, and starts a new generation. ``plan`` is the provider's plan that the
    user says a new one has. ``issued_at`` is when the provider answered with the
    grant: a newer one of the same user is kept, and this one given back. With nothing
    changed, raises OwnedBySomeoneElseError when the account is somebody else's here,
    and TooManyConnectionsError.
    """
    is_sandbox = settings.PROVIDERS[provider].is_sandbox
    issued_at = issued_at or timezone.now()
    same = Connection.objects.filter(
        provider=provider, remote_id=account.remote_id, is_sandbox=is_sandbox
    )
    try:
        with transaction.atomic():
            connection, is_new = _row_for(
                user, provider, account, is_sandbox=is_sandbox
            )
            if not is_new and _has_newer_grant(connection, issued_at):
                return _keep_newer(connection, tokens)
            if is_new:
                quota.begin(connection, plan)
            _store_grant(connection, tokens, account, issued_at, is_new=is_new)
            _remember_social_account(connection)
            runs.cancel_open(connection, ReasonCode.RECONNECTED)
            audit.record(
                "connection.connected" if is_new else "connection.reconnected",
                user=user,
                subject=connection.pk,
                provider=provider,
                account=account.remote_id,
            )
    except IntegrityError as exc:
        if is_new and same.owned_by(user).exists():
            # Two consents at once for a new account: the other one made its row.
            return connect(
                user=user,
                provider=provider,
                tokens=tokens,
                account=account,
                issued_at=issued_at,
            )
        raise OwnedBySomeoneElseError(provider) from exc
    triggers = SyncRun.Trigger
    trigger = triggers.CONNECT if is_new else triggers.RECONNECT
    # A new consent may have opened, or closed, anything: look at all of it again.
    request = runs.request_sync(
        connection,
        trigger=trigger,
        full=not is_new,
        wait=CONNECTORS[provider].usual_share_lag,
    )
    outbox.wake(connection)
    return Connected(connection=connection, is_new=is_new, delivered=request.delivered)


def _has_newer_grant(connection: Connection, issued_at: datetime) -> bool:
    """Tell whether the stored grant was issued after another one."""
    stored = Credential.objects.filter(connection=connection).first()
    if stored is None or stored.issued_at is None or not connection.is_connected:
        return False
    # A clock that was ahead has dated it: nobody knows which is newer.
    is_unknown = times.is_ahead(stored.issued_at, timezone.now())
    return stored.issued_at > issued_at and not is_unknown


def _keep_newer(connection: Connection, tokens: TokenSet) -> Connected:
    """Give the older of two grants back; the connection has the newer one."""
    provider, account_id = connection.provider, connection.remote_id
    owner_id = connection.owner_id
    revocation.give_back(provider, tokens, account_id=account_id, owner_id=owner_id)
    logger.info("older grant not stored connection=%s", connection.pk)
    return Connected(connection=connection, is_new=False, delivered=True)


def _row_for(
    user: User, provider: str, account: RemoteAccount, *, is_sandbox: bool
) -> tuple[Connection, bool]:
    """Look first whose the account is, and touch nothing that is not this user's."""
    same = Connection.objects.filter(
        provider=provider, remote_id=account.remote_id, is_sandbox=is_sandbox
    )
    if same.connected().exclude(owner=user).exists():
        raise OwnedBySomeoneElseError(provider)
    own = same.owned_by(user).select_for_update().first()
    if own is None or not own.is_connected:
        _ensure_place(user)
    if own is not None:
        return own, False
    connection = Connection(
        owner=user,
        provider=provider,
        remote_id=account.remote_id,
        is_sandbox=is_sandbox,
        account_name=account.name[:255],
    )
    connection.generation = 0
    return connection, True


def has_place(user: User) -> bool:
    """Tell whether a user may have one connection more."""
    used = Connection.objects.connected().owned_by(user).count()
    return used < settings.MAX_CONNECTIONS_PER_USER


def _ensure_place(user: User) -> None:
    # Two callbacks at once must not both take the last place.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not has_place(user):
        raise TooManyConnectionsError


def _store_grant(
    connection: Connection,
    tokens: TokenSet,
    account: RemoteAccount,
    issued_at: datetime,
    *,
    is_new: bool,
) -> None:
    now = timezone.now()
    connection.generation += 1
    connection.account_name = account.name[:255]
    # What the provider could not say today is not taken for empty.
    told = {key: value for key, value in account.details.items() if value != ""}
    connection.account = {**connection.account, **told}
    scopes = account.scopes if account.scopes is not None else tokens.scopes
    if scopes is not None:
        connection.granted_scopes = list(scopes)
    connection.state, connection.reason = Connection.State.ACTIVE, ""
    connection.state_since = now
    connection.notified_at = connection.discovered_at = None
    connection.reconnected_at = None if is_new else now
    connection.next_sync_at = now
    connection.retry_at, connection.failed_syncs = None, 0
    connection.save()
    # What was out of reach may be in reach now.
    connection.collections.filter(completeness=Completeness.NO_PERMISSION).update(
        completeness=Completeness.PENDING, before_refusal=None, **columns(None)
    )
    _seal_credential(connection, tokens, issued_at)


def _seal_credential(
    connection: Connection, tokens: TokenSet, issued_at: datetime
) -> None:
    columns: dict[str, Any] = {
        "issued_at": issued_at,
        "refresh_token": "",
        "fingerprint": "",
        "refresh_expires_at": None,
        **credentials.seal_tokens(
            tokens,
            connection_id=connection.pk,
            generation=connection.generation,
            now=timezone.now(),
            keep_alive=SPECS[connection.provider].keep_alive,
        ),
    }
    old = Credential.objects.filter(connection=connection).first()
    version = old.version + 1 if old else 1
    Credential.objects.update_or_create(
        connection=connection,
        defaults={
            **columns,
            "generation": connection.generation,
            "version": version,
        },
    )
    if old:
        _give_back_replaced(old, connection)
        stale = (old.generation, old.version)
        transaction.on_commit(lambda: token_cache.forget(connection.pk, *stale))


def _give_back_replaced(old: Credential, connection: Connection) -> None:
    """Give back the grant that a new one replaces, where the two are independent."""
    try:
        replaced = TokenSet(
            access_token=credentials.open_access(old).secret,
            refresh_token=credentials.open_refresh(old),
        )
    except crypto.CryptoError:
        logger.warning("unreadable grant replaced connection=%s", connection.pk)
        return
    revocation.give_back(
        connection.provider,
        replaced,
        account_id=connection.remote_id,
        owner_id=connection.owner_id,
    )


def _remember_social_account(connection: Connection) -> None:
    """Store allauth's own row for the link: an identity, never a token."""
    if connection.is_sandbox:
        return
    SocialAccount.objects.update_or_create(
        provider=connection.provider,
        uid=connection.remote_id,
        defaults={
            "user_id": connection.owner_id,
            "extra_data": {"name": connection.account_name},
        },
    )

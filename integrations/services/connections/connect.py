"""Make, pause and resume connections; every rule about whose they are."""

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from msgspec import Struct

from integrations.models import Connection, Credential, SyncRun, times
from integrations.models.connection import ConnectionQuerySet
from integrations.models.reasons import ReasonCode
from integrations.oauth.tokens import TokenSet
from integrations.providers import CONNECTORS
from integrations.providers.records import RemoteAccount
from integrations.providers.typed.values import MAX_NAME, cut
from integrations.services.common import audit
from integrations.services.common.errors import (
    OwnedBySomeoneElseError,
    TooManyConnectionsError,
)
from integrations.services.connections import new_grant, quota
from integrations.services.grants import revocation
from integrations.services.sync import runs
from integrations.services.writing import waiting

logger = logging.getLogger(__name__)


class Connected(Struct, frozen=True, kw_only=True):
    """The connection that a new grant belongs to, and whether it is a new one.

    One that ``was_readable`` is another consent for what could be read before; by it
    scopes are ``gained`` and ``lost``. A grant that ``is_older`` than the one in use
    was given back.
    """

    connection: Connection
    is_new: bool
    delivered: bool
    was_readable: bool
    gained: AbstractSet[str] = frozenset()
    lost: AbstractSet[str] = frozenset()
    is_older: bool = False


class _Stored(Struct, frozen=True, kw_only=True):
    """The connection of a new grant, and whether that reads what the old one did."""

    connection: Connection
    is_new: bool
    shows_the_same: bool
    was_readable: bool
    scopes_before: AbstractSet[str]


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
    history, and starts a new generation; with the scopes of before its syncs go on
    where they were, or else everything is read again. ``plan`` is the provider's plan
    that the user says a new one has. ``issued_at`` is when the provider answered with
    the grant: a newer one of the same user is kept, and this one given back. With
    nothing changed, raises OwnedBySomeoneElseError when the account is somebody else's
    here, and TooManyConnectionsError.
    """
    store = partial(
        _store,
        user=user,
        provider=provider,
        tokens=tokens,
        account=account,
        plan=plan,
        issued_at=issued_at or timezone.now(),
    )
    stored = _store_beside_another(store, provider)
    if stored is None:
        return _keep_newer(same_account(provider, account).get(owner=user), tokens)
    trigger = SyncRun.Trigger.CONNECT if stored.is_new else SyncRun.Trigger.RECONNECT
    request = runs.request_sync(
        stored.connection,
        trigger=trigger,
        full=not (stored.is_new or stored.shows_the_same),
        wait=CONNECTORS[provider].usual_share_lag,
    )
    waiting.wake(stored.connection)
    scopes = set(stored.connection.granted_scopes)
    return Connected(
        connection=stored.connection,
        is_new=stored.is_new,
        delivered=request.delivered,
        was_readable=stored.was_readable,
        gained=scopes - stored.scopes_before,
        lost=stored.scopes_before - scopes,
    )


def _store_beside_another(
    store: Callable[[], _Stored | None], provider: str
) -> _Stored | None:
    """Store a grant, once more where another consent for the account came first."""
    try:
        return store()
    except IntegrityError:
        # Two consents at once for one account: the other one has made its row by now.
        try:
            return store()
        except IntegrityError as exc:
            raise OwnedBySomeoneElseError(provider) from exc


@transaction.atomic
def _store(
    *,
    user: User,
    provider: str,
    tokens: TokenSet,
    account: RemoteAccount,
    plan: str,
    issued_at: datetime,
) -> _Stored | None:
    """Store the grant in its row, or nothing where the row has a newer one."""
    connection, is_new = _row_for(user, provider, account)
    if not is_new and _has_newer_grant(connection, issued_at):
        return None
    if is_new:
        quota.begin(connection, plan)
    was_readable = not is_new and connection.is_syncable
    scopes_before = frozenset(connection.granted_scopes)
    has_same_scopes = new_grant.store(
        connection, tokens, account, issued_at, is_new=is_new
    )
    runs.cancel_open(connection, ReasonCode.RECONNECTED)
    audit.record(
        "connection.connected" if is_new else "connection.reconnected",
        user=user,
        subject=connection.pk,
        provider=provider,
        account=account.remote_id,
    )
    # Where each consent shares single items, it may show and hide any of them.
    shows_the_same = has_same_scopes and not CONNECTORS[provider].longest_share_lag
    return _Stored(
        connection=connection,
        is_new=is_new,
        shows_the_same=shows_the_same,
        was_readable=was_readable,
        scopes_before=scopes_before,
    )


def same_account(provider: str, account: RemoteAccount) -> ConnectionQuerySet:
    """Select the connections of one account, whosever they are."""
    return Connection.objects.filter(
        provider=provider,
        remote_id=account.remote_id,
        is_sandbox=settings.PROVIDERS[provider].is_sandbox,
    )


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
    revocation.revoke_unstored(
        provider, tokens, account_id=account_id, owner_id=owner_id
    )
    logger.info("older grant not stored connection=%s", connection.pk)
    return Connected(
        connection=connection,
        is_new=False,
        delivered=True,
        was_readable=True,
        is_older=True,
    )


def _row_for(
    user: User, provider: str, account: RemoteAccount
) -> tuple[Connection, bool]:
    """Look first whose the account is, and touch nothing that is not this user's."""
    same = same_account(provider, account)
    if same.connected().exclude(owner=user).exists():
        raise OwnedBySomeoneElseError(provider)
    own = same.owned_by(user).select_for_update(no_key=True).first()
    if own is None or not own.is_connected:
        _ensure_place(user)
    if own is not None:
        return own, False
    connection = Connection(
        owner=user,
        provider=provider,
        remote_id=account.remote_id,
        is_sandbox=settings.PROVIDERS[provider].is_sandbox,
        account_name=cut(account.name, MAX_NAME),
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

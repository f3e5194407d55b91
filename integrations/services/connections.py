"""Make, pause, resume and end connections; every rule about whose they are."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import Collection, Connection, Credential
from integrations.oauth.tokens import TokenSet
from integrations.providers import CONNECTORS, SPECS
from integrations.providers.abilities import SharesLate
from integrations.providers.records import RemoteAccount
from integrations.services import (
    audit,
    credentials,
    crypto,
    items,
    queue,
    revocations,
    runs,
    token_cache,
)
from integrations.services.errors import OwnedBySomeoneElseError

logger = logging.getLogger(__name__)

States = Connection.State
# Up to this many items are deleted while the person waits; the rest by a worker.
DELETED_AT_ONCE = 2000


@dataclass(frozen=True, kw_only=True)
class Connected:
    """Say which connection a new grant belongs to, and whether it is a new one."""

    connection: Connection
    is_new: bool
    delivered: bool


def connect(
    *, user: User, provider: str, tokens: TokenSet, account: RemoteAccount
) -> Connected:
    """Store a new grant, sealed, and queue its first sync after the commit.

    A person who connects the same account again keeps the row, the items and the
    history, and starts a new generation. Raises OwnedBySomeoneElseError, with
    nothing changed, when the account belongs to somebody else here.
    """
    is_sandbox = settings.PROVIDERS[provider].is_sandbox
    try:
        with transaction.atomic():
            connection, is_new = _row_for(
                user, provider, account, is_sandbox=is_sandbox
            )
            _store_grant(connection, tokens, account, is_new=is_new)
            _remember_social_account(connection)
            runs.cancel_open(connection, "the connection was renewed")
            audit.record(
                "connection.connected" if is_new else "connection.reconnected",
                user=user,
                subject=connection.pk,
                provider=provider,
                account=account.remote_id,
            )
    except IntegrityError as exc:
        raise OwnedBySomeoneElseError(provider) from exc
    trigger = "connect" if is_new else "reconnect"
    # A new consent may have opened, or closed, anything: look at all of it again.
    request = runs.request_sync(
        connection, trigger=trigger, full=not is_new, wait=_share_lag(provider)
    )
    return Connected(connection=connection, is_new=is_new, delivered=request.delivered)


def _share_lag(provider: str) -> timedelta:
    """Return how long a listing usually takes to know what a new grant may see."""
    connector = CONNECTORS[provider]
    if isinstance(connector, SharesLate):
        return connector.usual_share_lag
    return timedelta()


def _row_for(
    user: User, provider: str, account: RemoteAccount, *, is_sandbox: bool
) -> tuple[Connection, bool]:
    """Look first whose the account is, and touch nothing that is not this person's."""
    same = Connection.objects.filter(
        provider=provider, remote_id=account.remote_id, is_sandbox=is_sandbox
    )
    if same.connected().exclude(owner=user).exists():
        raise OwnedBySomeoneElseError(provider)
    own = same.owned_by(user).select_for_update().first()
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


def _store_grant(
    connection: Connection, tokens: TokenSet, account: RemoteAccount, *, is_new: bool
) -> None:
    now = timezone.now()
    connection.generation += 1
    connection.account_name = account.name[:255]
    connection.account = dict(account.details)
    scopes = account.scopes if account.scopes is not None else tokens.scopes
    if scopes is not None:
        connection.granted_scopes = list(scopes)
    connection.state, connection.reason = States.ACTIVE, ""
    connection.state_since = now
    connection.notified_at = connection.discovered_at = None
    connection.reconnected_at = None if is_new else now
    connection.next_sync_at = now
    connection.save()
    # What was out of reach may be in reach now.
    connection.collections.filter(
        completeness=Collection.Completeness.NO_PERMISSION
    ).update(completeness=Collection.Completeness.PENDING, reason="")
    _seal_credential(connection, tokens)


def _seal_credential(connection: Connection, tokens: TokenSet) -> None:
    columns: dict[str, Any] = {
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
        stale = (old.generation, old.version)
        transaction.on_commit(lambda: token_cache.forget(connection.pk, *stale))


def _remember_social_account(connection: Connection) -> None:
    """Keep allauth's own row for the link: an identity, never a token."""
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


def pause(
    connection: Connection, *, actor: User | None, by_staff: bool = False
) -> None:
    """Stop reading a connection until somebody resumes it."""
    reason = "paused_by_staff" if by_staff else "paused_by_person"
    changed = (
        Connection.objects.syncable()
        .filter(pk=connection.pk)
        .update(state=States.PAUSED, reason=reason, state_since=timezone.now())
    )
    if changed:
        runs.cancel_open(connection, "the connection was paused")
        audit.record("connection.paused", user=actor, subject=connection.pk)


def resume(
    connection: Connection, *, actor: User | None, by_staff: bool = False
) -> None:
    """Go on reading a paused connection, beginning now."""
    now = timezone.now()
    changed = Connection.objects.filter(pk=connection.pk, state=States.PAUSED).update(
        state=States.ACTIVE, reason="", state_since=now, next_sync_at=now
    )
    if changed:
        audit.record("connection.resumed", user=actor, subject=connection.pk)
        runs.request_sync(connection, trigger="staff" if by_staff else "person")


def disconnect(
    connection: Connection,
    *,
    actor: User | None,
    keep_items: bool,
    by_staff: bool = False,
    uninstall: bool = False,
) -> None:
    """Erase the grant in one transaction, then give it back to the provider.

    ``uninstall`` also removes the app from the whole remote account, for everybody
    in it; it is left out where somebody else here still needs it.
    """
    if not end_grant(
        connection,
        actor=actor,
        keep_items=keep_items,
        by_staff=by_staff,
        uninstall=uninstall,
    ):
        return
    queue.send("revoke_due")
    if not keep_items:
        purge(connection)


def end_grant(
    connection: Connection,
    *,
    actor: User | None,
    keep_items: bool,
    by_staff: bool = False,
    uninstall: bool = False,
) -> bool:
    """Erase the grant and say whether there was one; revoking it is due by its row.

    The new generation fences everything that is still under way: no worker's late
    result can bring the connection back.
    """
    reason = "disconnected_by_staff" if by_staff else "disconnected_by_person"
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        if locked.state == States.DISCONNECTED:
            return False
        locked.state, locked.reason = States.DISCONNECTED, reason
        locked.state_since = timezone.now()
        locked.generation += 1
        locked.next_sync_at = None
        locked.is_purging = not keep_items
        locked.save()
        _erase_credential(locked, uninstall=uninstall and may_uninstall(locked))
        SocialAccount.objects.filter(
            provider=locked.provider, uid=locked.remote_id, user_id=locked.owner_id
        ).delete()
        runs.cancel_open(locked, "the connection was disconnected")
        audit.record(
            "connection.disconnected",
            user=actor,
            subject=locked.pk,
            keep_items=keep_items,
        )
    return True


def may_uninstall(connection: Connection) -> bool:
    """Tell whether removing the app would harm nobody else's connection here."""
    connector = CONNECTORS[connection.provider]
    if not connector.can_uninstall:
        return False
    installation = connector.installation_of(connection.remote_id)
    others = Connection.objects.connected().filter(
        provider=connection.provider, is_sandbox=connection.is_sandbox
    )
    return not any(
        connector.installation_of(remote_id) == installation
        for remote_id in others.exclude(pk=connection.pk)
        .filter(remote_id__startswith=installation)
        .values_list("remote_id", flat=True)
    )


def _erase_credential(connection: Connection, *, uninstall: bool) -> None:
    """Move to the list of revocations what is to be revoked; erase the rest."""
    credential = Credential.objects.filter(connection=connection).first()
    if credential is None:
        return
    provider, account_id = connection.provider, connection.remote_id
    try:
        refresh_token = credentials.open_refresh(credential)
        if refresh_token is not None:
            revocations.keep(provider, account_id, refresh_token)
        if uninstall:
            access = credentials.open_access(credential).secret
            revocations.keep(provider, account_id, access, is_uninstall=True)
    except crypto.CryptoError:
        logger.warning("unreadable grant erased connection=%s", connection.pk)
    stale = (credential.generation, credential.version)
    credential.delete()
    transaction.on_commit(lambda: token_cache.forget(connection.pk, *stale))


def purge(connection: Connection) -> None:
    """Delete a disconnected connection's items; a worker goes on if they are many."""
    deleted = items.delete_some({"connection": connection}, limit=DELETED_AT_ONCE)
    if deleted == DELETED_AT_ONCE:
        queue.send("sweep_purges")
        return
    with transaction.atomic():
        connection.collections.all().delete()
        Connection.objects.filter(pk=connection.pk).update(is_purging=False)


def rename(connection: Connection, label: str) -> None:
    """Give a connection the person's own name; an empty one takes it back."""
    Connection.objects.filter(pk=connection.pk).update(label=label.strip()[:120])


def set_interval(
    connection: Connection, minutes: int, *, full_pass_hours: int | None = None
) -> None:
    """Sync a connection every so many minutes, 5 to 43200 of them.

    ``full_pass_hours`` is how often to read everything; None is as often as usual.
    """
    Connection.objects.filter(pk=connection.pk).update(
        sync_interval_minutes=minutes,
        full_pass_hours=full_pass_hours,
        next_sync_at=timezone.now(),
    )

"""End connections: erase the grant, have it revoked, delete the items if told to."""

import logging
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import AuditEvent, Connection, Credential
from integrations.models.reasons import ReasonCode, StateReason
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import UninstallsApp
from integrations.services.common import audit, queue
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.database.row_locks import lock_collections
from integrations.services.common.errors import ConnectorError, ProofMissingError
from integrations.services.common.proof import RecentProof
from integrations.services.common.sealing import crypto
from integrations.services.grants import credentials, revocation, token_cache
from integrations.services.grants.kept_accounts import kept_accounts
from integrations.services.grants.stores import restored_database
from integrations.services.items.downloads import orders
from integrations.services.items.own_columns import store as own_columns
from integrations.services.items.storage import store
from integrations.services.sync import runs
from integrations.services.writing import trail
from integrations.services.writing.imports import jobs

logger = logging.getLogger(__name__)

# Up to this many items are deleted while the user waits; the rest by a worker.
DELETED_AT_ONCE = 2000
REMOVED_EVENT = "connection.removed"


def disconnect(
    connection: Connection,
    *,
    actor: User | None,
    keep_items: bool,
    by_staff: bool = False,
    uninstall: bool = False,
    delete_own_columns: bool = False,
    proof: RecentProof | None = None,
) -> None:
    """Erase the grant in one transaction, then give it back to the provider.

    ``uninstall`` also removes the app from the whole remote account, for everybody
    in it; it is left out where somebody else here still needs it. That, and deleting
    the items or the user's own columns beside them, raises ProofMissingError without
    a ``proof`` of who asks.
    """
    if (uninstall or delete_own_columns or not keep_items) and proof is None:
        raise ProofMissingError
    with transaction.atomic():
        if not end_grant(
            connection,
            actor=actor,
            keep_items=keep_items,
            by_staff=by_staff,
            uninstall=uninstall,
        ):
            return
        if delete_own_columns and proof is not None:
            own_columns.forget_account(connection, proof=proof)
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
    by_user = StateReason.DISCONNECTED_BY_USER
    reason = StateReason.DISCONNECTED_BY_STAFF if by_staff else by_user
    with transaction.atomic():
        locked = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if locked.state == Connection.State.DISCONNECTED:
            return False
        locked.state, locked.reason = Connection.State.DISCONNECTED, reason
        locked.state_since = ended_at = timezone.now()
        locked.generation += 1
        locked.next_sync_at = locked.retry_at = None
        locked.is_purging = not keep_items
        locked.save()
        _erase_credential(locked, uninstall=uninstall and may_uninstall(locked))
        SocialAccount.objects.filter(
            provider=locked.provider, uid=locked.remote_id, user_id=locked.owner_id
        ).delete()
        transaction.on_commit(
            lambda: restored_database.note_ended(locked.pk, at=ended_at)
        )
        runs.cancel_open(locked, ReasonCode.DISCONNECTED)
        if not keep_items:
            jobs.cancel_all(locked, user=actor)
        audit.record(
            "connection.disconnected",
            user=actor,
            subject=locked.pk,
            keep_items=keep_items,
        )
    return True


def may_uninstall(connection: Connection) -> bool:
    """Tell whether removing the app would harm nobody else's connection here.

    Not where a mistake of ours hides that.
    """
    try:
        with connector_boundary("installation_of", connection=connection.pk):
            return _is_alone(connection)
    except ConnectorError:
        return False


def _is_alone(connection: Connection) -> bool:
    connector: object = CONNECTORS[connection.provider]
    if not isinstance(connector, UninstallsApp):
        return False
    installation = connector.installation_of(connection.remote_id)
    others = kept_accounts(
        connection.provider, prefix=installation, besides=[connection]
    )
    return not any(connector.installation_of(each) == installation for each in others)


def _erase_credential(connection: Connection, *, uninstall: bool) -> None:
    """Move to the list of revocations what is to be revoked; erase the rest."""
    credential = Credential.objects.filter(connection=connection).first()
    if credential is None:
        return
    provider, account_id = connection.provider, connection.remote_id
    owner_id = connection.owner_id
    try:
        if revocation.revokes_access(provider):
            token: Secret | None = credentials.open_access(credential).secret
        else:
            token = credentials.open_refresh(credential)
        if token is not None:
            revocation.schedule(provider, account_id, token, owner_id=owner_id)
        if uninstall:
            access = credentials.open_access(credential).secret
            revocation.schedule(
                provider, account_id, access, owner_id=owner_id, is_uninstall=True
            )
    except crypto.CryptoError:
        logger.warning("unreadable grant erased connection=%s", connection.pk)
    stale = (credential.generation, credential.version)
    credential.delete()
    transaction.on_commit(lambda: token_cache.forget(connection.pk, *stale))


def remove(
    connection: Connection, *, proof: RecentProof, delete_own_columns: bool = False
) -> bool:
    """Delete a disconnected connection with its items and runs, else say False.

    Of one that was moved to another server the row stays without its items: by it
    this site knows of a grant that it must not end, and can take it back.
    """
    with transaction.atomic():
        locked = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if locked.is_connected:
            return False
        locked.is_purging = True
        if not locked.is_moved:
            locked.reason = Connection.REMOVED
        locked.save(update_fields=["reason", "is_purging"])
        if delete_own_columns:
            own_columns.forget_account(locked, proof=proof)
        audit.record(
            REMOVED_EVENT,
            user=proof.user,
            subject=locked.pk,
            provider=locked.provider,
            account=locked.remote_id,
        )
    purge(connection)
    return True


def was_removed(user: User, *, provider: str, account_id: str, since: datetime) -> bool:
    """Tell whether a user has removed an account, whose row may be gone by now."""
    return AuditEvent.objects.filter(
        event=REMOVED_EVENT,
        user=user,
        at__gt=since,
        facts__provider=provider,
        facts__account=account_id,
    ).exists()


def purge(connection: Connection) -> None:
    """Delete a disconnected connection's items; a worker goes on if they are many.

    The last of them takes the connection along where that was asked for. One that
    is connected again meanwhile keeps what it has.
    """
    with transaction.atomic():
        purging = Connection.objects.select_for_update(no_key=True).filter(
            pk=connection.pk, is_purging=True, state=Connection.State.DISCONNECTED
        )
        locked = purging.first()
        if locked is None:
            return
        lock_collections(locked.collections.all())
        # From now on none of them counts, however long deleting them takes.
        locked.collections.update(stored_count=0)
        trail.forget(locked)
        orders.forget(locked)
        deleted = store.delete_some({"connection": locked}, limit=DELETED_AT_ONCE)
        if deleted == DELETED_AT_ONCE:
            transaction.on_commit(lambda: queue.send("sweep_purges"))
        elif locked.reason == Connection.REMOVED:
            # From now on nobody stores what refers to it.
            purging.select_for_update().first()
            locked.delete()
        else:
            locked.collections.all().delete()
            if locked.is_moved:
                locked.runs.all().delete()
            purging.update(is_purging=False)

"""Release of grants to another server, and taking them back if it never took them.

What is released stays stored, sealed, and nothing refreshes, uses or revokes it here.
"""

import logging
import uuid
from datetime import datetime
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import Connection, Credential
from integrations.models.reasons import ReasonCode, StateReason
from integrations.oauth.tokens import TokenSet
from integrations.providers.typed import typed_json
from integrations.services.common import audit
from integrations.services.common.sealing import crypto
from integrations.services.connections import new_grant
from integrations.services.connections.handover import bundle
from integrations.services.connections.handover.records import (
    HandedOver,
    NotMovedError,
    Result,
    make_record,
)
from integrations.services.grants import credentials, token_cache
from integrations.services.grants.refresh_attempts import lease
from integrations.services.grants.stores import fallback_store, restored_database
from integrations.services.sync import runs
from integrations.services.writing import waiting

logger = logging.getLogger(__name__)

State = Connection.State
RELEASABLE = (State.ACTIVE, State.DEGRADED, State.PAUSED)


def check(connection: Connection) -> Credential:
    """Return the credential of a connection that can be released, else raise."""
    credential = Credential.objects.filter(connection=connection).first()
    if credential is None or connection.state not in RELEASABLE:
        raise NotMovedError(Result.NO_GRANT)
    if credential.attempt_id is not None:
        raise NotMovedError(Result.REFRESHING)
    if waiting.count(connection) or waiting.count_sought(connection):
        raise NotMovedError(Result.CHANGES_WAIT)
    _record_of(connection, credential, uuid.uuid4(), timezone.now())
    return credential


def _record_of(
    connection: Connection, credential: Credential, handover: UUID, now: datetime
) -> HandedOver:
    """Return a record that another server can read; raise NotMovedError."""
    try:
        record = make_record(connection, credential, handover, now)
    except crypto.CryptoError as exc:
        raise NotMovedError(Result.UNREADABLE) from exc
    if not bundle.has_room(typed_json.dump(record)):
        raise NotMovedError(Result.TOO_LARGE)
    return record


def release(connection_id: UUID, handover: UUID) -> HandedOver:
    """End a connection here for another server to go on with; raise NotMovedError.

    The lease of its refresh is taken first, so that no answer is under way that would
    make the released tokens old.
    """
    fallback_store.restore(connection_id)
    connection = Connection.objects.select_related("owner").get(pk=connection_id)
    version, lease_id = check(connection).version, uuid.uuid4()
    if not lease.take(connection_id, lease_id, version):
        raise NotMovedError(Result.REFRESHING)
    try:
        with transaction.atomic():
            return _release(connection_id, lease_id, version, handover)
    finally:
        lease.release(connection_id, lease_id)


def _release(
    connection_id: UUID, lease_id: UUID, version: int, handover: UUID
) -> HandedOver:
    locked = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    now = timezone.now()
    # Nothing is under way, and from here on nothing is begun.
    credential = check(locked)
    freed = Credential.objects.filter(
        pk=connection_id, lease_id=lease_id, version=version, attempt_id__isnull=True
    ).update(refresh_due_at=None)
    if not freed:
        raise NotMovedError(Result.REFRESHING)
    record = _record_of(locked, credential, handover, now)
    locked.handover = handover
    locked.paused_before_handover = record.paused
    locked.state, locked.reason = State.DISCONNECTED, StateReason.MOVED
    locked.state_since = now
    locked.generation += 1
    locked.next_sync_at = locked.retry_at = None
    locked.save()
    SocialAccount.objects.filter(
        provider=locked.provider, uid=locked.remote_id, user_id=locked.owner_id
    ).delete()
    runs.cancel_open(locked, ReasonCode.MOVED)
    _record("connection.handed_over", locked)
    stale = (credential.generation, credential.version)
    transaction.on_commit(lambda: token_cache.forget(connection_id, *stale))
    transaction.on_commit(lambda: restored_database.note_ended(connection_id, at=now))
    return record


def _record(event: str, connection: Connection) -> None:
    audit.record(
        event,
        subject=connection.pk,
        provider=connection.provider,
        account=connection.remote_id,
        handover=str(connection.handover),
    )


def released_by(handover: UUID) -> list[Connection]:
    """Return the connections that an export has released, and that still are."""
    moved = Connection.objects.moved().filter(handover=handover)
    return list(moved.select_related("owner"))


def take_back(connection: Connection) -> None:
    """Go on with a released grant here; raise NotMovedError.

    Only where no other server has it: its refresh token would be spent by both.
    """
    try:
        with transaction.atomic():
            locked = _locked(connection)
            credential = Credential.objects.filter(connection=locked).first()
            if credential is None:
                raise NotMovedError(Result.NO_GRANT)
            paused = locked.paused_before_handover
            state = State.PAUSED if paused else State.ACTIVE
            _return(locked, state, paused or "")
            _seal_anew(locked, credential)
    except IntegrityError as exc:
        raise NotMovedError(Result.OWNED_BY_OTHER) from exc
    except crypto.CryptoError as exc:
        raise NotMovedError(Result.UNREADABLE) from exc


def leave_to_owner(connection: Connection) -> None:
    """Let its owner reconnect here what another server may have; raise NotMovedError.

    The released tokens are erased: no answer of a provider tells who else holds
    them, and sending them, or revoking them, may end the other server's grant.
    """
    try:
        with transaction.atomic():
            locked = _locked(connection)
            _return(locked, State.NEEDS_RECONNECT, StateReason.TAKEN_BACK)
            Credential.objects.filter(connection=locked).delete()
    except IntegrityError as exc:
        raise NotMovedError(Result.OWNED_BY_OTHER) from exc


def _locked(connection: Connection) -> Connection:
    moved = Connection.objects.moved().filter(handover=connection.handover)
    locked = moved.select_for_update(no_key=True).filter(pk=connection.pk).first()
    if locked is None:
        raise NotMovedError(Result.NO_GRANT)
    return locked


def _return(locked: Connection, state: str, reason: str) -> None:
    """Make a moved connection one of this server again."""
    _record("connection.taken_back", locked)
    locked.state, locked.reason = state, reason
    locked.state_since = locked.next_sync_at = timezone.now()
    locked.handover = locked.paused_before_handover = None
    locked.generation += 1
    locked.save()
    new_grant.store_social_account(locked)


def _seal_anew(connection: Connection, credential: Credential) -> None:
    """Seal the tokens for the connection's new generation, with the times they had.

    Their refresh token is in doubt, as after an attempt without an answer: should
    another server have spent it, a provider that can be asked says so beforehand.
    """
    now = timezone.now()
    tokens = TokenSet(
        access_token=credentials.open_access(credential).secret,
        refresh_token=credentials.open_refresh(credential),
    )
    columns = credentials.seal_tokens(
        tokens,
        connection_id=connection.pk,
        generation=connection.generation,
        now=now,
    )
    ends_at = credential.access_expires_at
    columns["access_expires_at"] = ends_at
    columns["refresh_expires_at"] = credential.refresh_expires_at
    columns["refresh_due_at"] = None
    columns["attempt_id"], columns["attempt_started_at"] = uuid.uuid4(), now
    version = credential.version + 1
    Credential.objects.filter(pk=credential.pk).update(
        generation=connection.generation, version=version, **columns
    )
    at, fingerprint = now, columns.get("fingerprint", credential.fingerprint)
    transaction.on_commit(
        lambda: restored_database.note_stored(
            connection.pk, at=at, fingerprint=fingerprint
        )
    )

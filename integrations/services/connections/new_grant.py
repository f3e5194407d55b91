"""Store a new grant: the connection's state, the sealed tokens, the account's name."""

import logging
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils import timezone

from integrations.models import Connection, Credential
from integrations.models.collection import Completeness
from integrations.models.reasons import columns
from integrations.oauth.tokens import TokenSet
from integrations.providers import SPECS
from integrations.providers.records import RemoteAccount
from integrations.providers.typed.values import MAX_NAME, cut
from integrations.services.common.database.row_locks import lock_collections
from integrations.services.common.sealing import crypto
from integrations.services.grants import credentials, revocation, token_cache
from integrations.services.grants.stores import restored_database

logger = logging.getLogger(__name__)


def store(
    connection: Connection,
    tokens: TokenSet,
    account: RemoteAccount,
    issued_at: datetime,
    *,
    is_new: bool,
) -> bool:
    """Store a grant, and let its connection read again.

    Tells whether its scopes are those of the grant before. Runs inside the
    transaction that made or locked the connection. ``issued_at`` is when the provider
    answered with the tokens; ``is_new`` whether the connection is.
    """
    now, is_moved = timezone.now(), connection.is_moved
    connection.generation += 1
    connection.account_name = cut(account.name, MAX_NAME)
    # What the provider could not say today is not taken for empty.
    told = {key: value for key, value in account.details.items() if value != ""}
    connection.account = {**connection.account, **told}
    scopes = account.scopes if account.scopes is not None else tokens.scopes
    before = set(connection.granted_scopes)
    if scopes is not None:
        connection.granted_scopes = list(scopes)
    has_same_scopes = before == set(connection.granted_scopes)
    connection.state, connection.reason = Connection.State.ACTIVE, ""
    connection.state_since = now
    connection.discovered_at = None
    connection.reconnected_at = None if is_new else now
    connection.next_sync_at = now
    connection.retry_at, connection.failed_syncs = None, 0
    connection.save()
    if not has_same_scopes:
        _ask_again_for_refused(connection)
    old = _seal_credential(connection, tokens, issued_at)
    # What another server has is not ours to end.
    if old and not is_moved:
        _revoke_replaced(old, connection)
    store_social_account(connection)
    return has_same_scopes


def _ask_again_for_refused(connection: Connection) -> None:
    """Have collections asked for again that were out of reach of other scopes."""
    lock_collections(connection.collections.all())
    connection.collections.filter(completeness=Completeness.NO_PERMISSION).update(
        completeness=Completeness.PENDING, before_refusal=None, **columns(None)
    )


def _seal_credential(
    connection: Connection, tokens: TokenSet, issued_at: datetime
) -> Credential | None:
    """Store the tokens in place of those that are returned, if there are any."""
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
    at, fingerprint = columns["refreshed_at"], columns["fingerprint"]
    transaction.on_commit(
        lambda: restored_database.note_stored(
            connection.pk, at=at, fingerprint=fingerprint
        )
    )
    if old:
        stale = (old.generation, old.version)
        transaction.on_commit(lambda: token_cache.forget(connection.pk, *stale))
    return old


def _revoke_replaced(old: Credential, connection: Connection) -> None:
    """Give back the grant that a new one replaces, where the two are independent."""
    try:
        replaced = TokenSet(
            access_token=credentials.open_access(old).secret,
            refresh_token=credentials.open_refresh(old),
        )
    except crypto.CryptoError:
        logger.warning("unreadable grant replaced connection=%s", connection.pk)
        return
    revocation.revoke_unstored(
        connection.provider,
        replaced,
        account_id=connection.remote_id,
        owner_id=connection.owner_id,
    )


def store_social_account(connection: Connection) -> None:
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

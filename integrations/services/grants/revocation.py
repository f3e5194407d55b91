"""Revocation of grants at their provider, with retries, after they left their row."""

import logging
import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations.http.errors import (
    ApiError,
    Forbidden,
    InvalidRequest,
    NotFound,
    Unauthorized,
)
from integrations.http.secrets import Secret
from integrations.models import Connection, Credential, PendingRevocation, times
from integrations.oauth.errors import OAuthError, RequestRejected
from integrations.oauth.tokens import TokenSet
from integrations.providers import CONNECTORS, SPECS
from integrations.providers.capabilities import UninstallsApp
from integrations.services.common import queue
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.sealing import crypto
from integrations.services.grants import failed_revocations
from integrations.services.grants.kept_accounts import kept_accounts

logger = logging.getLogger(__name__)

PURPOSE = "revocation"
MOST_TRIES = 12
CLAIM = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=128)
# Asking again would be answered the same.
DEFINITE = (RequestRejected, Forbidden, InvalidRequest, crypto.UnreadableError)
# A provider that hangs must not keep a worker from refreshing others' tokens.
LONGEST_SECONDS = 10.0


def schedule(
    provider: str,
    account_id: str,
    token: Secret,
    *,
    owner_id: int | None = None,
    is_uninstall: bool = False,
) -> PendingRevocation:
    """Schedule the revocation of a token, sealed in a row of its own.

    ``owner_id`` is the user who is told should it be given up.
    With ``is_uninstall`` it is an access token, and the app is removed from the
    whole remote account instead.
    """
    pending = PendingRevocation(
        provider=provider,
        account_id=account_id,
        owner_id=owner_id,
        token="",
        is_uninstall=is_uninstall,
    )
    pending.token = crypto.seal(
        token, purpose=PURPOSE, associated_data=associated_data(pending)
    )
    pending.save(force_insert=True)
    return pending


def revoke_unstored(
    provider: str, tokens: TokenSet, *, account_id: str, owner_id: int | None
) -> None:
    """Schedule the revocation of a grant that no row holds.

    Not of tokens that some row lives on, because a provider may answer a second
    authorization with those of the first. ``account_id`` is empty where the account
    was never told.
    """
    token = tokens.access_token if revokes_access(provider) else tokens.refresh_token
    if token is None or may_end_another(provider, account_id):
        return
    fingerprint = crypto.fingerprint(tokens.refresh_token or token)
    if Credential.objects.filter(fingerprint=fingerprint).exists():
        return
    schedule(provider, account_id, token, owner_id=owner_id)
    queue.send("revoke_due")


def may_end_another(provider: str, account_id: str) -> bool:
    """Tell whether revoking a token might end a grant that is kept here.

    Where the whole authorization may end with it, every connection of the account
    would; of an account that was never told, any connection might be the same.
    """
    spec = SPECS.get(provider)
    if spec is not None and spec.revokes_one_pair:
        return False
    kept = kept_accounts(provider, prefix=account_id)
    return any(not account_id or each == account_id for each in kept)


def revoke_late_tokens(
    *,
    provider: str,
    account_id: str,
    access_token: Secret,
    refresh_token: Secret,
    connection_id: UUID,
    generation: int,
    spent: str,
) -> None:
    """Schedule the revocation of tokens that came too late to be stored.

    Within one generation nothing is: the older and the newer token belong to one
    grant, and providers end the grant with any of its tokens. Nor are tokens that
    some row lives on, or those of the refresh token that was sent (``spent``, its
    fingerprint), which disconnecting revokes itself.
    """
    fresh = crypto.fingerprint(refresh_token)
    same_grant = Q(connection_id=connection_id, generation=generation)
    in_use = Credential.objects.filter(same_grant | Q(fingerprint=fresh))
    if fresh == spent or in_use.exists() or may_end_another(provider, account_id):
        return
    token = access_token if revokes_access(provider) else refresh_token
    own = Connection.objects.filter(pk=connection_id)
    owner_id = own.values_list("owner_id", flat=True).first()
    schedule(provider, account_id, token, owner_id=owner_id)
    queue.send("revoke_due")


def revokes_access(provider: str) -> bool:
    """Tell whether a grant is ended by its access token, not by its refresh token."""
    spec = SPECS.get(provider)
    return spec is not None and spec.revokes == "access_token"


def associated_data(pending: PendingRevocation) -> str:
    """Return the associated data of a sealed token that is to be revoked."""
    return crypto.associated_data("pendingrevocation", "token", pending.pk)


def revoke_due(*, most: int = 50) -> int:
    """Revoke what is due; return how many tokens are done with."""
    now = timezone.now()
    is_new_ahead = Q(tries=0) & times.ahead("due_at", now)
    is_due = times.come("due_at", now, longest=LONGEST_PAUSE) | is_new_ahead
    due = PendingRevocation.objects.filter(is_due)
    done, until = 0, time.monotonic() + LONGEST_SECONDS
    # An app is removed while its access token still lives.
    for pending in due.order_by("-is_uninstall", "due_at")[:most]:
        if time.monotonic() > until:
            break
        if _claim(pending):
            done += _revoke(pending)
    return done


def _claim(pending: PendingRevocation) -> bool:
    return bool(
        PendingRevocation.objects.filter(pk=pending.pk, due_at=pending.due_at).update(
            due_at=timezone.now() + CLAIM, tries=pending.tries + 1
        )
    )


def _revoke(pending: PendingRevocation) -> bool:
    try:
        if _is_kept_again(pending):
            PendingRevocation.objects.filter(pk=pending.pk).delete()
            logger.info("not revoked, connected again provider=%s", pending.provider)
            return True
        token = crypto.unseal(
            pending.token, purpose=PURPOSE, associated_data=associated_data(pending)
        )
        if pending.is_uninstall:
            _uninstall(pending, token)
        else:
            oauth = oauth_clients.oauth_client(pending.provider)
            is_access = revokes_access(pending.provider)
            if not oauth.revoke(token, hint="" if is_access else "refresh_token"):
                failed_revocations.leave_to_owner(pending)
                return True
    except (OAuthError, ApiError, crypto.CryptoError) as exc:
        return _again(pending, exc)
    PendingRevocation.objects.filter(pk=pending.pk).delete()
    logger.info("token revoked provider=%s", pending.provider)
    return True


def _is_kept_again(pending: PendingRevocation) -> bool:
    """Tell whether the account was connected since, and would be ended as well."""
    provider, account_id = pending.provider, pending.account_id
    if not pending.is_uninstall:
        return may_end_another(provider, account_id)
    connector: object = CONNECTORS.get(provider)
    if not isinstance(connector, UninstallsApp):
        return False
    with connector_boundary("installation_of", revocation=pending.pk):
        installation = connector.installation_of(account_id)
        found = kept_accounts(provider, prefix=installation)
        return any(connector.installation_of(each) == installation for each in found)


def _uninstall(pending: PendingRevocation, token: Secret) -> None:
    connector: object = CONNECTORS[pending.provider]
    if not isinstance(connector, UninstallsApp):
        return
    try:
        with connector_boundary("uninstall", revocation=pending.pk):
            api = clients.api_client_for_new_grant(pending.provider, token)
            connector.uninstall(api, settings.PROVIDERS[pending.provider])
    except (Unauthorized, NotFound):
        # The app is gone already, or the token is, and with it the only way.
        logger.info("nothing to uninstall provider=%s", pending.provider)


def _again(pending: PendingRevocation, exc: Exception) -> bool:
    error = type(exc).__name__
    if isinstance(exc, DEFINITE) or pending.tries + 1 >= MOST_TRIES:
        failed_revocations.give_up(pending, exc)
        return True
    logger.info("not revoked yet provider=%s error=%s", pending.provider, error)
    PendingRevocation.objects.filter(pk=pending.pk).update(
        due_at=timezone.now() + min(FIRST_PAUSE * 2**pending.tries, LONGEST_PAUSE)
    )
    return False

"""Consents whose callback did not come to an end: stored by a worker, or given back."""

import logging
import time
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import DataError, IntegrityError
from django.utils import timezone

from integrations.http.errors import ApiError
from integrations.models import Connection, Credential
from integrations.models.connection import ConnectionQuerySet
from integrations.oauth.errors import OAuthError
from integrations.providers.records import RemoteAccount
from integrations.services.common import queue
from integrations.services.common.errors import (
    ConnectorError,
    OwnedBySomeoneElseError,
    TooManyConnectionsError,
)
from integrations.services.common.sealing import crypto
from integrations.services.connections import sign_in_methods
from integrations.services.connections.connect import connect, same_account
from integrations.services.connections.disconnect import was_removed
from integrations.services.grants import revocation
from integrations.services.grants.identify import identify
from integrations.services.grants.stores import consent_store
from integrations.services.grants.stores.consent_store import Consent, ConsentFile

logger = logging.getLogger(__name__)

# A provider that does not tell whose a grant is must not keep the sweep from the rest.
LONGEST_SECONDS = 10.0
# After that nobody waits for it any more.
IDENTIFIED_WITHIN = timedelta(days=1)


def send_due() -> int:
    """Have a worker finish what callbacks left behind; return how many there are."""
    found = consent_store.count()
    if found:
        queue.send("finish_consents", expires=60.0)
    return found


def finish_all() -> int:
    """Finish the consents that callbacks left on this machine; return how many."""
    found, until = 0, time.monotonic() + LONGEST_SECONDS
    for file in consent_store.left_behind():
        with file:
            found += _finish(file)
        if time.monotonic() > until:
            break
    return found


def _finish(file: ConsentFile) -> bool:
    """Finish one consent; False where it has to wait."""
    try:
        consent = file.read()
    except consent_store.UNREADABLE:
        logger.exception("consent unreadable")
        file.quarantine()
        return True
    except crypto.CryptoError:
        logger.warning("consent not opened: its key may be brought back")
        return False
    except OSError:
        logger.exception("consent not read")
        return False
    try:
        account = consent.account or identify(consent.provider, consent.tokens)
    except (OAuthError, ApiError) as exc:
        return _not_identified(file, consent, exc)
    try:
        is_kept = _settle(consent, account)
    except (DataError, IntegrityError):
        logger.exception("consent not stored")
        revoke(consent, account_id=account.remote_id)
        is_kept = False
    file.delete()
    logger.info("consent finished provider=%s kept=%s", consent.provider, is_kept)
    return True


def _not_identified(file: ConsentFile, consent: Consent, exc: Exception) -> bool:
    error = type(exc).__name__
    logger.warning(
        "consent not identified provider=%s error=%s", consent.provider, error
    )
    is_young = timezone.now() - consent.issued_at < IDENTIFIED_WITHIN
    if is_young and not isinstance(exc, ConnectorError):
        return False
    revoke(consent, account_id="")
    file.delete()
    return True


def revoke(consent: Consent, *, account_id: str) -> None:
    """Order that a grant which is not kept is revoked."""
    revocation.revoke_unstored(
        consent.provider,
        consent.tokens,
        account_id=account_id,
        owner_id=consent.user_id,
    )


def _settle(consent: Consent, account: RemoteAccount) -> bool:
    """Store a grant as its user's, or give it back; tell whether it is stored."""
    same = same_account(consent.provider, account)
    if Credential.objects.filter(
        connection__in=same, issued_at=consent.issued_at
    ).exists():
        # Its process died between storing it and saying so. It may be refreshed since.
        return True
    user = _user_of(consent, account)
    if user is not None and not _has_ended_since(same, user, consent, account):
        try:
            connect(
                user=user,
                provider=consent.provider,
                tokens=consent.tokens,
                account=account,
                plan=consent.plan,
                issued_at=consent.issued_at,
            )
        except (OwnedBySomeoneElseError, TooManyConnectionsError) as exc:
            logger.info("consent not kept error=%s", type(exc).__name__)
        else:
            return True
    revoke(consent, account_id=account.remote_id)
    return False


def _user_of(consent: Consent, account: RemoteAccount) -> User | None:
    """Return whose the grant is to be: nobody's whose account here was closed."""
    if consent.user_id is not None:
        return User.objects.filter(pk=consent.user_id, is_active=True).first()
    linked = sign_in_methods.linked_connection(consent.provider, account.remote_id)
    if linked is None or sign_in_methods.is_suspended(linked):
        return None
    return linked.owner


def _has_ended_since(
    same: ConnectionQuerySet, user: User, consent: Consent, account: RemoteAccount
) -> bool:
    """Tell whether the user disconnected or removed the account after the consent."""
    ended = same.owned_by(user).filter(state=Connection.State.DISCONNECTED)
    if ended.filter(state_since__gt=consent.issued_at).exists():
        return True
    return was_removed(
        user,
        provider=consent.provider,
        account_id=account.remote_id,
        since=consent.issued_at,
    )

"""Give grants back to their provider, with retries, after they left their row."""

import logging
from datetime import timedelta

from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import PendingRevocation
from integrations.oauth.errors import OAuthError
from integrations.services import crypto, oauth_clients

logger = logging.getLogger(__name__)

PURPOSE = "revocation"
MOST_TRIES = 12
CLAIM = timedelta(minutes=2)


def keep(provider: str, account_id: str, token: Secret) -> PendingRevocation:
    """Seal a refresh token that is to be revoked, under a row of its own."""
    pending = PendingRevocation(provider=provider, account_id=account_id, token="")
    pending.token = crypto.seal(token, purpose=PURPOSE, where=place(pending))
    pending.save(force_insert=True)
    return pending


def place(pending: PendingRevocation) -> str:
    """Name the place of a sealed token that is to be revoked."""
    return crypto.place("pendingrevocation", "token", pending.pk)


def revoke_due(*, most: int = 50) -> int:
    """Revoke what is due; return how many tokens are done with."""
    due = PendingRevocation.objects.filter(due_at__lte=timezone.now())
    done = 0
    for pending in due.order_by("due_at")[:most]:
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
        token = crypto.unseal(pending.token, purpose=PURPOSE, where=place(pending))
        oauth = oauth_clients.oauth_client(pending.provider)
        oauth.revoke(token, hint=pending.token_type_hint)
    except (OAuthError, crypto.CryptoError) as exc:
        return _again(pending, type(exc).__name__)
    PendingRevocation.objects.filter(pk=pending.pk).delete()
    logger.info("token revoked provider=%s", pending.provider)
    return True


def _again(pending: PendingRevocation, error: str) -> bool:
    if pending.tries + 1 >= MOST_TRIES:
        logger.error(
            "revocation given up provider=%s error=%s", pending.provider, error
        )
        PendingRevocation.objects.filter(pk=pending.pk).delete()
        return True
    PendingRevocation.objects.filter(pk=pending.pk).update(
        due_at=timezone.now() + timedelta(seconds=30 * 2 ** min(pending.tries, 8)),
        last_error=error,
    )
    return False

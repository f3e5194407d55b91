"""OAuth ``state`` values: bound to user, session and provider, consumed once.

Only a hash is stored, and one conditional UPDATE consumes it, so that the same
answer sent several times at once leads to one token request.
"""

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.models import User
from django.utils import timezone
from msgspec import Struct

from integrations.http.secrets import Secret
from integrations.models import AuthorizationState, Connection, times
from integrations.services.common.sealing import crypto

LIFE = timedelta(minutes=10)
# 32 bytes are 256 bits and 43 characters that every provider takes.
STATE_BYTES = 32
PURPOSE = "pkce"


class StateRefusedError(Exception):
    """An answer is not accepted: unknown, used, expired, session or user."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Authorization(Struct, frozen=True, kw_only=True):
    """Authorization begun with a state, for the callback that completes it."""

    provider: str
    user_id: int | None
    connection: Connection | None
    next_url: str
    plan: str
    code_verifier: Secret | None


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def issue(
    *,
    provider: str,
    user: User | None,
    session_nonce: str,
    connection: Connection | None = None,
    next_url: str = "",
    plan: str = "",
    code_verifier: Secret | None = None,
) -> Secret:
    """Store a new state and return its value, which is stored nowhere."""
    value = secrets.token_urlsafe(STATE_BYTES)
    state_hash = _hash(value)
    sealed = ""
    if code_verifier is not None:
        sealed = crypto.seal(
            code_verifier, purpose=PURPOSE, associated_data=_associated_data(state_hash)
        )
    AuthorizationState.objects.create(
        state_hash=state_hash,
        session_hash=_hash(session_nonce),
        user=user,
        provider=provider,
        connection=connection,
        code_verifier=sealed,
        next_url=next_url,
        plan=plan,
    )
    return Secret(value)


def _associated_data(state_hash: str) -> str:
    return crypto.associated_data("authorizationstate", "code_verifier", state_hash)


def consume(
    value: str, *, provider: str, user: User | None, session_nonce: str
) -> Authorization:
    """Consume a state, once; raise StateRefusedError with the reason otherwise."""
    now = timezone.now()
    state_hash = _hash(value)
    taken = AuthorizationState.objects.filter(
        ~times.ahead("created_at", now),
        state_hash=state_hash,
        session_hash=_hash(session_nonce),
        user=user,
        provider=provider,
        created_at__gt=now - LIFE,
        consumed_at__isnull=True,
    ).update(consumed_at=now)
    row = AuthorizationState.objects.filter(state_hash=state_hash).first()
    if not taken or row is None:
        raise StateRefusedError(_why_refused(row, provider, user, session_nonce))
    verifier = None
    if row.code_verifier:
        verifier = crypto.unseal(
            row.code_verifier,
            purpose=PURPOSE,
            associated_data=_associated_data(state_hash),
        )
    return Authorization(
        provider=row.provider,
        user_id=row.user_id,
        connection=row.connection,
        next_url=row.next_url,
        plan=row.plan,
        code_verifier=verifier,
    )


def _why_refused(
    row: AuthorizationState | None,
    provider: str,
    user: User | None,
    session_nonce: str,
) -> str:
    if row is None or row.provider != provider:
        return "unknown"
    if user is not None and row.user_id is not None and row.user_id != user.pk:
        return "user"
    if not hmac.compare_digest(row.session_hash, _hash(session_nonce)):
        return "session"
    if row.user_id != (user.pk if user else None):
        return "user"
    return "used" if row.consumed_at else "expired"

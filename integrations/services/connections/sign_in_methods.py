"""Ways to sign in from before a password reset: turned off, and on again one by one."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Connection, ViewFeed
from integrations.models import SuspendedSignInMethod as Method
from integrations.services.common import audit
from integrations.services.common.proof import RecentProof

PROVIDER = Method.Kind.PROVIDER


class AlreadyReplacedError(Exception):
    """There is a new second factor of the same kind, and one account has only one."""


def suspended(user: User) -> QuerySet[Method]:
    """Return what is off of the ways to sign in that this site offers."""
    own = Method.objects.filter(user=user).select_related("connection")
    return own if settings.PROVIDER_SIGN_IN else own.exclude(kind=PROVIDER)


def is_suspended(connection: Connection) -> bool:
    """Tell whether a connected account signs nobody in until its owner confirms it."""
    return Method.objects.filter(connection=connection).exists()


def linked_connection(provider: str, remote_id: str) -> Connection | None:
    """Return the connection whose owner an account at a provider may sign in."""
    if not settings.PROVIDER_SIGN_IN:
        return None
    connected = Connection.objects.connected().select_related("owner")
    return connected.filter(
        provider=provider,
        remote_id=remote_id,
        is_sandbox=settings.PROVIDERS[provider].is_sandbox,
        owner__is_active=True,
    ).first()


def suspend_all(user: User) -> None:
    """Turn off every second factor, passkey and connected account of a user.

    Whoever had the account before may have set them up. The feeds of views, which
    need no sign-in, end for good.
    """
    with transaction.atomic():
        factors = list(Authenticator.objects.select_for_update().filter(user=user))
        for factor in factors:
            Method.objects.create(
                user=user,
                kind=factor.type,
                data=factor.data,
                created_at=factor.created_at,
            )
            factor.delete()
        connections = Connection.objects.owned_by(user).connected()
        for connection in connections:
            Method.objects.get_or_create(
                user=user, kind=PROVIDER, connection=connection
            )
        feeds, _ = ViewFeed.objects.filter(view__owner=user).delete()
        audit.record(
            "account.sign_in_methods_suspended",
            user=user,
            factors=len(factors),
            connections=len(connections),
            feeds=feeds,
        )


def resume(method: Method, *, proof: RecentProof) -> None:
    """Turn a way to sign in on again; raise AlreadyReplacedError if it cannot be."""
    with transaction.atomic():
        if method.kind != PROVIDER:
            _restore(method)
        method.delete()
        _record("account.sign_in_method_resumed", method, proof)


def _restore(method: Method) -> None:
    is_single = method.kind != Method.Kind.WEBAUTHN
    own = Authenticator.objects.filter(user=method.user_id, type=method.kind)
    if is_single and own.exists():
        raise AlreadyReplacedError
    factor = Authenticator(user=method.user, type=method.kind, data=method.data)
    factor.created_at = method.created_at or method.suspended_at
    factor.save()


def discard(method: Method, *, proof: RecentProof) -> None:
    """Delete a second factor that is off, so that nobody turns it on again."""
    with transaction.atomic():
        method.delete()
        _record("account.sign_in_method_deleted", method, proof)


def _record(event: str, method: Method, proof: RecentProof) -> None:
    audit.record(event, user=proof.user, subject=method.user_id, kind=method.kind)

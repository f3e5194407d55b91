"""Circuit breaker of a provider: paused for everybody when it refuses this site."""

import logging

from django.core.mail import mail_admins
from django.utils import timezone

from integrations.http.errors import PROVIDER_PAUSED, Transient
from integrations.models import ProviderState
from integrations.oauth.errors import OAuthError
from integrations.services.common import audit

logger = logging.getLogger(__name__)


def ensure_running(provider: str) -> None:
    """Raise Transient while a provider is paused for everybody."""
    state = ProviderState.objects.filter(pk=provider).first()
    if state is not None and state.paused_until and state.is_paused:
        wait = (state.paused_until - timezone.now()).total_seconds()
        raise Transient(
            "this provider is paused", retry_after=max(wait, 1.0), code=PROVIDER_PAUSED
        )


def pause(provider: str, error: OAuthError) -> None:
    """Stop calling a provider that refuses our client; connections stay as they are."""
    now = timezone.now()
    state = ProviderState.objects.filter(pk=provider).first()
    is_new = state is None or not state.was_paused_lately
    ProviderState.objects.update_or_create(
        pk=provider,
        defaults={
            "paused_until": now + ProviderState.PAUSE,
            "reason": "client_rejected",
            "detail": f"status {error.status}, error {error.error}"[:300],
            "since": now,
        },
    )
    logger.error("provider paused provider=%s error=%s", provider, error.error)
    if is_new:
        audit.record("provider.paused", subject=provider, error=error.error)
        mail_admins(
            f"{provider} refuses this site's client",
            f"Token requests to {provider} are refused as {error.error!r}.\n"
            "Check its client id, client secret and redirect URI in the settings.\n"
            "Connections are untouched; the next try is in ten minutes.\n",
            fail_silently=True,
        )


def resume(provider: str) -> None:
    """End a pause because the provider took our client: it was no lasting refusal.

    The row stays, so that staff who were told a moment ago are not told again.
    """
    now = timezone.now()
    paused = ProviderState.objects.filter(pk=provider, paused_until__gt=now)
    if paused.update(paused_until=now):
        logger.info("provider resumed provider=%s", provider)


def note(provider: str, reason: str) -> None:
    """Record for staff an answer of a provider that is no grant's fault."""
    logger.error("provider trouble provider=%s reason=%s", provider, reason)
    ProviderState.objects.update_or_create(
        pk=provider, defaults={"reason": reason, "since": timezone.now()}
    )


def clear(provider: str) -> None:
    """End a pause; the next call decides."""
    ProviderState.objects.filter(pk=provider).delete()

"""Circuit breaker of a provider's token endpoint, when it refuses this site.

Open for a minute after a refusal, then half-open: one renewal a minute is a probe, and
the first that is granted closes it.
"""

import logging

from django.utils import timezone

from integrations.http.errors import PROVIDER_PAUSED, Transient
from integrations.models import ProviderState, times
from integrations.oauth.errors import OAuthError
from integrations.services.common import audit

logger = logging.getLogger(__name__)


def ensure_running(provider: str) -> None:
    """Raise Transient while no token request to a provider may be made.

    Calls with tokens that live need not ask: they do not show our client.
    """
    state = ProviderState.objects.filter(pk=provider).first()
    if state is not None and state.paused_until and state.is_paused:
        wait = (state.paused_until - timezone.now()).total_seconds()
        raise _paused(max(wait, 1.0))


def take_probe(provider: str) -> None:
    """Let one caller a minute through while the circuit is half-open.

    The pause has passed then, and nobody knows whether the provider takes our client
    again; whoever is not the first raises Transient.
    """
    now = timezone.now()
    half_open = ProviderState.objects.filter(
        times.come("paused_until", now, longest=ProviderState.LONGEST_PAUSE),
        pk=provider,
    )
    if not half_open.exists():
        return
    if not half_open.update(paused_until=now + ProviderState.PAUSE):
        raise _paused(ProviderState.PAUSE.total_seconds())
    logger.info("provider probed provider=%s", provider)


def _paused(wait: float) -> Transient:
    return Transient("this provider is paused", retry_after=wait, code=PROVIDER_PAUSED)


def pause(provider: str, error: OAuthError) -> None:
    """Stop asking a provider that refuses our client; connections stay as they are."""
    now = timezone.now()
    state = ProviderState.objects.filter(pk=provider).first()
    is_new = state is None or not state.was_paused_lately
    ProviderState.objects.update_or_create(
        pk=provider,
        defaults={
            "paused_until": now + ProviderState.PAUSE,
            "reason": ProviderState.CLIENT_REJECTED,
            "detail": f"status {error.status}, error {error.error}"[:300],
            "since": now,
        },
    )
    logger.error("provider paused provider=%s error=%s", provider, error.error)
    if is_new:
        audit.record("provider.paused", subject=provider, error=error.error)


def resume(provider: str) -> None:
    """Close the circuit because the provider took our client.

    The row stays, so that staff who were told a moment ago are not told again.
    """
    paused = ProviderState.objects.filter(pk=provider, paused_until__isnull=False)
    if paused.update(paused_until=None):
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

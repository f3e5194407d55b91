"""Give every page what its frame shows: who is needed, and how it looks."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from integrations.models import ProviderState
from integrations.models.messages import wording
from integrations.providers import SPECS
from integrations.services.connections.facts import needing_user
from integrations.services.connections.status import put_status
from integrations.views.site import recent_searches
from integrations.views.site.theme import read_theme


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's values; the database is asked only if they are used."""
    return {
        "attention": SimpleLazyObject(lambda: attention(request)),
        "staff_notices": SimpleLazyObject(lambda: staff_notices(request)),
        "has_shortcuts": has_shortcuts(request),
        "recent_searches": SimpleLazyObject(lambda: recent_searches.read(request)),
        "theme": read_theme(request),
        "sandbox_on": is_sandbox_on(),
    }


def has_shortcuts(request: HttpRequest) -> bool:
    """Tell whether single keys do something on this page."""
    chosen = getattr(request, "preferences", None)
    return chosen is not None and chosen.has_shortcuts


def is_sandbox_on() -> bool:
    """Tell whether any provider is simulated."""
    return any(provider.is_sandbox for provider in settings.PROVIDERS.values())


def attention(request: HttpRequest) -> list[Any]:
    """Return the user's connections that wait for a new permission."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    # Mostly there is none, and what a status is made of is much. A request that
    # changes something is asked for anew.
    is_looking = request.method in {"GET", "HEAD"}
    if is_looking and not getattr(request, "needs_user", True):
        return []
    waiting = needing_user(user)
    return put_status(waiting) if waiting.exists() else []


def staff_notices(request: HttpRequest) -> list[dict[str, str]]:
    """Return what staff should know: providers at rest, and alarms."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_staff:
        return []
    states = ProviderState.objects.order_by("provider")
    alarms = [_notice(state) for state in states if state.is_paused or state.reason]
    skews = [_clock_notice(state) for state in states if state.clock_skew_seconds]
    return alarms + skews


def _clock_notice(state: ProviderState) -> dict[str, str]:
    text = wording.clock_text(state.clock_skew_seconds or 0, _name(state))
    return {
        "text": f"{text[:1].upper()}{text[1:]}; set it by a time server.",
        "tone": "warn",
        "url": reverse("admin:integrations_providerstate_changelist"),
    }


def _name(state: ProviderState) -> str:
    spec = SPECS.get(state.provider)
    return spec.name if spec else state.provider


def _notice(state: ProviderState) -> dict[str, str]:
    reason = state.reason.replace("_", " ") or "no reason given"
    what = "is paused for everybody" if state.is_paused else "raised an alarm"
    return {
        "text": f"{_name(state)} {what}: {reason}.",
        "tone": "bad" if state.is_paused else "warn",
        "url": reverse("admin:integrations_providerstate_changelist"),
    }

"""Answer those who watch the site: whether the process lives, whether all works.

The middleware for probes calls these, before sessions and hosts are looked at.
"""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations.services.upkeep import health

# A proxy adds one of them, and then the peer is not who asks.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Report whether all parts work, to operators each one; 503 when one does not."""
    report = health.report()
    is_ready = all(part["ok"] for part in report.values())
    body = {"ok": is_ready, **(report if is_operator(request) else {})}
    answer = JsonResponse(body, status=200 if is_ready else 503)
    # Django would write a line for each probe that is told so.
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


def is_operator(request: HttpRequest) -> bool:
    """Tell whether a request comes from this machine itself, or has the token."""
    token = settings.HEALTH_TOKEN.reveal()
    sent = request.headers.get("Authorization", "")
    if token and constant_time_compare(sent, f"Bearer {token}"):
        return True
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False

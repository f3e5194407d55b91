"""Answer those who watch the site: whether the process lives, whether all works.

The middleware for probes calls these, before sessions and hosts are looked at.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations.services.upkeep import health


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Report every part the site leans on; 503 when one of them is not well."""
    report = health.report()
    is_ready = all(part["ok"] for part in report.values())
    body = {"ok": is_ready, **report}
    answer = JsonResponse(body, status=200 if is_ready else 503)
    # Django would write a line for each probe that is told so.
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer

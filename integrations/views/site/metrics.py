"""Answer Prometheus, for whoever may see which part is not well."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from integrations.services.upkeep.metrics import exposition
from integrations.views.site.health import is_operator


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics of all processes to operators, nothing to anybody else."""
    if not is_operator(request):
        answer = HttpResponse("forbidden\n", status=403, content_type="text/plain")
        # Django would write a line for each.
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        return answer
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)

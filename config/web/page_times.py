"""Measure how long each view takes to answer."""

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from integrations.services.common import metrics

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def page_times(get_response: GetResponse) -> GetResponse:
    """Observe the time of every answer that a view of ours gave."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        response = get_response(request)
        match = request.resolver_match
        if match is not None:
            metrics.observe(
                metrics.PAGES,
                time.monotonic() - began,
                # Names of views are ours, so that nobody can make one up.
                view=match.view_name or "unnamed",
                status=f"{response.status_code // 100}xx",
            )
        return response

    return middleware

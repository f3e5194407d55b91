"""Characters that steer instead of being seen, drawn in every page that is sent.

Our own templates hold none of them, so what a page holds comes from other people's
text: escapes of a terminal, and marks that turn the direction of what follows them.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from integrations.http.observability.steering import ON_PAGES, drawn

GetResponse = Callable[[HttpRequest], HttpResponse]


def visible_controls(get_response: GetResponse) -> GetResponse:
    """Draw controls and marks of direction in HTML instead of obeying them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_html = response.headers.get("Content-Type", "").startswith("text/html")
        if is_html and not response.streaming:
            page = response.content.decode(response.charset)
            if ON_PAGES.search(page):
                response.content = drawn(page)
        return response

    return middleware

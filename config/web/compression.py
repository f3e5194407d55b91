"""Compressed pages, for whoever takes them so."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressedPages(GZipMiddleware):
    """Django's compression, of pages alone: files are streamed, at no one's cost.

    It hides the length of a page among random ones, and no page holds a secret of
    ours that is the same twice beside a text of a stranger's choice: the token of a
    form is masked anew each time.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress an answer that is a page."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming or not is_page:
            return response
        return super().process_response(request, response)

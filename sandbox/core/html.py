"""Fill the templates that lie beside the code; the engine escapes every value."""

from pathlib import Path
from typing import Any

from django.template import Context, Engine

from sandbox.core.serving.web import Response

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
# Without a referrer to itself a form comes from the origin "null".
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
# An engine of its own, which needs no settings.
ENGINE = Engine(dirs=[str(Path(__file__).parent.parent)])


def show_page(template: str, title: str, *, status: int = 200, **more: Any) -> Response:
    """Answer with the page of a template, named by its path in the sandbox."""
    context = Context({"title": title, **more}, use_l10n=False, use_tz=False)
    return Response(
        status=status,
        body=ENGINE.get_template(template).render(context).encode(),
        content_type="text/html;charset=utf-8",
        headers=[*HEADERS.items()],
    )

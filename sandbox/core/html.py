"""Write HTML in which every value is escaped unless it is HTML already."""

from collections.abc import Iterable
from html import escape
from string import Template
from typing import Any

from sandbox.core.web import Response

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<link rel="stylesheet" href="/assets/sandbox.css">
</head>
<body class="$kind">
<p class="banner" role="note">$banner</p>
<main>$main</main>
</body>
</html>
"""
)


class Safe(str):
    """Mark text as finished HTML."""

    __slots__ = ()


def fill(template: str, **values: Any) -> Safe:
    ready = {name: to_html(value) for name, value in values.items()}
    return Safe(Template(template).substitute(ready))


def to_html(value: Any) -> Safe:
    return value if isinstance(value, Safe) else Safe(escape(str(value)))


def join(parts: Iterable[Safe]) -> Safe:
    return Safe("\n".join(parts))


def each(template: str, rows: Iterable[dict[str, Any]]) -> Safe:
    return join(fill(template, **row) for row in rows)


def show_page(
    title: str, main: Safe, *, banner: str, kind: str, status: int = 200
) -> Response:
    page = PAGE.substitute(
        title=escape(title), banner=escape(banner), main=main, kind=escape(kind)
    )
    return Response(
        status=status,
        body=page.encode(),
        content_type="text/html;charset=utf-8",
        headers=[*HEADERS.items()],
    )

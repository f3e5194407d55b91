"""Answers of the web server itself, to what is no request that a page could answer."""

from typing import Final

from django.conf import settings

# No page of the site: it loads nothing, leads nowhere, and is kept by nobody.
HEADERS: Final = {
    "Cache-Control": "no-store, private",
    "Connection": "close",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Content-Type": "text/plain; charset=utf-8",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def refusal(status: str) -> bytes:
    """Return a whole answer of a status, like ``400 Bad Request``.

    It repeats nothing of what was sent.
    """
    headers = HEADERS | {"Content-Length": str(len(status) + 1)}
    if settings.SECURE_HSTS_SECONDS:
        headers["Strict-Transport-Security"] = _hsts()
    lines = [f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", f"{status}\n"]).encode("latin1")


def _hsts() -> str:
    told = f"max-age={settings.SECURE_HSTS_SECONDS}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        told += "; includeSubDomains"
    return told + ("; preload" if settings.SECURE_HSTS_PRELOAD else "")

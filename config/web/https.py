"""HTTPS behind a proxy: which scheme a trusted one names, and what to do if none does.

gunicorn knows the one word ``https``; lists and capitals are read here, of the same
proxies (``FORWARDED_ALLOW_IPS``) and no others.
"""

import logging
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from msgspec import Struct

GetResponse = Callable[[HttpRequest], HttpResponseBase]

logger = logging.getLogger(__name__)

HEADER = "X-Forwarded-Proto"
# A request's own name for its scheme, which no header can set. Django compares it by
# SECURE_PROXY_SSL_HEADER.
TRUSTED_SCHEME = "trusted_scheme"
HINTS = {
    "missing": f"Let the proxy send {HEADER}: https.",
    "untrusted": "Name the proxy's address in FORWARDED_ALLOW_IPS.",
    "list": "Set TRUSTED_PROXY_COUNT to how many proxies add to the header.",
    "unknown": f"Let the proxy send {HEADER}: https, or http.",
}


class Forwarded(Struct, frozen=True, kw_only=True):
    """What the proxy said: its words, and whether it may say them.

    Each proxy appends a word, so the one that counts stands as far from the end as
    there are proxies: what a client made up stands before it.
    """

    words: tuple[str, ...]
    is_trusted: bool

    @classmethod
    def of(cls, request: HttpRequest) -> "Forwarded":
        """Read the header of a request."""
        value = request.headers.get(HEADER, "")
        words = (word.strip().lower() for word in value.split(","))
        return cls(
            words=tuple(filter(None, words)),
            is_trusted=is_trusted_proxy(request.META.get("REMOTE_ADDR", "")),
        )

    @property
    def scheme(self) -> str:
        """Return the scheme that the outermost trusted proxy was asked by."""
        if not self.is_trusted or not self.words:
            return ""
        return self.words[-min(self._proxies, len(self.words))]

    @property
    def fault(self) -> str:
        """Return why nobody can tell how a client came, empty when that is clear."""
        if not self.words:
            return "missing"
        if not self.is_trusted:
            return "untrusted"
        if len(self.words) > self._proxies:
            return "list"
        return "" if self.scheme in {"http", "https"} else "unknown"

    @property
    def _proxies(self) -> int:
        return max(1, settings.ALLAUTH_TRUSTED_PROXY_COUNT)


def is_trusted_proxy(address: str) -> bool:
    """Tell whether an address may speak for others, as gunicorn decides it."""
    allowed = settings.FORWARDED_ALLOW_IPS
    # A Unix socket has no address, and nobody reaches it who may not.
    if not address or "*" in allowed:
        return True
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    return any(peer in ip_network(each, strict=False) for each in allowed)


def _bare(host: str) -> str:
    return host.lower().removesuffix(":80").removesuffix(":443")


class HttpsMiddleware(SecurityMiddleware):
    """Django's SecurityMiddleware, whose redirect to https never leads to itself."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._told: set[str] = set()

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:  # type: ignore[override]
        forwarded = Forwarded.of(request)
        if forwarded.scheme:
            request.META[TRUSTED_SCHEME] = forwarded.scheme
        answer = super().process_request(request)
        if answer is None or not forwarded.fault or not self._is_its_own(request):
            return answer
        self._tell(forwarded, request)
        return self._explain(request)

    def _is_its_own(self, request: HttpRequest) -> bool:
        """Tell whether the redirect would lead to the address that was asked for."""
        asked = request.META.get("HTTP_HOST", "")
        return _bare(asked) == _bare(self.redirect_host or "")

    def _tell(self, forwarded: Forwarded, request: HttpRequest) -> None:
        """Log what is wrong, each kind once."""
        fault = forwarded.fault
        if fault in self._told:
            return
        self._told.add(fault)
        logger.warning(
            "https not seen: %s=%r from %s (FORWARDED_ALLOW_IPS=%s) does not say that "
            "a request came by https, and a redirect would lead to itself. %s",
            HEADER,
            ",".join(forwarded.words)[:100],
            request.META.get("REMOTE_ADDR", ""),
            ",".join(settings.FORWARDED_ALLOW_IPS),
            HINTS[fault],
        )

    def _explain(self, request: HttpRequest) -> HttpResponse:
        answer = render(request, "https_not_seen.html", status=503)
        answer.headers["Cache-Control"] = "no-store"
        # Django would write a line for each; what is wrong has been said.
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
        return answer

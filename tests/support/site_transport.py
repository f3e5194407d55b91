"""Carry requests to the sandbox, and those to the site itself to its own views."""

import threading

from django.test import Client

from integrations.http.errors import Network
from integrations.http.sending.transport import Request, Response, Timeouts
from tests.support.provider_answers.sandbox_transport import BASE, SandboxTransport

SITE = "http://localhost:8000"


class SiteTransport:
    """Send to whichever of the two an address names; a part may be out of reach."""

    def __init__(self, sandbox: SandboxTransport) -> None:
        self.sandbox = sandbox
        self.away: set[str] = set()
        self.site_status: int | None = None
        # The sandbox of a test has one connection to its database.
        self._lock = threading.Lock()

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer as the sandbox or the site would."""
        if any(request.url.startswith(each) for each in self.away):
            raise Network("nobody is there", code="refused")
        if request.url.startswith(BASE):
            with self._lock:
                return self.sandbox.send(request, timeouts, max_bytes)
        if self.site_status is not None and not request.url.endswith("/health/live"):
            return Response(status=self.site_status)
        answer = Client().get(request.url.removeprefix(SITE))
        return Response(status=answer.status_code, body=answer.content)

"""Carry the product's requests into a sandbox of the same process."""

from collections import Counter
from typing import Self

from django.utils.http import http_date

from integrations.http.errors import Network
from integrations.http.sending.transport import Request, Response, Timeouts
from tests.sandbox.wsgi_client import Client
from tests.support.provider_answers.fake_transport import sent_headers

BASE = "http://localhost:8100"


class Line(str):
    """A request in the log: its method and address, and the body that it had."""

    __slots__ = ("body",)

    def __new__(cls, text: str, body: bytes) -> Self:
        line = super().__new__(cls, text)
        line.body = body
        return line


class SandboxTransport:
    """Send to a WSGI application instead of the network, and keep a log."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.log: list[Line] = []

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer from the sandbox; a dropped connection is a Network error."""
        assert request.url.startswith(BASE), f"unexpected {request.url}"
        headers = sent_headers(request)
        address = request.url.removeprefix(BASE)
        self.log.append(Line(f"{request.method} {address}", request.body or b""))
        kind = headers.pop("Content-Type", "application/json")
        try:
            answer = self.client.call(
                request.method,
                address,
                body=request.body,
                headers=headers,
                kind=kind,
            )
        except ConnectionResetError as exc:
            raise Network("the connection was reset", sent=True) from exc
        dated = {"Date": http_date(self.client.app.sandbox.clock()), **answer.headers}
        return Response(status=answer.status, headers=dated, body=answer.body)

    def count(self, part: str) -> int:
        """Return how many requests had this in their address."""
        return sum(part in line for line in self.log)

    def repeated(self, start: int = 0) -> dict[str, int]:
        """Return what was asked more than once since the log had that length."""
        asked = Counter((line, line.body) for line in self.log[start:])
        return {
            f"{line} {body.decode(errors='replace')}".strip(): times
            for (line, body), times in asked.items()
            if times > 1
        }

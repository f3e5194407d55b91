"""Answer requests from a list, and reject any that was not announced."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request, Response, Timeouts

Route = tuple[str, str, tuple[tuple[str, str], ...]]


class FakeTransport:
    """Stand in for the network: `on` announces one request and its answer."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: dict[Route, deque[Response | Exception]] = defaultdict(deque)

    def on(
        self,
        method: str,
        url: str,
        *,
        status: int = 200,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        error: Exception | None = None,
    ) -> "FakeTransport":
        """Expect `method url` once (its query in any order) and answer it so."""
        answer = error or Response(
            status=status,
            headers=headers or {},
            body=_body(json) if body is None else body,
            elapsed=0.01,
        )
        self._answers[_route(method, url)].append(answer)
        return self

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Give the announced answer; AssertionError when nobody announced it."""
        self.requests.append(request)
        waiting = self._answers.get(_route(request.method, request.url))
        if not waiting:
            raise AssertionError(f"unexpected {request.method} {request.url}")
        answer = waiting.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def assert_done(self) -> None:
        """Check that every announced request was made."""
        left = [route[:2] for route, waiting in self._answers.items() if waiting]
        assert not left, f"never asked for: {left}"


def sent_headers(request: Request) -> dict[str, str]:
    """Return the headers as they go over the wire, secrets included."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in request.headers.items()
    }


def sent_json(request: Request) -> Any:
    """Return the parsed JSON body of a request."""
    return json.loads(request.body or b"null")


def sent_form(request: Request) -> dict[str, str]:
    """Return the parsed form body of a request; a repeated field is an error."""
    pairs = parse_qsl((request.body or b"").decode(), keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), "a field was sent twice"
    return dict(pairs)


def _route(method: str, url: str) -> Route:
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    return method, base, tuple(query)


def _body(value: Any) -> bytes:
    return b"" if value is None else json.dumps(value).encode()

"""Speak WSGI with a request, a response and a router, and nothing more."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox
    from sandbox.oauth.grants import Token

type_environ = dict[str, Any]
MAX_BODY = 4 * 1024 * 1024


class BadBodyError(Exception):
    """Say that a request body is not what its handler must read."""


class Request:
    """Wrap one WSGI environment."""

    def __init__(self, environ: type_environ) -> None:
        """Keep the environment; everything else is read when asked for."""
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        raw_path = environ.get("PATH_INFO", "/")
        self.path = raw_path.encode("latin-1").decode("utf-8", "replace")
        self.params: dict[str, str] = {}
        self.account = ""
        self.bucket = ""
        self.token: Token | None = None

    @cached_property
    def query_string(self) -> str:
        """Return the query exactly as it was sent."""
        return str(self.environ.get("QUERY_STRING", ""))

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the query's fields; the last value wins."""
        return _to_fields(self.query_string)

    @cached_property
    def body(self) -> bytes:
        """Read the body once, up to a bound."""
        length = int(self.environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            raise BadBodyError("the request body is too large")
        return bytes(self.environ["wsgi.input"].read(length)) if length else b""

    @cached_property
    def form(self) -> dict[str, str]:
        """Return the fields of a form body; no other content type has any."""
        kind = str(self.environ.get("CONTENT_TYPE", "")).split(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return {}
        return _to_fields(self.body.decode("utf-8", "replace"))

    def json(self) -> Any:
        """Parse a JSON body."""
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise BadBodyError(str(exc)) from exc

    def header(self, name: str) -> str:
        """Return one request header, or an empty string."""
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    @property
    def origin(self) -> str:
        """Return scheme and host as the client addressed them."""
        host = self.header("Host") or "localhost"
        return f"{self.environ.get('wsgi.url_scheme', 'http')}://{host}"


@dataclass(kw_only=True)
class Response:
    """Hold what is sent back; a stream replaces the body when it is set."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    stream: Iterator[bytes] | None = None

    @property
    def data(self) -> Any:
        """Parse the body, for whoever wants to bend it."""
        return json.loads(self.body)

    def send(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Hand the response to the server."""
        headers = list(self.headers)
        if self.body or self.stream:
            headers.append(("Content-Type", self.content_type))
        if self.stream is None:
            headers.append(("Content-Length", str(len(self.body))))
        start_response(f"{self.status} {_reason(self.status)}", headers)
        return [self.body] if self.stream is None else self.stream


Handler = Callable[["Sandbox", Request], Response]


@dataclass(frozen=True, kw_only=True)
class Route:
    """Bind one method and path to a handler and to its fault families."""

    method: str
    path: str
    handler: Handler
    families: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name the endpoint in the statistics."""
        return f"{self.method} {self.path}"


class Router:
    """Find the route of a request, first match first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        """Compile the paths; `{name}` stands for one path segment."""
        self.routes = [(_to_regex(route.path), route) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        """Return the matching route and its path parameters."""
        for pattern, route in self.routes:
            if route.method in (method, "*") and (match := pattern.fullmatch(path)):
                return route, match.groupdict()
        return None, {}


def to_json(data: Any, status: int = 200) -> Response:
    """Answer with JSON."""
    body = json.dumps(data, separators=(",", ":")).encode()
    return Response(status=status, body=body)


def to_text(text: str, status: int = 200) -> Response:
    """Answer with plain text."""
    kind = "text/plain;charset=utf-8"
    return Response(status=status, body=text.encode(), content_type=kind)


def redirect(url: str, status: int = 302) -> Response:
    """Send the browser elsewhere."""
    headers = [("Location", url), ("Cache-Control", "no-store")]
    return Response(status=status, headers=headers)


def _to_regex(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _to_fields(text: str) -> dict[str, str]:
    parsed = parse_qs(text, keep_blank_values=True, errors="replace")
    return {name: values[-1] for name, values in parsed.items()}


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"

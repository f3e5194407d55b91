"""Speak WSGI with a request, a response and a router, and nothing more."""

import base64
import binascii
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http.client import responses
from typing import Any
from urllib.parse import parse_qsl

from sandbox.oauth.grants import Token

Pairs = list[tuple[str, str]]
NOT_SIMULATED = "The sandbox does not simulate this address.\n"
MAX_BODY = 4 * 1024 * 1024


class BadBodyError(Exception):
    """Say that a request body is not what its handler must read."""


class Request:
    """Wrap one WSGI environment."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        raw_path = environ.get("PATH_INFO", "/")
        self.path = raw_path.encode("latin-1").decode("utf-8", "replace")
        self.params: dict[str, str] = {}
        self.provider = ""
        self.route = ""
        self.account = ""
        self.bucket = ""
        self.token: Token | None = None

    @cached_property
    def query_string(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @cached_property
    def query_pairs(self) -> Pairs:
        return _to_pairs(self.query_string)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.query_pairs)

    @property
    def content_type(self) -> str:
        kind = str(self.environ.get("CONTENT_TYPE", ""))
        return kind.partition(";")[0].strip().lower()

    @cached_property
    def length(self) -> int:
        """Return how many bytes the client announced for its body."""
        return int(self.environ.get("CONTENT_LENGTH") or 0)

    @cached_property
    def body(self) -> bytes:
        if self.length > MAX_BODY:
            raise BadBodyError("the request body is too large")
        read = self.environ["wsgi.input"].read
        return bytes(read(self.length)) if self.length else b""

    @property
    def is_cut_off(self) -> bool:
        """Say whether the client went away in the middle of its body."""
        return self.length <= MAX_BODY and len(self.body) < self.length

    @cached_property
    def form_pairs(self) -> Pairs:
        if self.content_type != "application/x-www-form-urlencoded":
            return []
        return _to_pairs(self.body.decode("utf-8", "replace"))

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(self.form_pairs)

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise BadBodyError(str(exc)) from exc

    def header(self, name: str) -> str:
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    @property
    def bearer(self) -> str:
        kind, _, value = self.header("Authorization").partition(" ")
        return value if kind.lower() == "bearer" else ""

    @property
    def basic(self) -> tuple[str, str] | None:
        """Return id and secret of a Basic header that can be read."""
        kind, _, value = self.header("Authorization").partition(" ")
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        name, _, secret = text.partition(":")
        return (name, secret) if kind.lower() == "basic" else None

    @property
    def origin(self) -> str:
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

    def after(self, seconds: float | None) -> "Response":
        """Say when to come back, if there is anything to say."""
        if seconds is not None:
            self.headers.append(("Retry-After", f"{seconds:g}"))
        return self

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    def send(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = list(self.headers)
        if self.body or self.stream:
            headers.append(("Content-Type", self.content_type))
        if self.stream is None:
            headers.append(("Content-Length", str(len(self.body))))
        start_response(
            f"{self.status} {responses.get(self.status, 'Unassigned')}", headers
        )
        return [self.body] if self.stream is None else self.stream


class ApiRefusal(Exception):
    """Carry out of a handler, or of a command, what answers a refused call."""

    def __init__(self, answer: Callable[[Request], Response], why: str = "") -> None:
        super().__init__(why)
        self.answer = answer


def find_repeated(pairs: Pairs, names: Sequence[str] = ()) -> list[str]:
    counted = Counter(name for name, _ in pairs if not names or name in names)
    return sorted(name for name, count in counted.items() if count > 1)


def to_json(data: Any, status: int = 200) -> Response:
    body = json.dumps(data, separators=(",", ":")).encode()
    return Response(status=status, body=body)


def to_text(text: str, status: int = 200) -> Response:
    kind = "text/plain;charset=utf-8"
    return Response(status=status, body=text.encode(), content_type=kind)


def redirect(url: str, status: int = 302) -> Response:
    headers = [("Location", url), ("Cache-Control", "no-store")]
    return Response(status=status, headers=headers)


def _to_pairs(text: str) -> Pairs:
    return parse_qsl(text, keep_blank_values=True, errors="replace")

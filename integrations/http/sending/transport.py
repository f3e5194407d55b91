"""Send one request and read one bounded answer, within a total deadline."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final, Protocol

import requests
import urllib3
from msgspec import Struct, field
from msgspec.structs import force_setattr

from integrations.http.errors import InvalidResponse, Network
from integrations.http.secrets import Secret
from integrations.http.sending.deadline import Attempt, BoundedAdapter
from integrations.http.sending.urls import check_origin

CHUNK: Final = 64 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\Z")


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds a call may take: to connect, between two reads, and all in all."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 30.0


class Headers(Mapping[str, str]):
    """Response headers by case-insensitive name; repeated ones are joined."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        """Copy `headers`."""
        self._values = {key.lower(): val for key, val in (headers or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Request(Struct, frozen=True, kw_only=True):
    """One request, ready to send; its headers and body never show in a repr.

    A header that holds a credential is a Secret and is opened by the transport only.
    `fresh_connection` avoids a kept-alive connection: one that the server is just
    closing would leave the outcome of a request unknown.
    """

    method: str
    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    body: bytes | None = None
    fresh_connection: bool = False

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url})"


class Response(Struct, frozen=True, kw_only=True):
    """One complete answer; `elapsed` is in seconds, `body` is already decompressed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: bytes = b""
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.headers, Headers):
            force_setattr(self, "headers", Headers(self.headers))

    def __repr__(self) -> str:
        return f"Response({self.status}, {self.elapsed:.3f} s)"

    @property
    def is_success(self) -> bool:
        """Return whether the status is 2xx."""
        return 200 <= self.status < 300


class Transport(Protocol):
    """Whatever can send a request: the network, or a test."""

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Return the answer of any status; Network or InvalidResponse otherwise."""
        ...


class RequestsTransport:
    """Send over verified TLS with the adapter of requests.

    Only the adapter is used, not a Session: no cookies, no netrc, no proxies from
    the environment, no redirects (a Session reads a redirect's body without bound),
    no retries. One instance serves all threads and survives a fork.
    """

    def __init__(self, *, user_agent: str = "Mooring", pool_size: int = 96) -> None:
        """Call as `user_agent`; pool up to `pool_size` idle connections a host."""
        self._user_agent = user_agent
        self._pool_size = pool_size
        self._pid = os.getpid()
        self._shared = self._new_adapter()

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Send `request` and read at most `max_bytes` of decompressed body.

        Raises Network (with `sent`) when no complete answer came in time,
        InvalidResponse when it is too large or cannot be decompressed, and
        ValueError when the address or a header must not be sent at all.
        """
        prepared = _prepare(request, self._user_agent)
        attempt = Attempt(connect=timeouts.connect, read=timeouts.read)
        try:
            with attempt.within(timeouts.total), self._adapter(request) as adapter:
                answer = adapter.send(
                    prepared, stream=True, timeout=(timeouts.connect, timeouts.read)
                )
                with contextlib.closing(answer.raw):
                    return _read(answer, max_bytes, attempt)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            HTTPException,
            OSError,
        ) as exc:
            word = attempt.explain(exc)
            message = f"no complete answer ({attempt.doing}: {word})"
            raise Network(message, sent=attempt.sent, code=word) from exc

    @contextlib.contextmanager
    def _adapter(self, request: Request) -> Iterator[BoundedAdapter]:
        if request.fresh_connection:
            with contextlib.closing(self._new_adapter()) as adapter:
                yield adapter
            return
        if self._pid != os.getpid():
            # Two processes must never speak over the same inherited socket.
            self._pid, self._shared = os.getpid(), self._new_adapter()
        yield self._shared

    def _new_adapter(self) -> BoundedAdapter:
        return BoundedAdapter(pool_maxsize=self._pool_size, max_retries=0)


def _prepare(request: Request, user_agent: str) -> requests.PreparedRequest:
    """Open the secrets of `request` and check every header before it is used.

    The libraries below quote a bad header in their error, secret or not.
    """
    check_origin(request.url)
    if not _TOKEN.match(request.method):
        raise ValueError("the method is not a token")
    # Brotli and zstd are left out: two decoders fewer in front of a stranger.
    headers: dict[str, str] = {"Accept-Encoding": "gzip", "User-Agent": user_agent}
    for name, value in request.headers.items():
        plain = value.reveal() if isinstance(value, Secret) else value
        if not _TOKEN.match(name) or not _HEADER_VALUE.match(plain):
            raise ValueError(f"header {name!r} is empty or has illegal characters")
        headers[name] = plain
    return requests.Request(
        request.method, request.url, headers=headers, data=request.body
    ).prepare()


def _read(answer: requests.Response, max_bytes: int, attempt: Attempt) -> Response:
    headers = Headers(answer.headers)
    status = answer.status_code
    too_large = InvalidResponse(
        f"the answer is larger than {max_bytes} bytes", status=status
    )
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 18 or int(length) > max_bytes):
        raise too_large
    raw: Any = answer.raw
    body = bytearray()
    try:
        for chunk in raw.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > max_bytes:
                raise too_large
    except urllib3.exceptions.DecodeError as exc:
        message = "the answer cannot be decompressed"
        raise InvalidResponse(message, status=status) from exc
    raw.release_conn()
    return Response(
        status=status, headers=headers, body=bytes(body), elapsed=attempt.elapsed
    )

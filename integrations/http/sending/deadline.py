"""Total deadline of one attempt, enforced below the libraries that forget it.

The read timeout of a socket starts again with every byte, so a server that sends
one byte a second is never late. Here every single read, headers included, is given
only what is left of the total; beyond it, only what is there already is read, and
not much of it. What remains unbounded is the system's own name lookup, which cannot
be interrupted; nothing has been sent at that point, and an attempt that comes out of
it too late is not sent any more.
"""

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Final

import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LATE_BYTES: Final = 512 * 1024
_WORDS: Final[dict[type[BaseException], str]] = {
    TimeoutError: "timeout",
    ssl.SSLError: "tls",
    ssl.CertificateError: "tls",
    socket.gaierror: "unknown-host",
    ConnectionRefusedError: "refused",
    ConnectionResetError: "reset",
}

_attempt: ContextVar["Attempt"] = ContextVar("attempt")


class Attempt:
    """Know how far one attempt has come and how much time is left for it."""

    def __init__(self, *, connect: float, read: float) -> None:
        """Allow each address `connect` seconds and each read `read` seconds."""
        self.connect = connect
        self.read = read
        self.sent = False
        self.doing = "prepare"
        self._start = self._end = 0.0

    @contextlib.contextmanager
    def within(self, total: float) -> Iterator[None]:
        """Make this the attempt of the calling thread, for `total` seconds."""
        self._start = time.monotonic()
        self._end = self._start + total
        token = _attempt.set(self)
        try:
            yield
        finally:
            _attempt.reset(token)

    @property
    def elapsed(self) -> float:
        """Return the seconds since the attempt began."""
        return time.monotonic() - self._start

    @property
    def is_over(self) -> bool:
        """Return whether the total has passed."""
        return time.monotonic() >= self._end

    def left(self, at_most: float) -> float:
        """Return the seconds the next step may take; TimeoutError when none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("total deadline")
        return min(left, at_most)

    def explain(self, exc: BaseException) -> str:
        """Return what failed in one word; the libraries' own texts quote addresses."""
        if self.is_over:
            return "timeout"
        chain = list(_chain(exc))
        for kind, word in _WORDS.items():
            if any(isinstance(each, kind) for each in chain):
                return word
        return "lost"


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if exc is None:
            return
        yield exc
        exc = exc.__cause__ or exc.__context__


class _Reader(io.RawIOBase):
    """Read a socket, giving each read only what is left of the attempt."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._mine = _attempt.get()
        self._late_bytes = LATE_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._mine.is_over:
            return self._read_what_is_there(buffer)
        self._sock.settimeout(self._mine.left(self._mine.read))
        return self._raw.readinto(buffer)

    def _read_what_is_there(self, buffer: Any) -> int:
        """Take what has arrived, and wait for nothing more.

        A process that stood still past its deadline may find the whole answer in
        the socket. Dropping it would cost a grant whose refresh token was spent.
        """
        self._sock.settimeout(0)
        try:
            count = self._raw.readinto(buffer) if self._late_bytes > 0 else None
        except (BlockingIOError, ssl.SSLWantReadError):
            count = None
        if count is None:
            raise TimeoutError("total deadline")
        self._late_bytes -= count
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Bounded(urllib3.connection.HTTPConnection):
    """A connection that knows when its first byte leaves, and stops in time."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        """Try each address of the host, none beyond the total deadline."""
        attempt = _attempt.get()
        attempt.doing = "connect"
        host = self._dns_host.strip("[]")
        failure: OSError = OSError("the host has no address")
        for *kind, _, address in socket.getaddrinfo(
            host, self.port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(*kind)
            try:
                sock.settimeout(attempt.left(attempt.connect))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as exc:
                sock.close()
                failure = exc
            else:
                # The TLS handshake that may follow runs under this timeout.
                sock.settimeout(attempt.left(attempt.connect))
                return sock
        raise failure

    def send(self, data: Any) -> None:
        """Send, marking the attempt as sent just before the first byte."""
        attempt = _attempt.get()
        if self.sock is None:
            self.connect()
        attempt.doing = "send"
        self.sock.settimeout(attempt.left(attempt.read))
        attempt.sent = True
        super().send(data)
        attempt.doing = "read"


class _Plain(_Bounded):
    pass


class _Secure(_Bounded, urllib3.connection.HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class BoundedAdapter(HTTPAdapter):
    """The adapter of requests, over connections that keep the total deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our connections for both schemes."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _PlainPool,
            "https": _SecurePool,
        }

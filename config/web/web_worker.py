"""gunicorn worker that gives a request to a thread once all of it has arrived.

gunicorn's own threads read from the socket, so that a few clients who send slowly, or
never, take every thread. Here the main loop, which waits for any number of sockets at
once, reads heads and bodies; threads see whole requests only.
"""

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any, Final

from gunicorn import util
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from config.deep_calls import with_room
from config.web.refusals import refusal

# From the first byte to the last one of a request, and for its whole answer.
REQUEST_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 30.0
MOST_HEAD: Final = 64 * 1024
# Twice the largest file that is taken in, so that a page can say that one is too large;
# of other forms Django takes less, DATA_UPLOAD_MAX_MEMORY_SIZE.
MOST_BODY: Final = 10 * 1024 * 1024
# Of all requests that are arriving in one process.
MOST_BUFFERED: Final = 64 * 1024 * 1024
# So much of an answer the kernel takes over from a thread, if its limits let it.
SEND_BUFFER: Final = 1024 * 1024

_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r\n")
_ENCODED = re.compile(rb"(?i)\r\ntransfer-encoding[ \t]*:")


class RefusedRequest(Exception):
    """A request that will not be read to its end."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


def request_length(data: bytes | bytearray) -> int | None:
    """Return the length of the request that data begins with, None if unknown yet."""
    end = data.find(b"\r\n\r\n")
    if end > MOST_HEAD or (end < 0 and len(data) > MOST_HEAD):
        raise RefusedRequest(431, "Request Header Fields Too Large")
    if end < 0:
        return None
    head = bytes(data[: end + 2])
    if _ENCODED.search(head):
        # Its length is known at its end only, and nothing here takes such a body.
        raise RefusedRequest(411, "Length Required")
    length = _LENGTH.search(head)
    body = int(length[1]) if length else 0
    if body > MOST_BODY:
        raise RefusedRequest(413, "Content Too Large")
    return end + 4 + body


class BufferedConnection(TConn):
    """Connection with what has arrived of its next request."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.received = bytearray()
        self._length: int | None = None
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    @property
    def is_whole(self) -> bool:
        """Return whether a whole request has arrived."""
        if self._length is None:
            self._length = request_length(self.received)
        return self._length is not None and len(self.received) >= self._length

    def receive(self) -> bool:
        """Read what is there without waiting; False at the end of the connection."""
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, InterruptedError):
            return True
        self.received += data
        return bool(data)

    def feed_parser(self) -> None:
        """Give the request to the parser; what came behind it is the next one's."""
        self.init()
        self.parser.unreader.unread(bytes(self.received[: self._length]))
        del self.received[: self._length]
        self._length = None

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002
        """Close without waiting for the client, who has nothing more to say."""
        super().close(graceful=False)


class _Told:
    """Socket that takes in what gunicorn would have answered."""

    data = b""

    def gettimeout(self) -> float:
        return 0.0

    def sendall(self, data: bytes) -> None:
        self.data += data


class BufferedWorker(ThreadWorker):
    """Threaded worker whose main loop reads the requests.

    ``pending_conns`` are the connections whose request is arriving, oldest first.
    """

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and wait for its request."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        conn = BufferedConnection(self.cfg, client, address, listener.getsockname())
        self._await_request(conn)

    def on_client_socket_readable(
        self, conn: BufferedConnection, client: socket.socket
    ) -> None:
        """Wait for the next request of a connection that was kept open."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)
        self.on_pending_socket_readable(conn, client)

    def on_pending_socket_readable(
        self, conn: BufferedConnection, client: socket.socket
    ) -> None:
        """Read on, and give a whole request to a thread."""
        try:
            is_open = conn.receive()
            if conn.is_whole:
                super().on_pending_socket_readable(conn, client)
            elif not is_open:
                self._drop(conn)
        except RefusedRequest as refused:
            answer = refusal(f"{refused.status} {refused.reason}")
            with suppress(OSError):
                util.write_nonblock(conn.sock, answer)
            self._drop(conn)
        except OSError:
            self._drop(conn)

    def finish_request(self, conn: BufferedConnection, fs: "Future[Any]") -> None:
        """Go on with the next request at once where it has arrived already."""
        super().finish_request(conn, fs)
        if conn.received and conn in self.keepalived_conns:
            self.on_client_socket_readable(conn, conn.sock)

    def murder_pending(self) -> None:
        """Drop who takes too long; where room is short, the oldest ones."""
        if not self.alive:
            latest = time.monotonic() + STOP_KEEPALIVE_LINGER
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, latest)
        while self.pending_conns and self._is_full:
            self._drop(self.pending_conns[0])
        super().murder_pending()

    @with_room
    def handle(self, conn: BufferedConnection) -> Any:
        """Handle a whole request, in a thread."""
        conn.feed_parser()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: BufferedConnection) -> Any:
        """Answer within a time, however slowly the client reads."""
        conn.sock.settimeout(ANSWER_SECONDS)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what was no request with gunicorn's status, and our headers."""
        told = _Told()
        super().handle_error(req, told, addr, exc)
        status = told.data.partition(b"\r\n")[0].decode("latin1").partition(" ")[2]
        with suppress(OSError):
            util.write_nonblock(client, refusal(status))

    @property
    def _is_full(self) -> bool:
        buffered = sum(len(conn.received) for conn in self.pending_conns)
        return buffered > MOST_BUFFERED or self.nr_conns >= self.worker_connections

    def _await_request(self, conn: BufferedConnection) -> None:
        conn.timeout = time.monotonic() + REQUEST_SECONDS
        self.pending_conns.append(conn)
        callback: Callable[[socket.socket], None] = partial(
            self.on_pending_socket_readable, conn
        )
        self.poller.register(conn.sock, EVENT_READ, callback)

    def _drop(self, conn: BufferedConnection) -> None:
        self.pending_conns.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

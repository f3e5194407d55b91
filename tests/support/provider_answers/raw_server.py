"""Run a loopback server whose every byte a test decides."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from integrations.http.sending.transport import (
    Request,
    RequestsTransport,
    Response,
    Timeouts,
)

Behaviour = Callable[[socket.socket], None]


class RawServer:
    """Accept connections and give each, after its request, to a behaviour."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(
                    target=self._serve, args=(connection,), daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while head := connection.recv(65536):
                self.requests.append(head)
                self._behaviour(connection)

    def close(self) -> None:
        # Closing alone would leave the port open while a thread waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()


@contextlib.contextmanager
def serving(behaviour: Behaviour) -> Iterator[RawServer]:
    """Serve with `behaviour` on a free port until the block ends."""
    server = RawServer(behaviour)
    try:
        yield server
    finally:
        server.close()


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a whole answer with its length."""
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def send(
    url: str,
    *,
    timeouts: Timeouts | None = None,
    max_bytes: int = 100_000,
    transport: RequestsTransport | None = None,
    **fields: Any,
) -> Response:
    """Send one request, by default over a connection of its own."""
    request = Request(method=fields.pop("method", "GET"), url=url, **fields)
    return (transport or RequestsTransport()).send(
        request, timeouts or Timeouts(), max_bytes
    )


def closed_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])

"""Clients that keep a server waiting: for a head, a body or an end."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

POST = (
    "POST /accounts/login/ HTTP/1.1\r\nHost: {host}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
)
LIVE = "GET /health/live HTTP/1.1\r\nHost: {host}\r\n"
SLOW_BODY = POST + "Content-Length: 100000\r\n\r\ncsrf"
# What each kind sends at once, and what it adds twice a second.
KINDS = {
    "slow body": (SLOW_BODY, b"x"),
    "slow chunks": (POST + "Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "slow head": (POST + "X-Slow: ", b"x"),
    "silent": ("", b""),
    "slow second request": (LIVE + "\r\n" + SLOW_BODY, b"x"),
    "never closes": (LIVE + "Connection: close\r\n\r\n", b""),
}


@contextmanager
def slow_clients(kind: str, count: int, *, port: int, host: str) -> Iterator[None]:
    """Keep so many clients busy; one that is hung up on comes back."""
    first, then = KINDS[kind]
    begin = first.format(host=host).encode()
    clients = [_connect(port, begin) for _ in range(count)]
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.5):
            for number, client in enumerate(clients):
                try:
                    client.sendall(then)
                except OSError:
                    client.close()
                    clients[number] = _connect(port, begin)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for client in clients:
            client.close()


def _connect(port: int, begin: bytes) -> socket.socket:
    client = socket.socket()
    client.settimeout(5)
    client.connect(("127.0.0.1", port))
    client.sendall(begin)
    return client

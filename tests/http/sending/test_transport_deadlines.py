"""The network keeps to its deadlines, whatever the server does."""

import socket
import threading
import time

import pytest

from integrations.http.errors import Network
from integrations.http.sending.transport import (
    Timeouts,
)
from tests.support.provider_answers.raw_server import answer, send, serving

# Tenths of seconds, which a busy machine does not keep.
pytestmark = pytest.mark.alone

FAST = Timeouts(connect=0.3, read=0.2, total=0.5)
PATIENT_READ = Timeouts(connect=0.3, read=5.0, total=0.4)


@pytest.fixture(autouse=True)
def no_network():
    """Let this file through: it speaks to servers of its own, on loopback."""


def dribble(data, *, every=0.05):
    def behaviour(connection):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return behaviour


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda _: time.sleep(2),
        dribble(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100),
        dribble(b"HTTP/1.1 100 Continue\r\n\r\n" * 20, every=0.02),
        dribble(answer(b"x" * 10) + b"x" * 100, every=0.04),
        lambda c: (c.sendall(answer(b"x" * 100)[:-90]), dribble(b"x" * 90)(c)),
        lambda c: (
            c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            dribble(b"1\r\nx\r\n" * 50)(c),
        ),
    ],
    ids=["silent", "headers", "continue", "head", "body", "chunks"],
)
def test_a_slow_server_is_left_at_the_total_deadline(behaviour):
    start = time.monotonic()
    with serving(behaviour) as web, pytest.raises(Network) as caught:
        send(web.url, timeouts=PATIENT_READ)

    assert 0.3 < time.monotonic() - start < 0.9
    assert caught.value.sent
    assert caught.value.code == "timeout"


def test_an_answer_that_waits_in_the_socket_is_taken_after_the_deadline(monkeypatch):
    """A process that stood still must not drop tokens that have arrived."""
    sent = threading.Event()

    def behaviour(connection):
        connection.sendall(answer(b"x" * 40_000))
        sent.set()

    real_recv_into = socket.socket.recv_into

    def stand_still_once(sock, *args):
        monkeypatch.setattr(socket.socket, "recv_into", real_recv_into)
        sent.wait(5)
        time.sleep(0.6)
        return real_recv_into(sock, *args)

    with serving(behaviour) as web:
        monkeypatch.setattr(socket.socket, "recv_into", stand_still_once)
        response = send(web.url, timeouts=PATIENT_READ)

    assert response.body == b"x" * 40_000


def test_a_server_that_never_stops_talking_is_left_after_the_deadline():
    def behaviour(connection):
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)

    start = time.monotonic()
    with serving(behaviour) as web, pytest.raises(Network) as caught:
        send(web.url, timeouts=PATIENT_READ)

    assert time.monotonic() - start < 2
    assert caught.value.code == "timeout"


def test_a_silent_server_is_left_after_the_read_timeout():
    start = time.monotonic()
    with serving(lambda _: time.sleep(2)) as web, pytest.raises(Network) as caught:
        send(web.url, timeouts=Timeouts(connect=1, read=0.1, total=5))

    assert time.monotonic() - start < 0.6
    assert caught.value.sent


def test_a_host_that_takes_no_connection_is_left_after_the_connect_timeout():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    fillers = [socket.socket() for _ in range(4)]
    for each in fillers:
        each.setblocking(False)
        each.connect_ex(listener.getsockname())
    start = time.monotonic()

    with pytest.raises(Network) as caught:
        send(url, timeouts=Timeouts(connect=0.2, read=5, total=5))

    assert time.monotonic() - start < 1
    assert not caught.value.sent
    assert caught.value.code == "timeout"
    for each in [listener, *fillers]:
        each.close()


def test_many_dead_addresses_share_the_total_deadline(monkeypatch):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = [socket.socket() for _ in range(4)]
    for each in fillers:
        each.setblocking(False)
        each.connect_ex(address)
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [row] * 20)
    start = time.monotonic()

    with pytest.raises(Network) as caught:
        send("http://localhost:1", timeouts=Timeouts(connect=0.2, read=5, total=0.5))

    assert time.monotonic() - start < 0.9
    assert not caught.value.sent
    for each in [listener, *fillers]:
        each.close()


def test_a_stuck_tls_handshake_is_left_and_was_not_sent():
    start = time.monotonic()
    with serving(lambda _: time.sleep(2)) as web, pytest.raises(Network) as caught:
        send(web.url.replace("http:", "https:"), timeouts=FAST)

    assert time.monotonic() - start < 1
    assert not caught.value.sent

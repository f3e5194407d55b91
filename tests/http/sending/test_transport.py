"""An answer is taken whole and within bounds; nothing else is sent or kept."""

import gzip
import os
import socket
import threading
import time
import zlib

import pytest

from integrations.http.errors import InvalidResponse
from integrations.http.secrets import Secret
from integrations.http.sending.transport import (
    Headers,
    Request,
    RequestsTransport,
    Response,
    Timeouts,
)
from tests.support.provider_answers.raw_server import answer, closed_port, send, serving


@pytest.fixture(autouse=True)
def no_network():
    """Let this file through: it speaks to servers of its own, on loopback."""


def test_an_answer_comes_back_whole():
    with serving(lambda c: c.sendall(answer(b"hello", headers="X-Id: 7\r\n"))) as web:
        began = time.monotonic()
        response = send(web.url + "/a?b=c", headers={"X-Ask": "1"})
        took = time.monotonic() - began

    assert (response.status, response.body) == (200, b"hello")
    assert response.headers["x-ID"] == "7"
    assert 0 < response.elapsed <= took
    assert web.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    assert b"X-Ask: 1\r\n" in web.requests[0]


def test_every_request_says_whose_it_is():
    with serving(lambda c: c.sendall(answer(b""))) as web:
        send(web.url, transport=RequestsTransport(user_agent="Mooring/9 (+https://m)"))

    assert b"User-Agent: Mooring/9 (+https://m)\r\n" in web.requests[0]


def test_a_body_is_sent_as_it_is():
    with serving(lambda c: c.sendall(answer(b""))) as web:
        send(web.url, method="POST", body=b'{"a":1}')

    assert web.requests[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"Content-Length: 7\r\n" in web.requests[0]


@pytest.mark.parametrize(
    "data",
    [
        answer(b"x" * 1001),
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 2
        + b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 5000,
        answer(gzip.compress(b"x" * 100_000), headers="Content-Encoding: gzip\r\n"),
    ],
    ids=["length", "lie", "chunked", "until-close", "compressed"],
)
def test_too_large_an_answer_is_refused(data):
    def behaviour(connection):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)

    with serving(behaviour) as web, pytest.raises(InvalidResponse) as caught:
        send(web.url, max_bytes=1000)

    assert caught.value.status == 200


def test_an_answer_of_exactly_the_limit_is_read():
    with serving(lambda c: c.sendall(answer(b"x" * 1000))) as web:
        assert len(send(web.url, max_bytes=1000).body) == 1000


def test_a_decompression_bomb_is_never_held_whole():
    tracemalloc = pytest.importorskip("tracemalloc")
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(100))
    data = answer(bomb + packer.flush(), headers="Content-Encoding: gzip\r\n")
    with serving(lambda c: c.sendall(data)) as web:
        tracemalloc.start()
        with pytest.raises(InvalidResponse):
            send(web.url, max_bytes=1_000_000, timeouts=Timeouts())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peak < 10_000_000


def test_a_compressed_answer_is_opened():
    packed = gzip.compress(b"hello" * 100)
    data = answer(packed, headers="Content-Encoding: gzip\r\n")
    with serving(lambda c: c.sendall(data)) as web:
        assert send(web.url).body == b"hello" * 100


def test_a_broken_compression_is_an_invalid_response():
    data = answer(b"no gzip at all", headers="Content-Encoding: gzip\r\n")
    with serving(lambda c: c.sendall(data)) as web, pytest.raises(InvalidResponse):
        send(web.url)


@pytest.mark.parametrize("status", ["302 Found", "307 Again", "308 Moved"])
def test_a_redirect_is_an_answer_like_any_other(status):
    with serving(lambda c: c.sendall(answer(b""))) as elsewhere:
        data = answer(b"moved", status=status, headers=f"Location: {elsewhere.url}\r\n")
        with serving(lambda c: c.sendall(data)) as web:
            response = send(web.url, headers={"Authorization": Secret("Bearer x")})

        assert response.status == int(status[:3])
        assert elsewhere.connections == 0


def test_no_cookie_is_kept_for_the_next_request():
    data = answer(b"", headers="Set-Cookie: who=ada; Path=/\r\n")
    transport = RequestsTransport()
    with serving(lambda c: c.sendall(data)) as web:
        send(web.url, transport=transport)
        send(web.url, transport=transport)

    assert b"Cookie" not in web.requests[1]


def test_the_environment_adds_no_proxy_and_no_credentials(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with serving(lambda c: c.sendall(answer(b"ok"))) as web:
        assert send(web.url).body == b"ok"

    assert b"Authorization" not in web.requests[0]


@pytest.mark.parametrize("body", [b"hello", b""])
def test_a_connection_is_used_again(body):
    transport = RequestsTransport()
    with serving(lambda c: c.sendall(answer(body))) as web:
        for _ in range(3):
            send(web.url, transport=transport)

        assert web.connections == 1


def test_a_fresh_connection_is_never_a_kept_one():
    transport = RequestsTransport()
    with serving(lambda c: c.sendall(answer(b"hello"))) as web:
        send(web.url, transport=transport)
        send(web.url, transport=transport, fresh_connection=True)
        send(web.url, transport=transport, fresh_connection=True)

        assert web.connections == 3


def test_a_process_never_speaks_over_its_parents_connection(monkeypatch):
    transport = RequestsTransport()
    with serving(lambda c: c.sendall(answer(b"hello"))) as web:
        send(web.url, transport=transport)
        monkeypatch.setattr(os, "getpid", lambda: 1)
        send(web.url, transport=transport)
        send(web.url, transport=transport)

        assert web.connections == 2


def test_one_transport_serves_many_threads():
    transport = RequestsTransport()
    bodies = []
    with serving(lambda c: c.sendall(answer(b"hello"))) as web:
        threads = [
            threading.Thread(
                target=lambda: bodies.append(send(web.url, transport=transport).body),
                daemon=True,
            )
            for _ in range(20)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert bodies == [b"hello"] * 20


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/",
        "https://ada:pw@api.example/",
        "file:///etc/passwd",
        "http://localhost.example/",
    ],
)
def test_credentials_are_not_sent_in_clear_or_to_odd_addresses(url):
    with pytest.raises(ValueError):
        send(url)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": Secret("Bearer canary\r\nX-Evil: 1")},
        {"Authorization": Secret("Bearer canäry")},
        {"X-Empty": ""},
        {"Bad Name": "x"},
        {"X\r\nY": "x"},
    ],
)
def test_a_header_that_breaks_out_is_refused_without_quoting_it(headers):
    with pytest.raises(ValueError) as caught:
        send("https://api.example/", headers=headers)

    assert "can" not in str(caught.value)
    assert caught.value.__context__ is None


def test_requests_and_responses_show_no_contents():
    request = Request(
        method="POST", url="https://x.example", headers={"a": "canary"}, body=b"canary"
    )
    response = Response(status=200, headers={"set-cookie": "canary"}, body=b"canary")

    assert "canary" not in f"{request!r} {response!r}"


def test_headers_are_found_in_any_case():
    headers = Headers({"Retry-After": "3"})

    assert headers["RETRY-after"] == headers.get("retry-after") == "3"
    assert headers.get("x") is None
    assert list(headers) == ["retry-after"]

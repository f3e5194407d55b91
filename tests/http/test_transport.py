"""The network keeps to its deadlines and bounds, whatever the server does."""

import contextlib
import gzip
import os
import socket
import ssl
import struct
import threading
import time
import zlib

import pytest

from integrations.http.errors import InvalidResponse, Network
from integrations.http.secrets import Secret
from integrations.http.transport import (
    Headers,
    Request,
    RequestsTransport,
    Response,
    Timeouts,
)
from tests.support.raw_server import answer, serving

# Its deadlines are tenths of seconds, which a busy machine does not keep.
pytestmark = pytest.mark.alone

FAST = Timeouts(connect=0.3, read=0.2, total=0.5)
PATIENT_READ = Timeouts(connect=0.3, read=5.0, total=0.4)


@pytest.fixture(autouse=True)
def no_network():
    """Let this file through: it speaks to servers of its own, on loopback."""


def send(url, *, timeouts=FAST, max_bytes=100_000, transport=None, **fields):
    request = Request(method=fields.pop("method", "GET"), url=url, **fields)
    return (transport or RequestsTransport()).send(request, timeouts, max_bytes)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def dribble(data, *, every=0.05):
    def behaviour(connection):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return behaviour


def test_an_answer_comes_back_whole():
    with serving(lambda c: c.sendall(answer(b"hello", headers="X-Id: 7\r\n"))) as web:
        response = send(web.url + "/a?b=c", headers={"X-Ask": "1"})

    assert (response.status, response.body) == (200, b"hello")
    assert response.headers["x-ID"] == "7"
    assert 0 < response.elapsed < 1
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
@pytest.mark.alone
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


@pytest.mark.alone
def test_a_server_that_never_stops_talking_is_left_after_the_deadline():
    def behaviour(connection):
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)

    start = time.monotonic()
    with serving(behaviour) as web, pytest.raises(Network) as caught:
        send(web.url, timeouts=PATIENT_READ)

    assert time.monotonic() - start < 2
    assert caught.value.code == "timeout"


@pytest.mark.alone
def test_a_silent_server_is_left_after_the_read_timeout():
    start = time.monotonic()
    with serving(lambda _: time.sleep(2)) as web, pytest.raises(Network) as caught:
        send(web.url, timeouts=Timeouts(connect=1, read=0.1, total=5))

    assert time.monotonic() - start < 0.6
    assert caught.value.sent


def test_a_refused_connection_was_not_sent():
    with pytest.raises(Network) as caught:
        send(f"http://127.0.0.1:{closed_port()}")

    assert not caught.value.sent
    assert caught.value.code == "refused"


def test_an_unknown_host_was_not_sent(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Network) as caught:
        send("https://nowhere.invalid")

    assert not caught.value.sent
    assert caught.value.code == "unknown-host"


@pytest.mark.alone
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


@pytest.mark.alone
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


def test_a_server_that_speaks_no_tls_was_not_sent_anything():
    headers = {"Authorization": Secret("Bearer canary")}
    plain = serving(lambda c: c.sendall(b"HTTP/1.1 400 no\r\n\r\n"))
    with plain as web, pytest.raises(Network) as caught:
        send(web.url.replace("http:", "https:"), headers=headers)

    assert not caught.value.sent
    assert caught.value.code == "tls"
    assert b"canary" not in b"".join(web.requests)


@pytest.mark.alone
def test_a_stuck_tls_handshake_is_left_and_was_not_sent():
    start = time.monotonic()
    with serving(lambda _: time.sleep(2)) as web, pytest.raises(Network) as caught:
        send(web.url.replace("http:", "https:"))

    assert time.monotonic() - start < 1
    assert not caught.value.sent


def test_a_certificate_nobody_signed_is_refused(tmp_path):
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    seen = []

    def serve():
        with contextlib.suppress(OSError):
            raw = listener.accept()[0]
            with context.wrap_socket(raw, server_side=True) as connection:
                seen.append(connection.recv(1000))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with pytest.raises(Network) as caught:
        send(f"https://localhost:{listener.getsockname()[1]}")
    thread.join(2)
    listener.close()

    assert not caught.value.sent
    assert caught.value.code == "tls"
    assert not any(seen)


def test_a_reset_after_the_request_counts_as_sent():
    def reset(connection):
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()

    with serving(reset) as web, pytest.raises(Network) as caught:
        send(web.url)

    assert caught.value.sent


def test_an_answer_cut_short_is_a_failure_not_a_short_answer():
    def cut(connection):
        connection.sendall(answer(b"x" * 100)[:-50])
        connection.shutdown(socket.SHUT_RDWR)

    with serving(cut) as web, pytest.raises(Network) as caught:
        send(web.url)

    assert caught.value.sent


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


def self_signed(folder):
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path

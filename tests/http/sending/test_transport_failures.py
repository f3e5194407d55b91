"""A failure says whether the request may have reached the server."""

import contextlib
import socket
import ssl
import struct
import threading

import pytest

from integrations.http.errors import Network
from integrations.http.secrets import Secret
from tests.support.provider_answers.raw_server import answer, closed_port, send, serving


@pytest.fixture(autouse=True)
def no_network():
    """Let this file through: it speaks to servers of its own, on loopback."""


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


def test_a_server_that_speaks_no_tls_was_not_sent_anything():
    headers = {"Authorization": Secret("Bearer canary")}
    plain = serving(lambda c: c.sendall(b"HTTP/1.1 400 no\r\n\r\n"))
    with plain as web, pytest.raises(Network) as caught:
        send(web.url.replace("http:", "https:"), headers=headers)

    assert not caught.value.sent
    assert caught.value.code == "tls"
    assert b"canary" not in b"".join(web.requests)


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

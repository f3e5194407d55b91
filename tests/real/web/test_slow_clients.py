"""Slow clients, many more than there are threads, keep nobody else from a page."""

import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest
import requests

from tests.real.support.fixtures import MakeStack
from tests.real.support.stack import Stack
from tests.support.slow_clients import KINDS, slow_clients

pytestmark = pytest.mark.real

SLOW = 64


@pytest.fixture(scope="module")
def web(make_any_stack: MakeStack) -> Iterator[Stack]:
    stack = make_any_stack()
    try:
        stack.start("valkey", "web")
        yield stack
    finally:
        stack.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_answered_beside_slow_clients(web: Stack, kind: str) -> None:
    address = urlsplit(web.url)

    with slow_clients(kind, SLOW, port=address.port or 80, host=address.netloc):
        for _ in range(3):
            page = requests.get(f"{web.url}/accounts/login/", timeout=10)

            assert page.status_code == 200


def test_a_large_form_arrives_whole(web: Stack) -> None:
    page = requests.post(
        f"{web.url}/accounts/login/", data={"login": "x" * 2_000_000}, timeout=10
    )

    # Read to its end, and refused for its missing token.
    assert page.status_code == 403


NO_REQUESTS = {
    b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 70_000: 431,
    b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 9_000 + b"\r\n\r\n": 431,
    b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n": 414,
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n": 413,
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n": 411,
    b"GET / HTTP/1.1\r\n<script>: 1\r\n\r\n": 400,
}


def answer_to(sent: bytes, web: Stack) -> HTTPResponse:
    address = urlsplit(web.url)
    with socket.create_connection((address.hostname, address.port), 10) as client:
        client.sendall(sent)
        answer = HTTPResponse(client)
        answer.begin()
        assert b"script" not in answer.read()
    return answer


def test_what_is_no_request_is_refused_like_any_other(web: Stack) -> None:
    answers = {status: answer_to(sent, web) for sent, status in NO_REQUESTS.items()}

    for status, answer in answers.items():
        assert answer.status == status
        assert answer.headers["Cache-Control"] == "no-store, private"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"

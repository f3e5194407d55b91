"""The redirect to https believes trusted proxies, and never leads to itself."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

HOST = "mooring.example.com"
PATH = "/accounts/login/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _public() -> Iterator[None]:
    with override_settings(
        ALLOWED_HOSTS=[HOST],
        SECURE_SSL_REDIRECT=True,
        SECURE_SSL_HOST=HOST,
        FORWARDED_ALLOW_IPS=["10.0.0.0/24", "127.0.0.1"],
        ALLAUTH_TRUSTED_PROXY_COUNT=1,
    ):
        yield


class Site:
    """One process of the site, asked from wherever."""

    def __init__(self) -> None:
        self.client = Client()

    def __call__(
        self, proto: str | None, *, peer: str = "127.0.0.1", host: str = HOST
    ) -> Any:
        said = {} if proto is None else {"x-forwarded-proto": proto}
        return self.client.get(PATH, headers={"host": host} | said, REMOTE_ADDR=peer)


@pytest.fixture
def ask() -> Site:
    return Site()


@pytest.mark.parametrize("proto", ["https", "HTTPS", " https ", "https, https"])
def test_a_trusted_proxy_that_says_https_is_believed(ask: Site, proto: str) -> None:
    assert ask(proto).status_code == 200


@pytest.mark.parametrize("peer", ["10.0.0.9", ""])
def test_a_network_and_a_socket_can_be_trusted(ask: Site, peer: str) -> None:
    assert ask("Https", peer=peer).status_code == 200


def test_a_client_that_came_by_http_is_sent_to_https(ask: Site) -> None:
    answer = ask("http")

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://{HOST}{PATH}"


def test_another_host_is_sent_to_the_public_one(ask: Site) -> None:
    assert ask(None, host="old.example.com").status_code == 301


@pytest.mark.parametrize(
    ("proto", "peer", "hint"),
    [
        (None, "127.0.0.1", "Let the proxy send X-Forwarded-Proto"),
        ("", "127.0.0.1", "Let the proxy send X-Forwarded-Proto"),
        ("https,http", "127.0.0.1", "TRUSTED_PROXY_COUNT"),
        ("wss", "127.0.0.1", "Let the proxy send X-Forwarded-Proto"),
        ("https", "192.0.2.7", "Name the proxy's address in FORWARDED_ALLOW_IPS"),
    ],
)
def test_a_redirect_that_would_lead_to_itself_is_explained_and_logged_once(
    ask: Site, proto: str | None, peer: str, hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answers = [ask(proto, peer=peer) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {503}
    page = answers[0].content.decode()
    assert "X-Forwarded-Proto" in page
    assert "FORWARDED_ALLOW_IPS" in page
    assert "no-store" in answers[0].headers["Cache-Control"]
    assert "default-src 'none'" in answers[0].headers["Content-Security-Policy"]
    # Nor does Django write a line for each.
    (line,) = [record.getMessage() for record in caplog.records]
    assert "X-Forwarded-Proto" in line
    assert "FORWARDED_ALLOW_IPS" in line
    assert hint in line


@pytest.mark.parametrize("host", [f"{HOST}:443", f"{HOST}:80", HOST.upper()])
def test_the_public_host_is_known_in_all_its_forms(ask: Site, host: str) -> None:
    assert ask(None, host=host).status_code == 503


def test_each_kind_of_fault_is_logged(
    ask: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            ask(None)
            ask("https", peer="192.0.2.7")

    assert len(caplog.records) == 2


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=2)
@pytest.mark.parametrize(
    ("proto", "status"),
    [("https,http", 200), ("http,http", 301), ("https,http,http", 503)],
)
def test_of_two_proxies_the_outer_one_counts_and_never_a_clients_word(
    ask: Site, proto: str, status: int
) -> None:
    assert ask(proto).status_code == status


def test_what_a_stranger_says_makes_nothing_secure(ask: Site) -> None:
    answer = ask("https", peer="192.0.2.7")

    assert answer.status_code == 503
    assert not answer.cookies


def test_a_probe_is_answered_without_https() -> None:
    assert Client().get("/health/live", headers={"host": HOST}).status_code == 200

"""Slow clients, many more than there are threads, keep nobody else from a page."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.real.fixtures import MakeStack
from tests.real.stack import Stack
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

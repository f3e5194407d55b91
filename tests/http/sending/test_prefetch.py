"""Prefetching saves a wait and changes nothing else: not limits, not errors."""

import pytest

from integrations.http import errors
from integrations.http.client import ApiClient
from integrations.http.resilience.limits import Limit
from integrations.http.secrets import Secret
from tests.support.provider_answers.fake_transport import FakeTransport

BASE = "https://api.example/v0"
PAGE = BASE + "/items?page="
LIMITS = [Limit(key="burst", limit=10, seconds=1)]


class Recorder:
    """Grant everything and count, or refuse from the second request on."""

    def __init__(self, *, refuses=False):
        self.asked = 0
        self.refuses = refuses

    def acquire(self, limits):
        assert limits == LIMITS
        self.asked += 1
        if self.refuses and self.asked > 1:
            raise errors.RateLimited("our own limit is used up", retry_after=7.0)
        return 0.5

    def block(self, key, seconds):
        raise AssertionError("nobody said 429")


@pytest.fixture
def web():
    return FakeTransport().on("GET", PAGE + "1", json=["a"])


def client(web, **options):
    options = {"limiter": Recorder(), "may_prefetch": True} | options
    return ApiClient(
        base_url=BASE,
        token=lambda: Secret("t1"),
        transport=web,
        limits=LIMITS,
        sleep=lambda _: None,
        rand=lambda: 0.5,
        **options,
    )


def read(api, page):
    return api.get("/items", params={"page": page})


def prefetch(api, page):
    api.prefetch("/items", params={"page": page})


def test_the_next_get_takes_the_answer_that_is_under_way(web):
    web.on("GET", PAGE + "2", json=["b"])
    api = client(web)
    read(api, 1)

    prefetch(api, 2)

    assert read(api, 2) == ["b"]
    assert (api.calls, api.limiter.asked) == (2, 2)
    # Of what was waited for its limit, what the call itself had to wait for.
    assert 0.5 <= api.waited <= 1.0
    web.assert_done()


def test_a_call_for_something_else_drops_the_answer(web):
    web.on("GET", PAGE + "2", json=["b"]).on("GET", PAGE + "3", json=["c"])
    web.on("GET", PAGE + "2", json=["b again"])
    api = client(web)
    read(api, 1)

    prefetch(api, 2)

    assert read(api, 3) == ["c"]
    assert read(api, 2) == ["b again"]


def test_what_goes_wrong_is_told_to_the_get_and_repeated_as_ever(web):
    lost = errors.Network("reset", sent=True)
    web.on("GET", PAGE + "2", error=lost).on("GET", PAGE + "2", json=["b"])
    api = client(web)
    read(api, 1)

    prefetch(api, 2)

    assert read(api, 2) == ["b"]
    assert api.calls == 3


def test_a_limit_that_is_used_up_is_told_to_the_get(web):
    api = client(web, limiter=Recorder(refuses=True))
    read(api, 1)

    prefetch(api, 2)

    with pytest.raises(errors.RateLimited) as caught:
        read(api, 2)
    assert caught.value.retry_after == 7.0
    assert api.calls == 1


def test_a_token_refused_to_a_prefetch_is_refreshed(web):
    web.on("GET", PAGE + "2", status=401).on("GET", PAGE + "2", json=["b"])
    refused = []
    api = client(web, on_unauthorized=lambda token: refused.append(token) or True)
    read(api, 1)

    prefetch(api, 2)

    assert read(api, 2) == ["b"]
    assert refused == [Secret("t1")]


def test_nothing_is_prefetched_without_leave(web):
    api = client(web, may_prefetch=False)
    read(api, 1)
    sent = len(web.requests)

    prefetch(api, 2)

    assert len(web.requests) == sent


def test_a_token_that_cannot_be_had_is_told_to_the_call_itself(web):
    def away():
        raise errors.Transient("the provider is away", retry_after=5)

    api = client(web, may_prefetch=True)
    read(api, 1)
    api.token = away

    prefetch(api, 2)

    with pytest.raises(errors.Transient):
        read(api, 2)

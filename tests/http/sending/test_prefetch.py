"""Prefetching saves a wait and changes nothing else: not limits, not errors."""

import threading
from contextvars import ContextVar
from datetime import UTC, datetime

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


def finish():
    """Wait for all that was sent ahead, whether anybody looks at it or not."""
    for thread in threading.enumerate():
        if thread.daemon and "run" in thread.name:
            thread.join(30)


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"json": ["b"]}, 200), ({"error": errors.Network("x")}, None)],
)
def test_what_nobody_looks_at_is_observed_as_well(web, answer, status):
    web.on("GET", PAGE + "2", **answer)
    seen = []
    api = client(web, observe=lambda *call: seen.append(call))
    read(api, 1)

    prefetch(api, 2)
    finish()
    api.drop_prefetched()

    assert seen == [("GET", "/items", 200), ("GET", "/items", status)]
    assert api.calls == len(seen)


def test_what_was_never_sent_is_not_observed(web):
    seen = []
    api = client(web, limiter=Recorder(refuses=True), observe=lambda *c: seen.append(c))
    read(api, 1)

    prefetch(api, 2)

    with pytest.raises(errors.RateLimited):
        read(api, 2)
    assert len(seen) == api.calls == 1


def test_the_time_of_an_answer_is_that_of_its_request(web):
    web.on("GET", PAGE + "2", json=["b"])
    api = client(web)
    read(api, 1)
    assert api.oldest_asked_at is None
    before = datetime.now(UTC)
    prefetch(api, 2)
    after = datetime.now(UTC)

    prefetch(api, 2)
    read(api, 2)

    assert before <= api.oldest_asked_at <= after


def test_what_is_logged_ahead_belongs_to_whoever_asked(web):
    web.on("GET", PAGE + "2", json=["b"])
    run, seen = ContextVar("run", default=""), []
    api = client(web, observe=lambda *_: seen.append(run.get()))
    read(api, 1)
    run.set("a run")

    prefetch(api, 2)
    finish()

    assert seen == ["", "a run"]


def test_an_answer_that_takes_the_place_of_another_needs_no_more_space(web):
    web.on("GET", PAGE + "2", json=["b"]).on("GET", PAGE + "3", json=["c"])
    api = client(web)
    read(api, 1)
    # Room for one such answer.
    api.max_bytes = api._largest

    assert api.prefetch("/items", params={"page": 2}, lane="a")
    assert api.prefetch("/items", params={"page": 3}, lane="a")
    assert not api.prefetch("/items", params={"page": 3}, lane="b")

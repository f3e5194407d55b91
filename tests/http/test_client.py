"""The client asks politely: right token, right limits, few repeats, clear errors."""

import logging

import pytest

from integrations.http import errors
from integrations.http.client import ApiClient
from integrations.http.resilience.limits import Limit, LocalLimiter
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Timeouts
from tests.support.provider_answers.fake_transport import (
    FakeTransport,
    sent_headers,
    sent_json,
)

BASE = "https://api.example/v0"
ITEMS = BASE + "/items"


class Recorder:
    """A limiter that grants everything and writes down what it was asked."""

    def __init__(self, *, refuse=None, slept=0.0):
        self.asked, self.blocked = [], []
        self.refuse, self.slept = refuse, slept

    def acquire(self, limits):
        self.asked.append([each.key for each in limits])
        if self.refuse:
            raise self.refuse
        return self.slept

    def block(self, key, seconds):
        self.blocked.append((key, seconds))


@pytest.fixture
def web():
    return FakeTransport()


def client(web, *, tokens=("t1",), **options):
    left = list(tokens)
    options.setdefault("limiter", Recorder())
    options.setdefault("sleep", lambda _: None)
    return ApiClient(
        base_url=BASE,
        token=lambda: Secret(left.pop(0) if len(left) > 1 else left[0]),
        transport=web,
        rand=lambda: 0.5,
        **options,
    )


def test_a_get_returns_the_parsed_answer_and_counts(web):
    web.on("GET", ITEMS + "?q=a+b&page=2", json={"rows": [1]})
    api = client(web, headers={"X-Version": "3"}, limiter=Recorder(slept=1.5))

    body = api.get("/items", params={"q": "a b", "page": 2})

    assert body == {"rows": [1]}
    assert (api.calls, api.waited) == (1, 1.5)
    headers = sent_headers(web.requests[0])
    assert headers["Authorization"] == "Bearer t1"
    assert headers["X-Version"] == "3"
    assert "%20" in web.requests[0].url


def test_the_token_is_never_in_the_url_nor_in_a_repr(web):
    web.on("GET", ITEMS, json={})
    api = client(web, tokens=["canary"])

    api.get("/items")

    assert "canary" not in f"{web.requests[0]!r} {api!r}"


def test_a_body_goes_out_as_json(web):
    web.on("POST", ITEMS, json={"id": "1"})
    web.on("PATCH", ITEMS + "/1", json={"id": "1"})
    web.on("DELETE", ITEMS + "/1", status=204)
    api = client(web)

    assert api.post("/items", json={"name": "é\ud800"}) == {"id": "1"}
    assert api.patch("/items/1", json=[]) == {"id": "1"}
    assert api.delete("/items/1") is None

    assert sent_json(web.requests[0]) == {"name": "é\ud800"}
    assert sent_json(web.requests[1]) == []
    assert web.requests[2].body is None


@pytest.mark.parametrize("status", [200, 201])
def test_an_empty_success_is_not_taken_for_an_empty_listing(web, status):
    for _ in range(2):
        web.on("GET", ITEMS, status=status, body=b"")

    with pytest.raises(errors.NotJson) as caught:
        client(web).get("/items")

    assert caught.value.status == status


@pytest.mark.parametrize("path", ["//evil.example/x", "https://evil.example/", "/.."])
def test_a_path_cannot_take_the_token_elsewhere(web, path):
    with pytest.raises(ValueError):
        client(web).get(path)

    assert not web.requests


def test_a_client_of_an_unsafe_origin_cannot_be_made(web):
    with pytest.raises(ValueError):
        ApiClient(
            base_url="http://api.example",
            token=lambda: Secret("t"),
            transport=web,
            limiter=Recorder(),
        )


def test_a_refused_token_is_renewed_once_and_the_call_repeated(web):
    web.on("POST", ITEMS, status=401).on("POST", ITEMS, json={"ok": True})
    refused = []
    api = client(
        web,
        tokens=["old", "new"],
        on_unauthorized=lambda token: refused.append(token.reveal()) or True,
    )

    assert api.post("/items", json={}) == {"ok": True}
    assert refused == ["old"]
    assert sent_headers(web.requests[1])["Authorization"] == "Bearer new"


def test_a_second_401_is_final(web):
    web.on("GET", ITEMS, status=401).on("GET", ITEMS, status=401)
    refused = []
    api = client(web, on_unauthorized=lambda token: refused.append(token) or True)

    with pytest.raises(errors.Unauthorized):
        api.get("/items")

    assert len(refused) == 1
    assert api.calls == 2


def test_a_401_without_a_fresher_token_is_final_at_once(web):
    web.on("GET", ITEMS, status=401)

    with pytest.raises(errors.Unauthorized):
        client(web).get("/items")


@pytest.mark.parametrize(
    "failure",
    [
        {"error": errors.Network("cut")},
        {"status": 503},
        {"status": 500},
        {"status": 200, "body": b"<html>One moment</html>"},
    ],
)
def test_a_passing_failure_of_a_read_is_tried_once_more(web, failure):
    slept = []
    web.on("GET", ITEMS, **failure).on("GET", ITEMS, json=[1])
    api = client(web, sleep=slept.append)

    assert api.get("/items") == [1]
    assert slept == [0.5]
    assert api.waited == 0.5


def test_a_failure_that_stays_goes_up(web):
    web.on("GET", ITEMS, status=503).on("GET", ITEMS, error=errors.Network("cut"))

    with pytest.raises(errors.Network):
        client(web).get("/items")


def test_a_server_that_asks_for_a_long_pause_is_not_asked_again(web):
    web.on("GET", ITEMS, status=503, headers={"Retry-After": "30"})

    with pytest.raises(errors.Server) as caught:
        client(web).get("/items")

    assert caught.value.retry_after == 30


@pytest.mark.parametrize(
    "failure",
    [{"error": errors.Network("x")}, {"status": 502}, {"status": 200, "body": b"<p>"}],
)
@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_a_write_is_never_repeated_by_itself(web, method, failure):
    web.on(method.upper(), ITEMS, **failure)
    body = {} if method == "delete" else {"json": {}}

    with pytest.raises(errors.Transient):
        getattr(client(web), method)("/items", **body)

    assert len(web.requests) == 1


def test_a_post_that_only_reads_may_be_repeated(web):
    web.on("POST", ITEMS, status=502).on("POST", ITEMS, json={"rows": []})

    assert client(web).post("/items", json={}, is_read=True) == {"rows": []}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429])
def test_what_is_refused_is_not_repeated(web, status):
    web.on("GET", ITEMS, status=status)

    with pytest.raises(errors.ApiError) as caught:
        client(web).get("/items")

    assert caught.value.status == status


def test_limits_are_asked_before_every_attempt(web):
    web.on("GET", ITEMS, status=500).on("GET", ITEMS, json={}).on("GET", ITEMS, json={})
    limiter = Recorder()
    api = client(web, limiter=limiter, limits=[Limit(key="a", limit=1, seconds=1)])

    api.get("/items")
    api.get("/items", limits=[Limit(key="b", limit=1, seconds=1)])

    assert limiter.asked == [["a"], ["a"], ["b"]]


def test_our_own_throttle_stops_the_call_before_it_is_made(web):
    refuse = errors.RateLimited("full", retry_after=9, bucket="a")

    with pytest.raises(errors.RateLimited) as caught:
        client(web, limiter=Recorder(refuse=refuse)).get("/items")

    assert caught.value.bucket == "a"
    assert not web.requests


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "12"}, 12), ({}, 30), ({"Retry-After": "0"}, 1)],
)
def test_a_429_blocks_the_buckets_for_everybody(web, headers, seconds):
    web.on("GET", ITEMS, status=429, headers=headers)
    limiter = Recorder()
    limits = [Limit(key="a", limit=9, seconds=1), Limit(key="b", limit=9, seconds=1)]
    api = client(web, limiter=limiter, limits=limits, default_retry_after=30)

    with pytest.raises(errors.RateLimited) as caught:
        api.get("/items")

    assert limiter.blocked == [("a", seconds), ("b", seconds)]
    assert caught.value.retry_after is not None


def test_another_client_of_the_same_limit_waits_after_a_429(web):
    web.on("GET", ITEMS, status=429, headers={"Retry-After": "60"})
    limiter = LocalLimiter()
    limits = [Limit(key="a", limit=9, seconds=1)]
    with pytest.raises(errors.RateLimited):
        client(web, limiter=limiter, limits=limits).get("/items")

    with pytest.raises(errors.RateLimited) as caught:
        client(web, limiter=limiter, limits=limits).get("/other")

    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert len(web.requests) == 1


def test_the_correlation_id_is_kept_on_errors(web):
    web.on("GET", ITEMS, status=400, headers={"X-Request": "abc\x1b[31m"})

    with pytest.raises(errors.InvalidRequest) as caught:
        client(web, correlation_headers=["X-Other", "X-Request"]).get("/items")

    assert caught.value.correlation_id == "abc\\x1b[31m"


def test_a_provider_can_read_its_errors_itself(web):
    web.on("GET", ITEMS, json={"error": "pending"})

    with pytest.raises(errors.NotFound):
        client(web, classify=lambda _: errors.NotFound("pending")).get("/items")


def test_a_redirect_is_an_error_not_a_journey(web):
    web.on("GET", ITEMS, status=302, headers={"Location": "https://evil.example/"})

    with pytest.raises(errors.InvalidResponse):
        client(web).get("/items")


def test_the_log_names_the_call_but_no_query_token_or_body(web, caplog):
    caplog.set_level(logging.DEBUG)
    web.on("GET", ITEMS + "?email=ada", json={"name": "grace"}, headers={"X-Id": "c7"})

    client(web, tokens=["canary"], correlation_headers=["X-Id"]).get(
        "/items", params={"email": "ada"}
    )

    assert "GET /items status=200 ms=10 correlation=c7" in caplog.text
    assert not any(word in caplog.text for word in ("ada", "grace", "canary"))


def test_the_deadlines_reach_the_transport(web):
    seen = []

    class Watching(FakeTransport):
        def send(self, request, timeouts, max_bytes):
            seen.append((timeouts, max_bytes))
            return super().send(request, timeouts, max_bytes)

    watching = Watching().on("GET", ITEMS, json={})
    timeouts = Timeouts(connect=1, read=2, total=3)

    client(watching, timeouts=timeouts, max_bytes=99).get("/items")

    assert seen == [(timeouts, 99)]

"""What has a limit of its own is asked for in a lane of its own, beside the others."""

import threading

import pytest

from integrations.http import errors
from integrations.http.client import ApiClient
from integrations.http.resilience.limits import Limit, LocalLimiter
from integrations.http.secrets import Secret
from integrations.http.sending import prefetch
from integrations.http.sending.prefetch import MOST_AHEAD
from integrations.http.sending.transport import Response

BASE = "https://api.example/v0"
SECONDS_TO_WAIT = 30


class Network:
    """Answer each path from a list, hold back all until told, and note what came."""

    def __init__(self):
        self.requests = []
        self.answers = {}
        self.free = threading.Event()
        self.free.set()
        self._noting = threading.Condition()

    def on(self, path, *answers):
        self.answers.setdefault(BASE + path, []).extend(answers)
        return self

    def send(self, request, timeouts, max_bytes):
        with self._noting:
            self.requests.append(request)
            self._noting.notify_all()
            answer = self.answers[request.url].pop(0)
        assert self.free.wait(SECONDS_TO_WAIT)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait_for(self, count):
        with self._noting:
            came = self._noting.wait_for(
                lambda: len(self.requests) >= count, SECONDS_TO_WAIT
            )
        assert came, f"only {self.paths()}"

    def paths(self):
        return sorted(each.url.removeprefix(BASE) for each in self.requests)


def ok(text, *, pad=0):
    return Response(status=200, body=b'"' + text.encode() + b" " * pad + b'"')


def refused(status, **headers):
    return Response(status=status, headers=headers, body=b"{}")


@pytest.fixture
def web():
    return Network()


@pytest.fixture
def limiter():
    return LocalLimiter(max_wait=0.0)


@pytest.fixture
def fresh(web, limiter):
    """Return a client that has no answer yet."""
    return ApiClient(
        base_url=BASE,
        token=lambda: Secret("t1"),
        transport=web,
        limiter=limiter,
        sleep=lambda _: None,
        rand=lambda: 0.5,
        may_prefetch=True,
    )


@pytest.fixture
def api(fresh, web):
    """Return a client that knows how large an answer is."""
    web.on("/known", ok("known"))
    fresh.get("/known")
    web.requests.clear()
    fresh.calls = 0
    return fresh


def limit_of(lane, *, calls=100):
    return [Limit(key=lane, limit=calls, seconds=3600)]


def ahead(api, path, *, lane, calls=100):
    return api.prefetch(path, limits=limit_of(lane, calls=calls), lane=lane)


def test_several_lanes_are_under_way_at_once(api, web):
    web.on("/a", ok("a")).on("/b", ok("b")).on("/c", ok("c"))
    web.free.clear()

    for lane in "abc":
        ahead(api, f"/{lane}", lane=lane)
    web.wait_for(3)
    web.free.set()

    assert [api.get(f"/{lane}") for lane in "cab"] == ["c", "a", "b"]
    assert api.calls == len(web.requests) == 3


def test_a_lane_is_not_dropped_by_calls_for_others(api, web):
    web.on("/a", ok("a")).on("/x", ok("x")).on("/b", ok("b"))
    ahead(api, "/a", lane="a")
    ahead(api, "/b", lane="b")

    assert api.get("/x") == "x"

    assert (api.get("/b"), api.get("/a")) == ("b", "a")
    assert web.paths() == ["/a", "/b", "/x"]


def test_the_same_request_is_not_sent_twice(api, web):
    web.on("/a", ok("a"))

    assert ahead(api, "/a", lane="a")
    assert ahead(api, "/a", lane="a")

    assert api.get("/a") == "a"
    assert web.paths() == ["/a"]


def test_a_lane_has_one_answer_at_a_time(api, web):
    web.on("/a1", ok("old"), ok("anew")).on("/a2", ok("a2"))
    ahead(api, "/a1", lane="a")

    ahead(api, "/a2", lane="a")

    assert (api.get("/a2"), api.get("/a1")) == ("a2", "anew")


def test_there_are_no_more_lanes_than_some(api, web):
    for number in range(MOST_AHEAD):
        web.on(f"/{number}", ok("a page"))
        assert ahead(api, f"/{number}", lane=str(number))

    assert not ahead(api, "/more", lane="more")

    web.wait_for(MOST_AHEAD)
    assert api.get("/0") == "a page"
    web.on("/more", ok("more"))
    assert ahead(api, "/more", lane="more")


def test_all_lanes_together_hold_no_more_than_one_answer_may(api, web):
    api.max_bytes = 1000
    web.on("/large", ok("x", pad=400)).on("/a", ok("a")).on("/b", ok("b"))
    api.get("/large")

    assert ahead(api, "/a", lane="a")
    assert ahead(api, "/b", lane="b")
    assert not ahead(api, "/c", lane="c")


def test_one_is_under_way_until_it_is_known_how_large_answers_are(fresh, web):
    web.on("/a", ok("a")).on("/b", ok("b")).on("/c", ok("c"))
    web.free.clear()
    assert ahead(fresh, "/a", lane="a")
    assert not ahead(fresh, "/b", lane="b")

    web.free.set()
    assert fresh.get("/a") == "a"
    assert [ahead(fresh, f"/{lane}", lane=lane) for lane in "bc"] == [True, True]


def test_a_process_has_so_many_under_way_and_no_more(api, web, monkeypatch):
    monkeypatch.setattr(prefetch, "_places", threading.BoundedSemaphore(1))
    web.on("/a", ok("a")).on("/b", ok("b"))
    web.free.clear()
    assert ahead(api, "/a", lane="a")
    assert not ahead(api, "/b", lane="b")

    web.free.set()
    assert [api.get("/a"), api.get("/b")] == ["a", "b"]


def test_what_gets_no_thread_is_asked_for_in_its_turn(api, web, monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    web.on("/a", ok("a"))

    assert not ahead(api, "/a", lane="a")
    assert api.get("/a") == "a"
    assert len(web.requests) == 1


def test_what_failed_ahead_is_not_repeated_where_nothing_may_be(api, web):
    web.on("/a", errors.Network("gone"))
    ahead(api, "/a", lane="a")
    api.may_repeat = False

    with pytest.raises(errors.Network):
        api.get("/a")
    assert len(web.requests) == 1


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_no_answer_is_used_that_may_be_older_than_a_write(api, web, method):
    web.on("/a", ok("before"), ok("after")).on("/w", ok("written"))
    ahead(api, "/a", lane="a")
    web.wait_for(1)

    options = {} if method == "delete" else {"json": {}}
    getattr(api, method)("/w", **options)

    assert api.get("/a") == "after"


def test_a_post_that_only_reads_leaves_what_is_under_way(api, web):
    web.on("/a", ok("a")).on("/search", ok("found"))
    ahead(api, "/a", lane="a")

    assert api.post("/search", json={}, is_read=True) == "found"

    assert api.get("/a") == "a"
    assert web.paths() == ["/a", "/search"]


def test_a_post_takes_no_answer_that_was_sent_for(api, web):
    web.on("/a", ok("got"), ok("posted"))
    ahead(api, "/a", lane="a")
    web.wait_for(1)

    assert api.post("/a", json={}, is_read=True) == "posted"
    assert api.get("/a") == "got"


def test_an_error_belongs_to_the_call_it_was_sent_for(api, web):
    web.on("/a", refused(404)).on("/b", ok("b")).on("/c", ok("c"))
    for lane in "abc":
        ahead(api, f"/{lane}", lane=lane)

    assert api.get("/b") == "b"
    with pytest.raises(errors.NotFound):
        api.get("/a")
    assert api.get("/c") == "c"


def test_a_token_that_several_lanes_were_refused_is_renewed_once(api, web):
    current, renewed = ["t1"], []

    def renew(rejected):
        # As the source of tokens does: another one than is current is not renewed.
        if rejected.reveal() == current[0]:
            current[0] = f"t{len(renewed) + 2}"
            renewed.append(rejected)
        return True

    api.token, api.on_unauthorized = lambda: Secret(current[0]), renew
    for lane in "abc":
        web.on(f"/{lane}", refused(401), ok(lane))
        ahead(api, f"/{lane}", lane=lane)
    web.wait_for(3)

    assert [api.get(f"/{lane}") for lane in "abc"] == ["a", "b", "c"]
    assert renewed == [Secret("t1")]
    sent = [each.headers["Authorization"].reveal() for each in web.requests]
    assert sent == ["Bearer t1"] * 3 + ["Bearer t2"] * 3


def test_a_429_blocks_its_own_lane_before_anybody_looks_at_it(api, web, limiter):
    web.on("/a", refused(429, **{"Retry-After": "30"})).on("/b", ok("b"))
    blocked = threading.Event()
    block = limiter.block

    def noting(key, seconds):
        assert (key, seconds) == ("a", 30.0)
        block(key, seconds)
        blocked.set()

    limiter.block = noting
    ahead(api, "/a", lane="a")
    ahead(api, "/b", lane="b")

    assert blocked.wait(SECONDS_TO_WAIT)
    assert api.get("/b") == "b"
    with pytest.raises(errors.RateLimited):
        api.get("/a2", limits=limit_of("a"))
    with pytest.raises(errors.RateLimited) as caught:
        api.get("/a")
    assert caught.value.retry_after == 30.0
    assert web.paths() == ["/a", "/b"]


def test_a_limit_that_is_used_up_stops_its_own_lane_only(api, web):
    web.on("/a1", ok("a1")).on("/b", ok("b"))
    assert api.get("/a1", limits=limit_of("a", calls=1)) == "a1"

    ahead(api, "/a2", lane="a", calls=1)
    ahead(api, "/b", lane="b", calls=1)

    with pytest.raises(errors.RateLimited):
        api.get("/a2", limits=limit_of("a", calls=1))
    assert api.get("/b") == "b"
    assert web.paths() == ["/a1", "/b"]


def test_what_is_dropped_while_it_waits_for_its_limit_is_never_sent(api, web):
    waiting, go, over = threading.Event(), threading.Event(), threading.Event()

    class Slow:
        def acquire(self, limits):
            waiting.set()
            assert go.wait(SECONDS_TO_WAIT)
            over.set()
            return 1.0

    api.limiter = Slow()
    ahead(api, "/a", lane="a")
    assert waiting.wait(SECONDS_TO_WAIT)

    api.drop_prefetched()
    go.set()

    assert over.wait(SECONDS_TO_WAIT)
    for thread in threading.enumerate():
        if thread.daemon and "run" in thread.name:
            thread.join(SECONDS_TO_WAIT)
    assert (web.requests, api.calls, api.waited) == ([], 0, 0.0)


def test_waiting_beside_others_is_counted_once(api, web):
    class Late:
        """Say that waiting took long, though nobody had to wait for it."""

        def acquire(self, limits):
            return 100.0

    api.limiter = Late()
    for lane in "abc":
        web.on(f"/{lane}", ok(lane))
        ahead(api, f"/{lane}", lane=lane)
    web.wait_for(3)

    for lane in "abc":
        api.get(f"/{lane}")

    assert api.waited < SECONDS_TO_WAIT


def test_the_lane_whose_answer_came_first_can_be_read_first(api, web):
    web.on("/a", ok("a")).on("/b", ok("b"))
    web.free.clear()
    ahead(api, "/a", lane="a")
    web.wait_for(1)
    assert api.is_awaited("a")
    assert not api.is_awaited("b")
    web.free.set()

    api.wait_for_one(["a", "b"])

    assert not api.is_awaited("a")
    assert api.get("/a") == "a"

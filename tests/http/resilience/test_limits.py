"""Limits within one process, and without Redis."""

import pytest
from redis.exceptions import ConnectionError as RedisGoneError

from integrations.http.errors import RateLimited
from integrations.http.resilience.circuit_breaker import CircuitBreaker
from integrations.http.resilience.limits import Limit, LocalLimiter, RedisLimiter


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def local(clock, **options):
    return LocalLimiter(clock=clock, sleep=clock.sleep, **options)


def rate(limit, seconds, *, key="k"):
    return Limit(key=key, limit=limit, seconds=seconds)


def most_in_any_window(times, seconds):
    return max(sum(1 for t in times if start <= t < start + seconds) for start in times)


def test_a_limit_is_never_exceeded_in_any_window(clock):
    limiter = local(clock)
    times = []

    for step in range(100):
        limiter.acquire([rate(5, 1)])
        times.append(clock.now)
        clock.now += 0.01 * (step % 7)

    assert most_in_any_window(times, 1) == 5


def test_a_short_wait_is_slept_and_reported(clock):
    limiter = local(clock)
    limiter.acquire([rate(1, 2)])

    assert limiter.acquire([rate(1, 2)]) == pytest.approx(2)
    assert clock.slept == [pytest.approx(2)]


def test_a_long_wait_is_raised_not_slept(clock):
    limiter = local(clock)
    limiter.acquire([rate(1, 60)])

    with pytest.raises(RateLimited) as caught:
        limiter.acquire([rate(1, 60)])

    assert caught.value.retry_after == pytest.approx(60)
    assert caught.value.bucket == "k"
    assert clock.slept == []


def test_all_sleeps_of_one_request_together_stay_under_the_limit(clock):
    limiter = local(clock)

    class Greedy(Clock):
        """Somebody else always takes the place that comes free."""

        def sleep(self, seconds):
            super().sleep(seconds)
            clock.now = self.now
            limiter._ask([rate(1, 2)])

    greedy = Greedy()
    limiter._sleep = greedy.sleep
    limiter.acquire([rate(1, 2)])

    with pytest.raises(RateLimited):
        limiter.acquire([rate(1, 2)])

    assert sum(greedy.slept) <= 5


def test_several_limits_are_taken_all_or_none(clock):
    limiter = local(clock)
    limiter.acquire([rate(1, 60, key="narrow")])

    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            limiter.acquire([rate(2, 60, key="wide"), rate(1, 60, key="narrow")])

    assert caught.value.bucket == "narrow"
    assert limiter.acquire([rate(2, 60, key="wide")]) == 0
    assert limiter.acquire([rate(2, 60, key="wide")]) == 0


def test_a_blocked_bucket_stays_blocked_and_is_never_shortened(clock):
    limiter = local(clock)
    limiter.block("k", 30)
    limiter.block("k", 3)

    with pytest.raises(RateLimited) as caught:
        limiter.acquire([rate(9, 1)])

    assert caught.value.retry_after == pytest.approx(30)
    clock.now += 30
    assert limiter.acquire([rate(9, 1)]) == 0


def test_no_limits_means_no_wait(clock):
    assert local(clock).acquire([]) == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"limit": 0},
        {"seconds": 0},
        {"key": ""},
    ],
)
def test_a_senseless_limit_cannot_be_made(bad):
    with pytest.raises(ValueError):
        Limit(**{"key": "k", "limit": 1, "seconds": 1, **bad})


@pytest.mark.parametrize(("limit", "granted"), [(100, 25), (10, 2), (3, 1)])
def test_a_fraction_is_rounded_down_and_at_least_one(clock, limit, granted):
    limiter = local(clock, fraction=0.25)
    for _ in range(granted):
        assert limiter.acquire([rate(limit, 60)]) == 0

    with pytest.raises(RateLimited):
        limiter.acquire([rate(limit, 60)])


def test_memory_stays_bounded_by_the_limit(clock):
    limiter = local(clock, max_wait=1e9)
    for _ in range(1000):
        limiter.acquire([rate(5, 0.001)])

    assert len(limiter._grants["k"]) <= 5


class FakeRedis:
    """A Redis whose scripts answer from a list, or fail."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = 0

    def register_script(self, script):
        def run(keys, args):
            self.calls += 1
            answer = self.answers.pop(0) if self.answers else RedisGoneError("gone")
            if isinstance(answer, Exception):
                raise answer
            return answer

        return run


def shared(redis, clock):
    breaker = CircuitBreaker("limiter", clock=clock)
    return RedisLimiter(redis, circuit_breaker=breaker, clock=clock, sleep=clock.sleep)


def test_without_redis_a_quarter_of_the_limit_is_left(clock):
    limiter = shared(FakeRedis(), clock)
    for _ in range(25):
        limiter.acquire([rate(100, 60)])

    with pytest.raises(RateLimited) as caught:
        limiter.acquire([rate(100, 60)])

    assert caught.value.bucket == "k"


def test_a_dead_redis_is_not_asked_on_every_call(clock):
    redis = FakeRedis()
    limiter = shared(redis, clock)
    for _ in range(10):
        limiter.acquire([rate(1000, 60)])
    assert redis.calls == 1

    clock.now += 5.1
    limiter.acquire([rate(1000, 60)])

    assert redis.calls == 2


def test_redis_is_used_again_when_it_is_back(clock):
    redis = FakeRedis(RedisGoneError("gone"), [0, 0], [6000, 1])
    limiter = shared(redis, clock)
    limiter.acquire([rate(1000, 60)])
    clock.now += 5.1
    limiter.acquire([rate(1000, 60)])

    with pytest.raises(RateLimited) as caught:
        limiter.acquire([rate(1000, 60)])

    assert caught.value.retry_after == 6


def test_a_block_without_redis_is_kept_here(clock):
    limiter = shared(FakeRedis(), clock)

    limiter.block("k", 30)

    with pytest.raises(RateLimited):
        limiter.acquire([rate(1000, 60)])


def test_a_lost_redis_is_logged_once_per_outage(clock, caplog):
    limiter = shared(FakeRedis(), clock)
    for _ in range(5):
        limiter.acquire([rate(1000, 60)])
        clock.now += 3

    assert caplog.text.count("circuit open user=limiter") == 1

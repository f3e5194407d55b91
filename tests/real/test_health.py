"""Health on real servers: one that answers and takes no work is not well."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests

from tests.real.fixtures import MakeStack
from tests.real.processes import wait_until
from tests.real.stack import Stack

pytestmark = pytest.mark.real


@pytest.fixture
def stack(make_stack: MakeStack) -> Stack:
    made = make_stack()
    made.start("valkey", "web")
    return made


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

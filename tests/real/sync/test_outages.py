"""While the broker takes nothing, the log of each process says so in one line."""

import time

import pytest
import redis

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.real
PROCESSES = ("beat", "worker-refresh")


@pytest.fixture
def stack(make_stack: MakeStack) -> Stack:
    made = make_stack(LOG_LEVEL="INFO")
    made.start("valkey", *PROCESSES)
    wait_until(lambda: made.rows("select at from integrations_heartbeat"), "a tick")
    return made


def said(stack: Stack, name: str) -> list[str]:
    return [line for line in stack.log(name).splitlines() if "outage" in line]


def test_a_full_broker_is_one_line_of_beat_and_its_end_another(stack: Stack) -> None:
    with redis.Redis(port=stack.valkey_port) as valkey:
        valkey.config_set("maxmemory", 1)
        wait_until(lambda: said(stack, "beat"), "the outage is said")
        # Long enough for some ticks more to fail.
        time.sleep(8)
        valkey.config_set("maxmemory", 0)
    wait_until(lambda: len(said(stack, "beat")) > 1, "its end is said")

    begins, over = said(stack, "beat")
    assert "outage begins part=broker" in begins
    assert "outage over part=broker" in over
    assert "held_back=0" not in over
    assert "Traceback" not in stack.log("beat")


def test_a_broker_that_is_gone_is_one_line_and_its_end_another(stack: Stack) -> None:
    stack.kill("valkey")
    for name in PROCESSES:
        wait_until(lambda name=name: said(stack, name), f"{name} says the outage")
    time.sleep(5)
    stack.start("valkey")

    for name in PROCESSES:
        wait_until(lambda name=name: len(said(stack, name)) > 1, f"{name} says its end")
        assert "outage begins part=broker" in said(stack, name)[0]
        assert "outage over part=broker" in said(stack, name)[1]
        assert "Traceback" not in stack.log(name)
        assert "Cannot connect" not in "".join(said(stack, name)[1:])

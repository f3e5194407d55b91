"""RabbitMQ carries the work as Redis does, by TLS of an authority of one's own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from config.background.queues import QUEUES
from tests.real.operations.certificates import make_certificates
from tests.real.operations.rabbitmq import RabbitMQ
from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.real
OPEN_RUNS = "select 1 from integrations_syncrun where state <> 'finished'"
DONE = "select outcome from integrations_syncrun where state = 'finished'"


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[RabbitMQ]:
    server = RabbitMQ(tmp_path, make_certificates(tmp_path / "tls"))
    yield server
    server.close()


@pytest.fixture
def stack(make_stack: MakeStack, rabbit: RabbitMQ) -> Stack:
    values = {"BROKER_URL": rabbit.url, "LOG_LEVEL": "INFO", "SWEEP_INTERVAL": "2"}
    made = make_stack(**values)
    made.join_workers()
    rabbit.wait()
    made.start()
    return made


def part(stack: Stack, name: str) -> dict[str, Any]:
    """Return what /health/ready says of one part."""
    answer = requests.get(f"{stack.url}/health/ready", timeout=9)
    return dict(answer.json()[name])


def told(stack: Stack) -> dict[str, Any]:
    """Return the figures of the panel about the broker's queues."""
    found = json.loads(stack.manage("status", "--json").stdout)["storage"]
    return {name: n for name, n in found.items() if name.startswith("queue_")}


def assert_doctor_passes(stack: Stack) -> None:
    checks = ("broker", "broker_memory", "redis_version", "workers", "scheduler")
    # A page asks what the command does, at a tenth of its cost.
    for name in ("scheduler", "workers"):
        wait_until(
            lambda name=name: part(stack, name)["ok"],
            f"{name}: shown by now",
            seconds=90,
            every=1,
        )
    wait_until(
        lambda: not stack.manage("doctor", *checks, check=False).returncode,
        "the schedule has shown itself",
        every=2,
    )
    said = stack.manage("doctor", "--json", *checks).stdout
    states = {each["id"]: each["state"] for each in json.loads(said)["checks"]}
    assert {states[name] for name in checks} == {"passed"}


def test_work_goes_through_rabbitmq_and_waits_while_it_is_away(
    stack: Stack, rabbit: RabbitMQ
) -> None:
    alice = stack.user("alice@example.com")
    path = alice.connect("hubspot")
    stack.wait_for_row(f"{DONE} and outcome = 'complete'")
    wait_until(lambda: not stack.rows(OPEN_RUNS), "the first sync ends")
    stack.rows(
        "update integrations_credential set refresh_due_at = '2020-01-01 00:00:00'"
        " returning version"
    )
    stack.wait_for_row("select 1 from integrations_credential where version > 1")

    figures = told(stack)
    assert set(figures) == {f"queue_{name}" for name in QUEUES}
    assert set(map(type, figures.values())) == {int}
    assert_doctor_passes(stack)

    rabbit.freeze()
    assert not part(stack, "broker")["ok"]
    assert alice.get("/connections/").elapsed.total_seconds() < 5
    rabbit.thaw()
    wait_until(lambda: part(stack, "broker")["ok"], "it answers again")

    rabbit.kill()
    assert not part(stack, "broker")["ok"]
    alice.submit(path, "/sync/")
    assert stack.rows(OPEN_RUNS)
    rabbit.start()
    rabbit.wait()
    wait_until(lambda: not stack.rows(OPEN_RUNS), "the sync goes on", seconds=120)
    assert {outcome for (outcome,) in stack.rows(DONE)} == {"complete"}
    stats = stack.ask_sandbox("stats")
    assert (stats["double_spends"], stats["overlapping_spends"]) == (0, 0)
    for name in ("worker", "beat"):
        wait_until(
            lambda name=name: "outage over" in stack.log(name), f"{name} is well"
        )
        begins = [ln for ln in stack.log(name).splitlines() if "outage begins" in ln]
        assert 1 <= len(begins) <= 3, name
        assert "Traceback" not in stack.log(name), name

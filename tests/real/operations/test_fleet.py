"""Two hosts, two schedulers and three workers of each queue do the work once.

Beside PostgreSQL they have a Redis behind Sentinel, by TLS of an authority of one's
own, and the primary of that dies in mid load.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.real.operations.certificates import make_certificates
from tests.real.operations.sentinels import PASSWORD, Sentinels
from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import free_ports, wait_until
from tests.real.support.stack import BASE_DIR, Stack
from tests.real.support.web_user import WebUser

pytestmark = [
    pytest.mark.real,
    pytest.mark.parametrize("database", ["postgres"]),
]
COUNT = "select count(*) from integrations_item where deleted_at is null"
OPEN_RUNS = "select 1 from integrations_syncrun where state <> 'finished'"
RUNS = "select count(*), count(distinct due_at) from integrations_syncrun"
PARTS = ("database", "broker", "cache", "queues", "scheduler", "workers")


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[Sentinels]:
    servers = Sentinels(tmp_path, make_certificates(tmp_path / "tls"))
    yield servers
    servers.close()


@pytest.fixture
def fleet(make_stack: MakeStack, sentinels: Sentinels, database: str) -> Stack:
    stack = make_stack(database, REDIS_URL=sentinels.url, SWEEP_INTERVAL="2")
    stack.join_workers()
    commands = stack.commands
    for number in (2, 3):
        name = f"worker-{number}"
        commands[name] = [
            word.replace("@%h", f"{number}@%h") for word in commands["worker"]
        ]
    commands["beat-2"] = commands["beat"]
    stack.start()
    return stack


@pytest.fixture
def second(fleet: Stack) -> str:
    """Return the address of another host of the same site."""
    [port] = free_ports(1)
    *command, _bind, address = fleet.commands["web"]
    host = address.partition(":")[0]
    fleet.commands["web-2"] = [*command, "--bind", f"{host}:{port}"]
    fleet.start("web-2")
    url = f"http://localhost:{port}"
    wait_until(lambda: is_live(url), "the other host answers", seconds=120)
    return url


def is_live(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/live", timeout=5).ok
    except requests.RequestException:
        return False


def is_well(url: str) -> bool:
    parts = requests.get(f"{url}/health/ready", timeout=9).json()
    return all(parts[name]["ok"] for name in PARTS)


def loads(fleet: Stack) -> WebUser:
    """Return whose account is being loaded, slowly enough for something to happen."""
    fleet.sandbox("faults/add", kind="latency", ms=600, family="list")
    alice = fleet.user("alice@example.com")
    alice.connect("hubspot")
    wait_until(lambda: fleet.rows(COUNT)[0][0], "items arrive", seconds=120)
    assert fleet.rows(OPEN_RUNS)
    return alice


def make_due(fleet: Stack, table: str, column: str) -> None:
    fleet.rows(
        f"update integrations_{table} set {column} = '2020-01-01 00:00:00Z' returning 1"
    )


def test_a_fleet_does_its_work_once_and_outlives_a_failover(
    fleet: Stack, second: str, sentinels: Sentinels
) -> None:
    alice = loads(fleet)
    make_due(fleet, "credential", "refresh_due_at")
    former = sentinels.kill_primary()

    for address in (fleet.url, second):
        answer = alice.get(f"{address}/connections/")
        assert (answer.status_code, answer.url) == (200, f"{address}/connections/")
        assert answer.elapsed.total_seconds() < 5
    wait_until(lambda: sentinels.primary() != former, "the replica took over")
    fleet.sandbox("calm")
    wait_until(lambda: not fleet.rows(OPEN_RUNS), "the sync ends", seconds=120)
    live = fleet.ask_sandbox("inventory", provider="hubspot", portal="555111")["types"]
    assert fleet.rows(COUNT) == [(sum(kind["live"] for kind in live.values()),)]
    fleet.wait_for_row("select 1 from integrations_credential where version = 2")
    for address in (fleet.url, second):
        well = f"{address} is well"
        wait_until(lambda a=address: is_well(a), well, seconds=120, every=0.5)
    assert_the_sentinel_that_is_away_costs_nothing(alice, fleet, second)
    wait_until(lambda: not fleet.rows(OPEN_RUNS), "that sync ends", seconds=120)

    make_due(fleet, "connection", "next_sync_at")
    scheduled = f"{RUNS} where trigger = 'schedule'"
    wait_until(lambda: fleet.rows(scheduled)[0][0], "a sync is due", seconds=120)
    wait_until(lambda: not fleet.rows(OPEN_RUNS), "it ends", seconds=120)
    assert fleet.rows(scheduled) == [(1, 1)]
    assert fleet.rows(f"{RUNS} where trigger = 'connect'") == [(1, 1)]
    assert fleet.rows("select state, reason from integrations_connection") == [
        ("active", "")
    ]
    attempts = "select outcome from integrations_refreshattempt"
    assert [outcome for (outcome,) in fleet.rows(attempts)] == ["refreshed"]
    stats = fleet.ask_sandbox("stats")
    assert (stats["double_spends"], stats["overlapping_spends"]) == (0, 0)
    assert PASSWORD not in fleet.logs()
    assert_nobody_is_believed_unseen(fleet, sentinels)


def assert_the_sentinel_that_is_away_costs_nothing(
    alice: WebUser, fleet: Stack, second: str
) -> None:
    """Check that a host that publishes for the first time answers soon."""
    [[key]] = fleet.rows("select id from integrations_connection")
    path = f"/connections/{key}/"
    published = alice.submit(f"{second}{path}", f"{path}sync/", follow=False)
    ready = requests.get(f"{second}/health/ready", timeout=30)

    assert published.status_code == 302
    for answer in (published, ready):
        assert answer.elapsed.total_seconds() < 3


def assert_nobody_is_believed_unseen(fleet: Stack, sentinels: Sentinels) -> None:
    """Check that a server with a certificate of nobody's is refused."""
    unknown = sentinels.url.partition("?")[0]
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "broker", "cache"],
        cwd=BASE_DIR,
        env={**fleet.plan.environment, "REDIS_URL": unknown},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "broken: broker, cache" in done.stderr

"""Test each process by hand: refusals, stops, and life without its neighbours."""

import sys
import time
from pathlib import Path

import pytest
import requests

from tests.real.support.fixtures import MakeStack
from tests.real.support.fork_server import ForkServers
from tests.real.support.postgres import Postgres
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.provider_answers.seeds import MIDDLE

pytestmark = pytest.mark.real

PAGES = ("/", "/connections/", "/items/", "/accounts/email/")
COUNT = "select count(*) from integrations_item"
OPEN_RUNS = "select 1 from integrations_syncrun where state in ('queued', 'running')"
UNSAFE = {
    "SECRET_KEY": "",
    "TOKEN_KEYS": "",
    "PUBLIC_BASE_URL": "http://mooring.example.com",
    "ALLOWED_HOSTS": "*",
    "DEBUG": "perhaps",
    "HUBSPOT_API_URL": "http://plain.example.com",
}
# What becomes of pages without Redis does not depend on where the rows are.
ON_ONE_STACK = pytest.mark.parametrize("stack", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "command",
    [
        ("gunicorn", "config.wsgi", "--bind", "127.0.0.1:0"),
        ("celery", "-A", "config", "worker", "-Q", "sync"),
        ("celery", "-A", "config", "beat", "--pidfile="),
    ],
    ids=["web", "worker", "beat"],
)
def test_no_process_starts_with_unsafe_settings_and_each_is_named(
    stopped: Stack, tmp_path: Path, command: tuple[str, ...]
) -> None:
    servers = ForkServers(imports=False)

    done = servers.run(
        [sys.executable, "-m", *command],
        {**stopped.plan.environment, **UNSAFE},
        tmp_path,
        seconds=60,
    )

    servers.close()
    assert done
    said = (done.stdout + done.stderr).decode()
    assert done.returncode != 0
    for name, value in UNSAFE.items():
        assert name in said
        assert len(value) < 2 or value not in said


@pytest.mark.alone
@ON_ONE_STACK
def test_pages_answer_quickly_while_redis_is_gone(stack: Stack) -> None:
    alice = stack.user("alice@example.com")

    stack.kill("valkey")
    try:
        for path in PAGES:
            assert seconds_of(lambda path=path: alice.get(path)) < 2, path
        again = stack.user("alice@example.com")
        assert again.get("/connections/").ok
    finally:
        stack.start("valkey")


@pytest.mark.alone
@ON_ONE_STACK
def test_pages_answer_quickly_while_redis_hangs(stack: Stack) -> None:
    alice = stack.user("alice@example.com")

    stack.freeze("valkey")
    try:
        for path in PAGES:
            assert seconds_of(lambda path=path: alice.get(path)) < 2, path
    finally:
        stack.thaw("valkey")


@pytest.mark.alone
@ON_ONE_STACK
def test_wrong_passwords_are_counted_without_redis(stack: Stack) -> None:
    carol = stack.user("carol@example.com")
    carol.session.cookies.clear()
    stack.kill("valkey")
    try:
        codes = [
            carol.submit(
                "/accounts/login/", "/accounts/login/", login=carol.email, password="no"
            )
            for _ in range(12)
        ]
    finally:
        stack.start("valkey")

    assert any(
        answer.status_code == 429 or "Too many" in answer.text for answer in codes
    )


def test_a_worker_outlives_a_broker_that_dies_while_it_works(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(sizes=MIDDLE, VISIBILITY_TIMEOUT="120")
    stack.start()
    stack.sandbox("faults/add", kind="latency", ms=600)
    stack.user("alice@example.com").connect("hubspot")
    stack.wait_for_row("select 1 from integrations_item limit 1")

    for _ in range(2):
        stack.kill("valkey")
        time.sleep(3)
        stack.start("valkey")
        time.sleep(3)

    stack.sandbox("calm")
    wait_until(lambda: not stack.rows(OPEN_RUNS), "the sync ends", seconds=150)
    assert stack.running["worker-interactive"].is_alive
    assert stack.running["worker-sync"].is_alive
    assert "Unrecoverable" not in stack.logs()


def test_a_busy_worker_stops_in_time_and_another_goes_on(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(sizes=MIDDLE)
    stack.start("valkey", "sandbox", "web", "worker-interactive")
    stack.sandbox("faults/add", kind="latency", ms=600)
    stack.user("alice@example.com").connect("hubspot")
    stack.wait_for_row("select 1 from integrations_item limit 1")

    assert stack.stop("worker-interactive") < 30
    so_far = stack.rows(COUNT)[0][0]
    stack.sandbox("calm")
    stack.start("worker-interactive")

    wait_until(
        lambda: stack.rows(COUNT)[0][0] > so_far, "more items arrive", seconds=150
    )


def test_a_worker_stops_in_time_without_its_broker(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start("valkey", "worker-sync")

    stack.kill("valkey")
    time.sleep(2)

    assert stack.stop("worker-sync") < 30


@pytest.mark.parametrize("database", ["postgres"])
def test_the_site_comes_back_with_its_database(
    make_stack: MakeStack, postgres: Postgres, database: str
) -> None:
    stack = make_stack(database)
    stack.start("valkey", "sandbox", "web", "worker-refresh", "beat")
    alice = stack.user("alice@example.com")

    postgres.stop()
    try:
        assert (
            seconds_of(lambda: requests.get(f"{stack.url}/health/live", timeout=9)) < 2
        )
        assert alice.get("/connections/").status_code == 500
        time.sleep(5)
    finally:
        postgres.start()

    wait_until(lambda: alice.get("/connections/").ok, "pages answer again")
    finished = stack.log("worker-refresh").count("succeeded")
    wait_until(
        lambda: stack.log("worker-refresh").count("succeeded") > finished,
        "tasks succeed again",
        seconds=90,
    )
    assert stack.running["worker-refresh"].is_alive
    assert stack.running["beat"].is_alive


def seconds_of(call) -> float:
    started = time.monotonic()
    answer = call()
    assert answer.status_code < 400, answer.status_code
    return time.monotonic() - started


@pytest.fixture
def stopped(tmp_path: Path) -> Stack:
    """Return the settings of a product of which nothing runs."""
    return Stack(tmp_path)

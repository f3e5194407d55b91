"""A load ends with exact counts whatever happens to the workers that carry it."""

import time
from collections.abc import Callable

import pytest

from tests.real.support.fixtures import DATABASES, MakeStack
from tests.real.support.leases import freeze_at_work, kill_at_work
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.provider_answers.seeds import MIDDLE

pytestmark = pytest.mark.real

ACCOUNTS = {
    "hubspot": ({"portal": "555111"}, {}),
    "airtable": ({"account": "harbour"}, {"identity": "harbour:usrAnaMarinHarbor"}),
}
# Some ten seconds of a load that is slowed down, and as many pages.
LOAD = {**MIDDLE, "contacts": 1_800, "records": 3_600}
COUNT = "select count(*) from integrations_item where deleted_at is null"
LOST = "select 1 from integrations_syncrun where workers_lost > 0"
# Seconds from a kill to the next item: a lease, a look, and a start on a slow machine.
SOON = 40
OPEN_RUNS = "select 1 from integrations_syncrun where state <> 'finished'"
# A worker is called dead after seconds here, so that a test need not wait minutes.
IMPATIENT = {
    "STALE_RUN_SECONDS": "8",
    "SWEEP_INTERVAL": "2",
    "HTTP_TOTAL_TIMEOUT": "3",
    "TOKEN_TIMEOUT": "3",
    "HTTP_READ_TIMEOUT": "2",
    "SLICE_SECONDS": "3",
}


@pytest.fixture(params=DATABASES)
def loading(request: pytest.FixtureRequest, make_stack: MakeStack) -> Stack:
    """Return a product in the middle of its first load."""
    return start_loading(make_stack(request.param, sizes=LOAD, **IMPATIENT))


@pytest.fixture(params=["postgres"])
def loading_airtable(request: pytest.FixtureRequest, make_stack: MakeStack) -> Stack:
    """Return the same with an account of bases, tables and records."""
    stack = make_stack(request.param, sizes=LOAD, **IMPATIENT)
    return start_loading(stack, "airtable")


@pytest.fixture(params=["postgres"])
def loading_on_postgres(request: pytest.FixtureRequest, make_stack: MakeStack) -> Stack:
    """Return the same on the database that can end a transaction left open."""
    return start_loading(make_stack(request.param, sizes=LOAD, **IMPATIENT))


def start_loading(stack: Stack, provider: str = "hubspot") -> Stack:
    stack.join_workers("worker-refresh", "worker-sync")
    stack.start()
    # Slow enough that the load cannot end before something happens to it.
    stack.sandbox("faults/add", kind="latency", ms=600, family="list")
    stack.user("alice@example.com").connect(provider, **ACCOUNTS[provider][1])
    wait_until(lambda: count(stack) > 300, "items arrive", seconds=120)
    assert stack.rows(OPEN_RUNS), "the load goes on"
    return stack


def was_lost(stack: Stack) -> bool:
    """Tell whether a run was taken over from a worker that held it."""
    return bool(stack.rows(LOST))


def count(stack: Stack) -> int:
    return int(stack.rows(COUNT)[0][0])


def inventory(stack: Stack, provider: str) -> dict[str, int]:
    where = ACCOUNTS[provider][0]
    answer = stack.ask_sandbox("inventory", provider=provider, **where)
    return {kind: entry["live"] for kind, entry in answer["types"].items()}


def assert_ends_complete(
    stack: Stack, trouble: Callable[[], None], provider: str = "hubspot"
) -> None:
    trouble()
    stack.sandbox("calm")
    wait_until(lambda: not stack.rows(OPEN_RUNS), "the sync ends", seconds=120)
    assert count(stack) == sum(inventory(stack, provider).values())
    outcomes = stack.rows("select outcome from integrations_syncrun")
    assert ("complete",) in outcomes
    words = stack.rows("select distinct completeness from integrations_collection")
    assert words == [("complete",)]
    doubles = (
        "select 1 from integrations_item group by collection_id, remote_id"
        " having count(*) > 1"
    )
    assert not stack.rows(doubles)


def test_a_worker_killed_in_mid_load_costs_nothing(loading: Stack) -> None:
    def kill() -> None:
        kill_at_work(loading, "worker-interactive")
        loading.start("worker-interactive")

    assert_ends_complete(loading, kill)
    assert was_lost(loading)


PAGE = 100
SEEN = "select coalesce(sum(seen), 0) from integrations_syncrun"


def assert_goes_on_soon(stack: Stack, kill: Callable[[], None]) -> None:
    """Kill in mid load: the next item comes soon, and at most a page comes twice."""
    kill()
    at, so_far = time.monotonic(), count(stack)
    wait_until(lambda: count(stack) > so_far, "the load goes on", seconds=60, every=0.2)
    assert time.monotonic() - at <= SOON
    run = stack.rows("select id from integrations_syncrun")[0][0]
    page = stack.user("alice@example.com").get(f"/runs/{run}/")
    assert "worker_lost" in page.text
    assert_ends_complete(stack, lambda: None)
    [(seen,)] = stack.rows(SEEN)
    assert seen - count(stack) <= PAGE


@pytest.fixture
def patient(make_stack: MakeStack) -> Stack:
    """Return the same with the leases that the product has by default."""
    return start_loading(make_stack("postgres", sizes=MIDDLE))


def test_after_a_worker_is_killed_the_next_item_comes_within_seconds(
    patient: Stack,
) -> None:
    def kill() -> None:
        kill_at_work(patient, "worker-interactive")
        patient.start("worker-interactive")

    assert_goes_on_soon(patient, kill)


def test_a_worker_killed_among_the_tables_of_a_base_costs_nothing(
    loading_airtable: Stack,
) -> None:
    def kill() -> None:
        kill_at_work(loading_airtable, "worker-interactive")
        loading_airtable.start("worker-interactive")

    assert_ends_complete(loading_airtable, kill, "airtable")
    assert was_lost(loading_airtable)


def test_a_worker_that_stood_still_writes_nothing_when_it_wakes(
    loading_on_postgres: Stack,
) -> None:
    loading = loading_on_postgres

    def stand_still() -> None:
        freeze_at_work(loading, "worker-interactive")
        frozen_at = count(loading)
        loading.running["second"] = loading.running.pop("worker-interactive")
        loading.start("worker-interactive")
        wait_until(lambda: count(loading) > frozen_at, "another goes on", seconds=120)
        # Until the slow one is back, it is taken for lost.
        assert was_lost(loading)
        loading.thaw("second")

    assert_ends_complete(loading, stand_still)


def test_two_schedulers_and_twice_the_workers_do_the_work_once(loading: Stack) -> None:
    def double() -> None:
        for name in ("beat", "worker", "worker-interactive"):
            loading.running[f"first-{name}"] = loading.running.pop(name)
            loading.start(name)

    assert_ends_complete(loading, double)
    per_slot = loading.rows(
        "select count(*) from integrations_syncrun where trigger = 'connect'"
    )
    assert per_slot == [(1,)]

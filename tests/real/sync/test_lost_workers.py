"""The work of a worker that dies goes on soon, whatever else the site waits for."""

import time

import pytest

from tests.real.support.fixtures import MakeStack
from tests.real.support.leases import kill_at_work
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.provider_answers.seeds import MIDDLE

pytestmark = pytest.mark.real

# Seconds from a kill to the next item: a lease, a look, and a start on a slow machine.
SOON = 40
LARGE = "555111:4242"
SMALL = ("146201883:7301155", "2081774:61")
COUNT = "select count(*) from integrations_item where deleted_at is null"
ATTEMPTS = "select count(*) from integrations_credential where attempt_id is not null"
OPEN_RUNS = "select 1 from integrations_syncrun where state <> 'finished'"


def count(stack: Stack) -> int:
    return int(stack.rows(COUNT)[0][0])


@pytest.fixture
def renewing(make_stack: MakeStack) -> Stack:
    """Return a product whose slots for refreshes all wait for a token endpoint."""
    stack = make_stack("postgres", sizes=MIDDLE)
    stack.start()
    alice = stack.user("alice@example.com")
    for identity in SMALL:
        alice.connect("hubspot", identity=identity)
    wait_until(lambda: not stack.rows(OPEN_RUNS), "the small ones end", seconds=120)
    stack.sandbox("faults/add", kind="latency", ms=600, family="list")
    alice.connect("hubspot", identity=LARGE)
    before = count(stack)
    wait_until(lambda: count(stack) > before + 200, "items arrive", seconds=120)
    stack.sandbox("faults/add", kind="latency", ms=55_000, family="token")
    stack.rows(
        "update integrations_credential set refresh_due_at = '2020-01-01 00:00:00Z'"
        " where connection_id in (select id from integrations_connection"
        " where remote_id in (?, ?)) returning version",
        *SMALL,
    )
    stack.wait_for_row(f"{ATTEMPTS} having count(*) = {len(SMALL)}")
    return stack


def test_a_lost_run_goes_on_soon_although_token_calls_hold_every_slot(
    renewing: Stack,
) -> None:
    kill_at_work(renewing, "worker-interactive")
    at, so_far = time.monotonic(), count(renewing)
    renewing.start("worker-interactive")

    wait_until(
        lambda: count(renewing) > so_far, "the load goes on", seconds=90, every=0.2
    )

    assert time.monotonic() - at <= SOON
    assert renewing.rows(ATTEMPTS) == [(len(SMALL),)]

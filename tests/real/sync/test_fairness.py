"""One huge account holds up neither small ones nor anybody who waits."""

import pytest

from integrations.services.sync.leases.turns import INTERACTIVE_REQUESTS
from tests.real.support.fixtures import MakeStack
from tests.real.support.leases import holds_run
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.provider_answers.seeds import MIDDLE

pytestmark = pytest.mark.real

HUGE = "555111:4242"
SMALL = ("146201883:7301155", "2081774:61")
OPEN = (
    "select count(*) from integrations_syncrun join integrations_connection"
    " on integrations_connection.id = integrations_syncrun.connection_id"
    " where integrations_syncrun.state <> 'finished' and remote_id = ?"
)


def is_open(stack: Stack, account: str) -> bool:
    return stack.rows(OPEN, account) == [(1,)]


@pytest.fixture
def busy(make_stack: MakeStack) -> Stack:
    """Return a product whose few workers are loading a huge account."""
    stack = make_stack(sizes=MIDDLE, SLICE_SECONDS="1")
    for name in ("worker-interactive", "worker-sync"):
        command = stack.commands[name]
        at = command.index("--concurrency") + 1
        stack.commands[name] = [*command[:at], "1", *command[at + 1 :]]
    stack.start()
    stack.sandbox("faults/add", kind="latency", ms=2000, family="list", portal="555111")
    stack.user("huge@example.com").connect("hubspot", identity=HUGE)
    at_length = "select slices from integrations_syncrun where slices > 2"
    stack.wait_for_row(at_length)
    return stack


def assert_has_the_huge_run(stack: Stack, worker: str) -> None:
    """Wait until a worker is on the huge run, as it is again after every other turn."""
    others = (
        "select 1 from integrations_syncrun join integrations_connection"
        " on integrations_connection.id = integrations_syncrun.connection_id"
        " where lease_id is not null and remote_id <> ?"
    )
    wait_until(
        lambda: not stack.rows(others, HUGE) and holds_run(stack, worker),
        f"{worker} is on the huge run",
    )


def test_small_accounts_are_served_while_a_huge_one_loads(busy: Stack) -> None:
    assert_has_the_huge_run(busy, "worker-interactive")
    for number, account in enumerate(SMALL):
        user = busy.user(f"small{number}@example.com")
        user.connect("hubspot", identity=account)
        wait_until(
            lambda a=account: not is_open(busy, a), "a first load ends", seconds=90
        )
        assert is_open(busy, HUGE)
    assert_has_the_huge_run(busy, "worker-interactive")

    # Now through the other queue, on which a load goes on when it takes long.
    busy.rows(
        "update integrations_syncrun set requests = ? where state <> 'finished'"
        " returning id",
        INTERACTIVE_REQUESTS,
    )
    assert_has_the_huge_run(busy, "worker-sync")
    busy.rows(
        "update integrations_connection set next_sync_at = '2020-01-01 00:00:00'"
        " where remote_id <> ? returning id",
        HUGE,
    )
    busy.wait_for_row(
        "select 1 from integrations_syncrun where trigger = 'schedule'"
        " group by trigger having count(distinct connection_id) = ?",
        len(SMALL),
    )
    for account in SMALL:
        wait_until(
            lambda a=account: not is_open(busy, a), "a scheduled sync ends", seconds=90
        )
    assert is_open(busy, HUGE)
    assert_has_the_huge_run(busy, "worker-sync")

    outcomes = "select distinct outcome from integrations_syncrun where outcome <> ''"
    assert set(busy.rows(outcomes)) <= {("complete",), ("partial",)}

"""Links that changed without a date are found by the schedule alone, at its cost."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.real.support.fixtures import MakeStack
from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack
from tests.support.provider_answers.seeds import MIDDLE

pytestmark = pytest.mark.real

# The sandbox's large portal.
PORTAL = "555111"
# Two in a hundred of the calls of a day that HubSpot's smallest plan has.
CALLS_A_DAY = 5_000
EVERY = timedelta(minutes=15)
SCHEDULED = "integrations_syncrun where trigger = 'schedule'"


def let_a_scheduled_sync_come(stack: Stack) -> int:
    """Set stored times back by its interval; return how many calls the sync makes."""
    ((before,),) = stack.rows(f"select count(*) from {SCHEDULED}")
    then = str(datetime.now(UTC) - EVERY)
    for change in (
        "integrations_collection set links_read_at = ?",
        "integrations_connection set next_sync_at = ?",
    ):
        stack.rows(f"update {change} returning 1", then)
    ended = f"from {SCHEDULED} and state = 'finished' and outcome = 'complete'"
    wait_until(
        lambda: stack.rows(f"select count(*) {ended}")[0][0] > before,
        "a scheduled sync ends",
        seconds=120,
    )
    ((requests,),) = stack.rows(
        f"select requests {ended} order by queued_at desc limit 1"
    )
    return int(requests)


@pytest.mark.parametrize("database", ["postgres"])
def test_a_thousand_links_that_changed_without_a_date_are_found_by_two_syncs(
    make_stack: MakeStack, database: str
) -> None:
    stack = make_stack(database, sizes=MIDDLE, properties=0)
    stack.join_workers("worker-refresh", "worker-sync")
    stack.start()
    stack.user("alice@example.com").connect("hubspot")
    loaded = "select 1 from integrations_syncrun where outcome = 'complete'"
    wait_until(lambda: stack.rows(loaded), "the first load ends", seconds=120)
    ((company,),) = stack.rows(
        "select min(remote_id) from integrations_item where type = 'company'"
    )
    relinked = stack.sandbox(
        "records/relink", portal=PORTAL, type="contacts", company=company, count=1_000
    )["ids"]
    assert len(relinked) == 1_000

    # As many as come within half an hour.
    spent = [let_a_scheduled_sync_come(stack) for _ in range(2)]

    parents = stack.rows(
        "select remote_id from integrations_item where type = 'contact'"
        " and parent_remote_id = ?",
        company,
    )
    assert set(relinked) <= {remote_id for (remote_id,) in parents}
    assert max(spent) <= CALLS_A_DAY / 24
    quiet = let_a_scheduled_sync_come(stack)
    # With all that a sync without news asks for besides.
    assert quiet * (timedelta(days=1) / EVERY) <= CALLS_A_DAY

"""A sync that failed for a passing reason is tried again by itself, on real workers."""

from uuid import UUID

import pytest

from tests.real.support.fixtures import MakeStack

pytestmark = pytest.mark.real

ENDED = "select outcome from integrations_syncrun where outcome <> ''"
PLANNED = "select retry_at, failed_syncs from integrations_connection where id = ?"
# What the clock does within a minute.
TIME_PASSES = (
    "update integrations_connection set retry_at = '2020-01-01 00:00:00'"
    " where id = ? returning next_sync_at"
)
TRIED_AGAIN = (
    "select outcome from integrations_syncrun where trigger = 'retry' and outcome <> ''"
)


def test_a_first_sync_that_failed_is_tried_again_before_the_schedule(
    make_stack: MakeStack,
) -> None:
    stack = make_stack()
    stack.join_workers()
    stack.start()
    user = stack.user("alice@example.com")
    down = {"kind": "status", "status": 503, "retry_after": 1, "family": "list"}
    stack.sandbox("faults/add", provider="hubspot", **down)
    path = user.connect("hubspot")
    key = UUID(path.strip("/").split("/")[-1]).hex

    stack.wait_for_row(ENDED, seconds=240)

    assert set(stack.rows(ENDED)) <= {("failed",), ("partial",)}
    [(retry_at, failed)] = stack.rows(PLANNED, key)
    assert failed == 1
    # The page names the moment, to the minute.
    assert retry_at[:16].replace(" ", "T") in user.get(path).text

    stack.sandbox("calm")
    [(scheduled,)] = stack.rows(TIME_PASSES, key)
    stack.wait_for_row(TRIED_AGAIN)

    assert stack.rows(TRIED_AGAIN) == [("complete",)]
    assert scheduled > retry_at
    assert stack.rows(PLANNED, key) == [(None, 0)]

"""Connect an account and see what is in it, with every process running."""

import pytest

from tests.real.support.processes import wait_until
from tests.real.support.stack import Stack

pytestmark = pytest.mark.real


def test_a_connected_account_fills_by_itself(stack: Stack) -> None:
    alice = stack.user("alice@example.com")

    path = alice.connect("hubspot")

    key = path.strip("/").split("/")[-1].replace("-", "")
    wait_until(
        lambda: count_items(stack, key) > 100, "items arrive", seconds=90, every=0.5
    )
    page = alice.get("/items/")
    assert page.status_code == 200
    assert alice.get(path).status_code == 200


def count_items(stack: Stack, key: str) -> int:
    rows = stack.rows(
        "select count(*) from integrations_item where"
        " replace(cast(connection_id as varchar(40)), '-', '') = ?",
        key,
    )
    return int(rows[0][0])

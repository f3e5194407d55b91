"""A page is stored by itself, however quickly the next one comes."""

from typing import Any

from integrations.models import Connection, Item
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to


def test_each_page_is_a_transaction_so_that_a_kill_repeats_one(
    connection: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    run = finish_sync(connection)

    assert run.outcome == "complete"
    stored: dict[Any, int] = {}
    contacts = Item.objects.filter(type="contact").order_by("pk")
    for at in contacts.values_list("first_seen_at", flat=True):
        stored[at] = stored.get(at, 0) + 1
    assert list(stored.values()) == [100, 30]
    assert_equal_to(sandbox)

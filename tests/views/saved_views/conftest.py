"""Give the tests of saved views deals of alice's, and what keeps a view of them."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, Connection, SavedView
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection
from tests.views.items.tables.test_table import SCHEMA, deal


def make_deals(connection: Connection, *prices: str) -> Collection:
    made = make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )
    for price in prices:
        deal(made, f"{connection.account_name} for {price}", price)
    made.refresh_from_db()
    return made


@pytest.fixture
@kept
def deals(connection: Connection) -> Collection:
    return make_deals(connection, "900", "3000", "12500")


@pytest.fixture
@kept
def bobs_deals(bob: User) -> Collection:
    bobs = make_connection(bob, account_name="Bolt", remote_id="7:7")
    return make_deals(bobs, "100", "50000")


@pytest.fixture
def keep(as_alice: Client) -> Callable[..., SavedView]:
    """Return what keeps the list of an address as a view, as its page does."""

    def kept(address: str, name: str = "Mine") -> SavedView:
        form = {"back": address, "name": name}
        answer = as_alice.post("/views/new/", form)
        assert answer.status_code == 302, answer.context["form"].errors
        return SavedView.objects.get(name=name)

    return kept

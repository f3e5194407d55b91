"""A table and an item say when their account is not read now, and lead to it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Collection, Connection, Item
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_item
from tests.views.items.tables.test_table import SCHEMA

HOUR = timedelta(hours=1)


@pytest.fixture
@kept
def deals(connection: Connection) -> Collection:
    made = make_collection(
        connection, remote_id="deals", name="Deals", item_type="deal", schema=SCHEMA
    )
    make_item(made, name="Large", type="deal", remote_id="1")
    return made


@pytest.mark.parametrize(
    ("state", "age", "is_told"),
    [
        ("active", HOUR / 60, False),
        ("active", 99 * HOUR, True),
        ("paused", HOUR / 60, True),
        ("needs_reconnect", HOUR / 60, True),
        ("disconnected", HOUR / 60, True),
        ("disconnected", None, False),
    ],
)
def test_what_is_not_refreshed_is_said_where_it_is_shown(
    as_alice: Client,
    deals: Collection,
    state: str,
    age: timedelta | None,
    *,
    is_told: bool,
) -> None:
    since = timezone.now() - age if age is not None else None
    Connection.objects.update(state=state, last_synced_at=since)
    item = Item.objects.get()
    connection = deals.connection.get_absolute_url()

    for address in (f"/collections/{deals.pk}/", item.get_absolute_url()):
        page = as_alice.get(address)

        told = [entry["since"] for entry in page.context["stale"]]
        assert told == ([since] if is_told else [])
        text = page.content.decode()
        is_needed = state == "needs_reconnect"
        notices = text.split('class="notice bad' if is_needed else 'data-state="')
        assert len(notices) == 1 + is_told
        assert text.count('data-state="') == is_told - is_needed
        if is_told:
            told_of = notices[1].partition("</span>")[0]
            assert f'href="{connection}"' in told_of
            assert ("<time" in told_of) == (since is not None)

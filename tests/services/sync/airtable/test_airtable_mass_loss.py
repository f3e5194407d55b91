"""Whole collections that vanish at once wait for a user, as many items do."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from integrations.models import Collection, Connection, Item
from integrations.services.sync.deletions import held_deletions
from tests.services.fixtures import FinishSync
from tests.services.sync.airtable.account_rows import Airtable, assert_equal_to
from tests.support.pages.snapshots import built_once, made_once


def records() -> int:
    return Item.objects.live().filter(type="record").count()


def unshare(airtable: Airtable, *, but: str = "") -> None:
    for base in airtable.bases():
        if base["name"] != but:
            airtable.do("bases/unshare", base=base["id"])


@pytest.fixture
@made_once
def emptied(
    request: pytest.FixtureRequest,
    sandbox: Any,
    synced_few: Connection,
    finish_sync: FinishSync,
    airtable: Airtable,
) -> Iterator[tuple[Connection, Callable[[], None]]]:
    """Return a connection whose account shows no base any more, and what undoes it."""

    def build() -> None:
        unshare(airtable)
        finish_sync(synced_few, full=True)
        finish_sync(synced_few, full=True)

    def share() -> None:
        for each in airtable.bases():
            airtable.do("bases/share", base=each["id"])

    with built_once(request, sandbox, build, goes_back=True):
        synced_few.refresh_from_db()
        yield synced_few, share


def test_an_account_that_shows_nothing_twice_is_held(
    emptied: tuple[Connection, Callable[[], None]], client: Client, alice: Any
) -> None:
    connection, _ = emptied
    tables = Collection.objects.filter(item_type="record", stored_count__gt=0)

    assert records() > 0
    assert not Item.objects.filter(type="record", deleted_at__isnull=False).exists()
    assert set(tables.values_list("completeness", flat=True)) == {"held"}
    client.force_login(alice)
    page = client.get(connection.get_absolute_url()).content.decode()
    for table in tables:
        assert f"/collections/{table.pk}/approve/" in page
    assert 'data-state="held"' in page


def test_what_was_held_with_its_collection_is_deleted_when_a_user_says_so(
    emptied: tuple[Connection, Callable[[], None]],
) -> None:
    before = records()
    table = Collection.objects.filter(completeness="held", item_type="record").first()
    assert table is not None
    count = Item.objects.live().filter(collection=table).count()

    assert held_deletions.approve(table) == count

    table.refresh_from_db()
    assert records() == before - count
    assert (table.completeness, table.reason) == ("no_permission", "collection_deleted")
    gone = Item.objects.filter(collection=table)
    assert set(gone.values_list("deleted_kind", flat=True)) == {"unshared"}
    assert (table.stored_count, table.held_deletions) == (0, {})


def test_a_collection_that_is_shown_again_is_held_no_longer(
    emptied: tuple[Connection, Callable[[], None]],
    finish_sync: FinishSync,
    airtable: Airtable,
) -> None:
    connection, share = emptied
    share()

    run = finish_sync(connection, full=True)

    assert run.outcome == "complete"
    assert_equal_to(airtable)
    words = Collection.objects.values_list("completeness", flat=True)
    assert set(words) == {"complete"}


def test_what_a_user_keeps_is_looked_for_again(
    emptied: tuple[Connection, Callable[[], None]], finish_sync: FinishSync
) -> None:
    connection, _ = emptied
    before = records()
    for table in Collection.objects.filter(completeness="held", item_type="record"):
        assert held_deletions.discard(table)

    finish_sync(connection, full=True)

    assert not Collection.objects.filter(completeness="held", item_type="record")
    finish_sync(connection, full=True)
    assert Collection.objects.filter(completeness="held", item_type="record")
    assert records() == before

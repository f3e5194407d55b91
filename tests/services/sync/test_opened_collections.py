"""A collection that somebody has opened is read first while it is not read whole."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Collection, Connection, Item, SyncRun
from integrations.services.sync import engine, runs
from integrations.services.sync.collections import opened_collections
from integrations.services.sync.collections.opened_collections import opened_first
from tests.support.rows import make_collection, make_connection


def test_the_next_slice_of_a_first_sync_reads_what_was_opened(
    connection: Connection, settings: Any
) -> None:
    run, _ = runs.open_run(connection, trigger=SyncRun.Trigger.CONNECT)
    engine.run_slice(run.pk, seconds=0.001)
    *_, last = connection.collections.filter(is_selected=True)
    assert not Item.objects.filter(collection=last).exists()

    opened_collections.note(last)
    engine.run_slice(run.pk, seconds=0.001)

    assert Item.objects.filter(collection=last).exists()
    others = connection.collections.filter(is_selected=True).exclude(pk=last.pk)
    assert any(not Item.objects.filter(collection=each).exists() for each in others)


@pytest.mark.parametrize("name", ["table", "table-live", "item-list"])
def test_looking_at_a_collection_has_it_read_first(
    client: Client, alice: User, name: str
) -> None:
    made = make_connection(alice)
    first, second = (make_collection(made, remote_id=each) for each in ("a", "b"))
    client.force_login(alice)
    if name == "item-list":
        address = f"{reverse('integrations:item-list')}?collection={second.pk}"
    else:
        address = reverse(f"integrations:{name}", args=(second.pk,))

    assert client.get(address).status_code == 200

    assert opened_first([first, second]) == [second, first]


def test_the_order_stays_where_nothing_unread_was_opened(alice: User) -> None:
    made = make_connection(alice)
    first, second, third = (
        make_collection(made, remote_id=name) for name in ("one", "two", "three")
    )
    opened_collections.note(third)
    assert opened_first([first, second, third]) == [third, first, second]

    Collection.objects.filter(pk=third.pk).update(first_full_refresh_at=timezone.now())
    third.refresh_from_db()
    opened_collections.note(third)

    assert opened_first([first, second, third]) == [first, second, third]

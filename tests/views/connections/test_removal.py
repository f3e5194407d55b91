"""Remove a disconnected connection with all that was kept of it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import AuditEvent, Connection, Item
from integrations.services.connections import disconnect
from integrations.services.upkeep import schedule
from tests.support.pages.kept_rows import kept
from tests.support.rows import (
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_items,
)
from tests.support.sessions import prove


@pytest.fixture
@kept
def ended(connection, collection):
    """Return a disconnected connection whose items were kept."""
    make_item(collection)
    make_finished_run(connection)
    disconnect.disconnect(connection, actor=connection.owner, keep_items=True)
    connection.refresh_from_db()
    return connection


def address(connection):
    return reverse("integrations:connection-remove", args=(connection.pk,))


def test_a_disconnected_connection_offers_its_removal(as_alice, ended):
    card = as_alice.get("/connections/").content.decode()
    page = as_alice.get(ended.get_absolute_url()).content.decode()

    assert address(ended) in card
    assert address(ended) in page


def test_a_connected_one_cannot_be_removed(as_alice, connection):
    answer = as_alice.post(address(connection))

    assert answer.url == connection.get_absolute_url()
    assert Connection.objects.filter(pk=connection.pk).exists()
    assert address(connection) not in as_alice.get("/connections/").content.decode()


def test_removal_asks_first_and_says_what_goes(as_alice, ended):
    page = as_alice.get(address(ended))

    assert page.context["connection"].item_count == 1
    assert Item.objects.count() == 1


def test_removal_erases_items_runs_and_the_connection(as_alice, ended):
    prove(as_alice)

    answer = as_alice.post(address(ended), follow=True)

    assert answer.redirect_chain[-1][0] == "/connections/"
    assert not Connection.objects.filter(pk=ended.pk).exists()
    assert not Item.objects.exists()
    assert AuditEvent.objects.filter(event="connection.removed").exists()


def test_removal_asks_for_the_password_like_any_loss(as_alice, ended):
    answer = as_alice.post(address(ended))

    assert answer.url.startswith("/accounts/reauthenticate/?next=")
    assert Connection.objects.filter(pk=ended.pk).exists()


def test_a_long_removal_is_shown_and_finished_by_the_schedule(
    as_alice, ended, monkeypatch
):
    prove(as_alice)
    monkeypatch.setattr(disconnect, "DELETED_AT_ONCE", 5)
    make_items(ended.collections.get(), [{"name": str(n)} for n in range(12)])

    as_alice.post(address(ended))
    ended.refresh_from_db()
    shown = as_alice.get("/connections/").content.decode()
    again = as_alice.get(address(ended))
    for _ in range(3):
        schedule.sweep_purges()

    assert ended.reason == Connection.REMOVED
    assert address(ended) not in shown
    assert again.status_code == 302
    assert not Connection.objects.filter(pk=ended.pk).exists()


def test_what_is_connected_again_meanwhile_stays(ended):
    Connection.objects.filter(pk=ended.pk).update(
        reason=Connection.REMOVED, is_purging=True
    )
    stale = Connection.objects.get(pk=ended.pk)
    Connection.objects.filter(pk=ended.pk).update(
        state=Connection.State.ACTIVE, reason=""
    )

    disconnect.purge(stale)

    assert Connection.objects.filter(pk=ended.pk).exists()
    assert Item.objects.count() == 1


def test_nobody_removes_anothers(as_bob, ended):
    assert as_bob.get(address(ended)).status_code == 404
    assert as_bob.post(address(ended)).status_code == 404


def test_the_notice_of_a_disconnected_connection_stands_only_at_its_own_items(
    as_alice, alice, ended
):
    other = make_connection(alice, provider="airtable", last_synced_at=timezone.now())
    make_item(make_collection(other, name="Books", remote_id="t", item_type="record"))

    everything = as_alice.get("/items/")
    own = as_alice.get(f"/items/?connection={ended.pk}")

    assert everything.context["stale"] == []
    assert [entry["connection"] for entry in own.context["stale"]] == [ended]
    assert "class=note>disconnected" in everything.content.decode()

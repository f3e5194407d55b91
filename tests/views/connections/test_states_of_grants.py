"""A connection that is paused, ended or deleted says so, and promises nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, ProviderState, SyncRun
from integrations.services.connections import selection
from tests.support.pages.shown import fact, words
from tests.support.pages.state_pages import badges, complete, live_of, page_of, save
from tests.support.rows import (
    NOON,
    make_credential,
    make_item,
    make_run,
)

UNKNOWN_KEY = "v1.k9.c2VhbGVkLWFjY2Vzcy10b2tlbg=="


def test_a_grant_that_ends_during_a_sync_ends_it_in_every_live_part(as_alice, fresh):
    make_item(complete(fresh))
    make_credential(fresh)
    run = make_run(fresh, state="running", started_at=NOON)
    before = live_of(as_alice, fresh)
    SyncRun.objects.filter(pk=run.pk).update(
        state="finished", outcome="failed", reason="no_token", finished_at=NOON
    )
    save(fresh, state="needs_reconnect", reason="grant_rejected")

    after = live_of(as_alice, fresh)

    assert "Granted" in before
    assert "Needs reconnecting" in badges(after)
    assert "Connected" not in badges(after)
    assert fact(after, "Next sync") == "After you reconnect"
    assert ">Reconnect<" in after
    assert "/sync/" not in after
    assert "Granted" not in words(after)
    assert "no longer accepts" in words(after)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("needs_reconnect", "grant_rejected"),
        ("disconnected", "disconnected_by_user"),
    ],
)
def test_a_dead_grant_grants_and_plans_nothing(as_alice, fresh, state, reason):
    make_item(complete(fresh))
    if state != "disconnected":
        make_credential(fresh, refresh_due_at=timezone.now())
    save(fresh, state=state, reason=reason)

    page = page_of(as_alice, fresh)

    assert "Granted" not in badges(page)
    runs_after = "Every 15 minutes, after you reconnect"
    assert fact(page, "Schedule") in {"None", runs_after}
    assert fact(page, "Next refresh") in {"", "None"}
    assert "/sync/" not in page


def test_a_paused_connection_keeps_its_grant_and_plans_nothing(as_alice, fresh):
    make_item(complete(fresh))
    save(fresh, state="paused", reason="paused_by_user")

    page = page_of(as_alice, fresh)

    assert "Granted" in badges(page)
    assert fact(page, "Next sync") == "After you resume it"
    assert fact(page, "Schedule") == "Every 15 minutes, after you resume it"
    assert "/sync/" not in page


def test_an_item_that_is_not_selected_is_not_deleted(as_alice, connection):
    kept, left = complete(connection), complete(connection, "Deals")
    make_item(kept, name="Here")
    make_item(kept, name="Dead", deleted_at=NOON, deleted_kind="deleted")
    make_item(left, name="Unticked")
    selection.select_collections(
        connection, [kept.pk], offered=[kept.pk, left.pk], actor=connection.owner
    )

    deleted = as_alice.get("/items/?state=deleted")
    left_out = as_alice.get("/items/?state=deselected")

    assert [item.name for item in deleted.context["items"]] == ["Dead"]
    assert deleted.context["count_text"] == "1 item"
    assert [item.name for item in left_out.context["items"]] == ["Unticked"]


def test_no_list_claims_that_nothing_was_ever_deleted(as_alice, fresh):
    make_item(complete(fresh))

    page = words(as_alice.get("/items/?state=deleted").content.decode())

    assert "Nothing is deleted" not in page
    assert "still there" not in page.replace("Still there", "")
    assert "No deleted items were found" in page
    assert "full refresh" in page


def test_what_was_unticked_altogether_is_said(as_alice, fresh):
    complete(fresh, is_selected=False)

    assert badges(page_of(as_alice, fresh))[0] == "Nothing selected"


def test_a_key_that_opens_nothing_needs_reconnecting(as_alice, fresh):
    make_item(complete(fresh))
    make_credential(fresh, access_token=UNKNOWN_KEY, refresh_token=UNKNOWN_KEY)

    for address in ("/", "/connections/", fresh.get_absolute_url()):
        page = as_alice.get(address).content.decode()
        assert "Needs reconnecting" in badges(page)
        assert "cannot be read with today" in words(page)
        assert "/sync/" not in page


def test_a_provider_that_is_paused_for_everybody_is_no_green_connection(
    as_alice, fresh
):
    make_item(complete(fresh))
    until = timezone.now() + timedelta(minutes=30)
    ProviderState.objects.create(provider="hubspot", paused_until=until)

    page = page_of(as_alice, fresh)

    assert badges(page)[0] == "Provider paused"
    assert "refuses this site" in words(page)
    assert fact(page, "Next sync") == "in 8 minutes"


def test_held_deletions_ask_for_a_decision(as_alice, fresh):
    collection = complete(
        fresh,
        completeness="held",
        reason="deletions_held",
        reason_data={"count": 30},
    )
    make_item(collection)
    save(collection, held_deletions={"count": 30, "generation": 0, "sample": []})

    for address in ("/connections/", fresh.get_absolute_url()):
        page = as_alice.get(address).content.decode()
        assert badges(page)[0] == "Needs your decision"
        assert "30 deletions wait for your decision" in words(page)


def test_a_disconnected_connection_says_what_it_keeps(as_alice, connection):
    make_item(complete(connection))
    save(connection, state="disconnected", reason="disconnected_by_user")

    page = page_of(as_alice, connection)

    assert badges(page)[0] == "Disconnected, items kept"
    assert "1 item is kept" in words(page)


def test_items_that_are_being_deleted_are_not_counted_as_there(as_alice, connection):
    make_item(complete(connection))
    save(
        connection,
        state="disconnected",
        reason="disconnected_by_user",
        is_purging=True,
    )

    page = page_of(as_alice, connection)

    assert badges(page)[0] == "Disconnected, items being deleted"
    assert fact(page, "Items") == "Being deleted"


def test_the_schedule_of_a_disconnected_connection_is_not_changed(as_alice, connection):
    save(connection, state="disconnected", next_sync_at=None)

    as_alice.post(
        reverse("integrations:connection-interval", args=(connection.pk,)),
        {"minutes": "60", "hours": ""},
    )

    connection.refresh_from_db()
    assert connection.next_sync_at is None


def test_a_provider_without_settings_offers_no_reconnection(
    as_alice, connection, settings
):
    from msgspec.structs import replace

    known = settings.PROVIDERS["hubspot"]
    settings.PROVIDERS = {
        **settings.PROVIDERS,
        "hubspot": replace(known, client_id=""),
    }
    save(connection, state=Connection.State.NEEDS_RECONNECT, reason="grant_rejected")

    page = page_of(as_alice, connection)

    assert ">Reconnect<" not in page
    assert "is not set up here" in words(page)

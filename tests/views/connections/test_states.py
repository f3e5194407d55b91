"""What a connection's state is said to be: one truth, in the same words everywhere."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Connection, ProviderState, SyncRun
from integrations.services.connections import selection
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_credential,
    make_finished_run,
    make_item,
    make_run,
)

UNKNOWN_KEY = "v1.k9.c2VhbGVkLWFjY2Vzcy10b2tlbg=="


def words(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


BADGE = re.compile(r'<span class="badge.*?</span>', re.DOTALL)


def badges(html):
    return [
        words(b) for b in re.findall(r'<span class="badge.*?</span>', html, re.DOTALL)
    ]


def fact(html, name):
    found = re.search(rf"<dt>{name}</dt>\s*<dd.*?>(.*?)</dd>", html, re.DOTALL)
    return words(found.group(1)) if found else ""


def page_of(client, connection):
    return client.get(connection.get_absolute_url()).content.decode()


def live_of(client, connection):
    path = reverse("integrations:connection-progress", args=(connection.pk,))
    return client.get(path, headers={"HX-Request": "true"}).content.decode()


def save(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


@pytest.fixture
def fresh(connection):
    """Make the connection one that was read a minute ago and is read again soon."""
    now = timezone.now()
    save(
        connection,
        last_synced_at=now - timedelta(minutes=1),
        discovered_at=now - timedelta(hours=1),
        next_sync_at=now + timedelta(minutes=9),
        granted_scopes=["crm.objects.contacts.read"],
    )
    return connection


def complete(connection, name="Contacts", **values):
    return make_collection(
        connection,
        **{
            "remote_id": name.lower(),
            "name": name,
            "completeness": "complete",
            "last_full_refresh_at": NOON,
            **values,
        },
    )


def waiting_run(connection, code, **values):
    data = values.pop("data", {})
    return make_run(
        connection,
        state="running",
        started_at=timezone.now() - timedelta(minutes=1),
        due_at=timezone.now() + timedelta(minutes=4),
        reason=code,
        reason_data=data,
        progress={"1": {"name": "Contacts", "state": "waiting"}},
        **values,
    )


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


def test_the_first_sync_counts_in_every_live_part(as_alice, connection):
    collection = make_collection(connection)
    make_item(collection)
    save(connection, last_synced_at=None)
    make_run(
        connection,
        trigger="connect",
        state="running",
        started_at=timezone.now(),
        lease_until=timezone.now() + timedelta(minutes=1),
        progress={str(collection.pk): {"name": "Contacts", "state": "reading"}},
        seen=1,
    )

    live = live_of(as_alice, connection)

    assert fact(live, "Items") == "1"
    assert fact(live, "Last sync") != "Never"
    assert fact(live, "Next sync") == "Running now"
    assert "First sync" in badges(live)
    assert "Being read" in badges(live)
    assert "Not read yet" not in badges(live)


def test_an_idle_page_looks_again_later(as_alice, fresh):
    complete(fresh)

    assert 'hx-trigger="every 30s"' in page_of(as_alice, fresh)


def test_parts_that_did_not_change_are_left_alone(as_alice, fresh):
    make_item(complete(fresh))
    make_run(fresh, state="running", started_at=NOON)
    first = live_of(as_alice, fresh)
    again = re.search(r'hx-get="([^"]*progress[^"]*)"', first).group(1)

    second = as_alice.get(again.replace("&amp;", "&")).content.decode()

    assert 'id="live-actions"' in first
    assert 'id="live-actions"' not in second
    assert fact(second, "Items") == "1"


@pytest.mark.parametrize(
    ("code", "data", "told"),
    [
        ("rate_limited", {}, "rate limit"),
        ("provider_down", {"attempt": 3}, "not answering properly (attempt 3)"),
        ("network", {"attempt": 2}, "could not be reached (attempt 2)"),
        ("quota_exhausted", {}, "quota of HubSpot is used up"),
        ("odd_answer", {"attempt": 1}, "answer was not understood (attempt 1)"),
        ("connector_error", {"reference": "00ff"}, "our mistake (reference 00ff)"),
        ("provider_paused", {}, "refuses this site"),
        ("refreshing", {}, "being renewed"),
    ],
)
def test_each_wait_has_its_own_sentence(as_alice, fresh, code, data, told):
    complete(fresh)
    waiting_run(fresh, code, data=data)

    page = page_of(as_alice, fresh)

    assert told in words(page)
    assert "asked us to wait" not in page
    assert "Connected" not in badges(page)
    assert "Waiting" in badges(page)
    assert fact(page, "Next sync").startswith("Goes on in 3 minutes")


def test_an_unread_collection_is_no_green_connection(as_alice, fresh):
    make_item(complete(fresh))
    complete(
        fresh,
        "Companies",
        completeness="no_permission",
        reason="no_permission",
        reason_data={"scopes": ["crm.objects.companies.read"]},
    )
    complete(fresh, "Deals", completeness="pending", last_full_refresh_at=None)

    for address in ("/", "/connections/", fresh.get_absolute_url()):
        page = as_alice.get(address).content.decode()
        assert "Partly read" in badges(page)
        assert "Connected" not in badges(page)
        assert "Companies: the permission “Read companies” is missing" in words(page)
        assert "crm." not in words(page.partition('id="live-scopes"')[0])
        assert "Deals: not read yet" in words(page)


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


@pytest.mark.parametrize("outcome", ["failed", "cancelled", "quarantined"])
def test_nothing_is_being_read_in_a_run_that_ended(as_alice, connection, outcome):
    run = make_finished_run(
        connection,
        outcome=outcome,
        progress={
            "1": {"name": "Contacts", "state": "reading"},
            "2": {"name": "Deals", "state": "waiting"},
            "3": {"name": "Companies", "state": "pending"},
        },
    )

    page = as_alice.get(run.get_absolute_url())

    assert not {"Reading", "Waiting", "Pending"} & set(badges(page.text))
    assert [p["state"] for p in page.context["phases"]] == [
        "stopped",
        "stopped",
        "not_read",
    ]


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


def test_home_list_and_page_count_the_same_items(as_alice, fresh):
    make_item(complete(fresh))
    kept = make_connection(fresh.owner, state="disconnected")
    make_item(complete(kept))

    home = as_alice.get("/")
    items = as_alice.get("/items/")

    assert fact(home.text.split("In short")[-1], "Items") == "2 items"
    assert items.context["count_text"] == "2 items"


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        ("notion", "Change shared pages"),
        ("airtable", "no base"),
        ("hubspot", "There is nothing in it"),
    ],
)
def test_an_empty_account_says_what_to_do(as_alice, alice, provider, told):
    connection = make_connection(
        alice, provider=provider, last_synced_at=timezone.now(), discovered_at=NOON
    )
    run = make_finished_run(connection)

    page = page_of(as_alice, connection)

    assert badges(page)[0] == "Nothing to read"
    assert told in words(page)
    assert "https://" in page
    assert "Complete" not in badges(page)
    assert "Complete" not in badges(as_alice.get(run.get_absolute_url()).text)


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


def test_a_run_that_ended_its_worker_is_told(as_alice, fresh):
    make_item(complete(fresh))
    save(fresh, state="degraded", reason="quarantined")
    make_finished_run(fresh, outcome="quarantined", reason="lease_lost")

    page = page_of(as_alice, fresh)

    assert badges(page)[0] == "Sync broke off"
    assert "three times" in words(page)


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


def test_a_first_sync_that_no_worker_takes_is_told(as_alice, connection):
    save(connection, last_synced_at=None)
    long_ago = timezone.now() - timedelta(minutes=10)
    make_run(connection, trigger="connect", due_at=long_ago, queued_at=long_ago)

    page = page_of(as_alice, connection)

    assert badges(page)[0] == "Waiting to start"
    assert "No worker has taken it for 10 minutes" in words(page)


def test_a_first_sync_that_ended_is_not_called_connected(as_alice, connection):
    save(connection, last_synced_at=None)
    make_finished_run(connection, outcome="cancelled", reason="cancelled")

    assert badges(page_of(as_alice, connection))[0] == "Not read yet"


@pytest.mark.parametrize("address", ["/", "/connections/"])
def test_a_clock_that_was_ahead_promises_nothing(as_alice, fresh, address):
    later = timezone.now() + timedelta(hours=6)
    complete(fresh)
    save(fresh, last_synced_at=later, next_sync_at=later)

    page = as_alice.get(address).content.decode()

    assert not fact(page, "Last sync").startswith("in ")
    assert not fact(page, "Next").startswith("in 5 hours")


def test_a_sync_that_is_due_is_not_in_the_past(as_alice, fresh):
    complete(fresh)
    save(fresh, next_sync_at=timezone.now() - timedelta(minutes=5))

    assert fact(page_of(as_alice, fresh), "Next sync") == "Due now"


def test_a_run_that_is_on_is_not_offered_again(as_alice, fresh):
    complete(fresh)
    make_run(fresh, state="running", is_interactive=True, started_at=NOON)

    assert "/sync/" not in page_of(as_alice, fresh)


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
    from dataclasses import replace

    known = settings.PROVIDERS["hubspot"]
    settings.PROVIDERS = {
        **settings.PROVIDERS,
        "hubspot": replace(known, client_id=""),
    }
    save(connection, state=Connection.State.NEEDS_RECONNECT, reason="grant_rejected")

    page = page_of(as_alice, connection)

    assert ">Reconnect<" not in page
    assert "is not set up here" in words(page)


def test_a_failed_sync_says_when_it_is_tried_again_and_which_attempt_that_is(
    as_alice, fresh
):
    reason = {"reason": "intermediary", "state": "finished", "outcome": "failed"}
    make_run(fresh, finished_at=timezone.now(), **reason)
    save(fresh, failed_syncs=2, retry_at=timezone.now() + timedelta(seconds=100))

    for html in (page_of(as_alice, fresh), live_of(as_alice, fresh)):
        assert "Attempt 3 of 5" in fact(html, "Next sync")
        assert 'data-state="retrying"' in html
        assert 'data-code="intermediary"' in html

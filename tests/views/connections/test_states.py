"""What a connection's state is said to be: one truth, in the same words everywhere."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.support.pages.shown import fact, of_part, words
from tests.support.pages.state_pages import (
    badges,
    complete,
    live_of,
    page_of,
    save,
    waiting_run,
)
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_run,
)


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
        ("refreshing", {}, "being refreshed"),
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


def test_a_run_that_ended_its_worker_is_told(as_alice, fresh):
    make_item(complete(fresh))
    save(fresh, state="degraded", reason="quarantined")
    make_finished_run(fresh, outcome="quarantined", reason="lease_lost")

    page = page_of(as_alice, fresh)

    assert badges(page)[0] == "Sync broke off"
    assert "three times" in words(page)


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


def test_nothing_is_promised_while_this_sites_key_is_wrong(as_alice, fresh):
    save(
        fresh,
        state="degraded",
        reason="site_key_wrong",
        next_sync_at=timezone.now() + timedelta(minutes=4),
    )

    page = page_of(as_alice, fresh)

    assert fact(page, "Next sync") == "Once the key of this site is right"
    assert not {"sync", "full_refresh"} & of_part("page", page, fresh.pk).actions
    # A new permission would be encrypted with the wrong key as well.
    for html in (page, live_of(as_alice, fresh)):
        assert "/authorize" not in html
        assert "/connections/connect/" not in html


@pytest.mark.parametrize("address", ["{}", "{}runs/"])
def test_syncs_that_are_not_kept_are_not_said_never_to_have_been(
    as_alice, fresh, address
):
    fresh.runs.all().delete()

    page = as_alice.get(address.format(fresh.get_absolute_url())).content.decode()

    assert fresh.last_synced_at is not None
    for untrue in ("No sync has run yet", "Nothing has been read yet", "Not read yet"):
        assert untrue not in page

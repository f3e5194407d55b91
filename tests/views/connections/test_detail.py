"""The connection's page: completeness, live progress, scopes, the key's facts."""

import re
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.models import AuditEvent, Connection, RefreshAttempt, SyncRun
from integrations.models.collection import Completeness
from integrations.services.sync.deletions import seen_bitmap
from tests.support.pages.kept_rows import kept
from tests.support.rows import (
    NOON,
    make_collection,
    make_credential,
    make_finished_run,
    make_item,
    make_run,
)

Running = SyncRun.State.RUNNING


def progress_of(client, connection):
    path = reverse("integrations:connection-progress", args=(connection.pk,))
    return client.get(path)


def make_running(connection, *entries, **values):
    progress = {str(n): entry for n, entry in enumerate(entries)}
    return make_run(
        connection,
        state=Running,
        started_at=NOON,
        lease_until=timezone.now() + timedelta(seconds=9),
        progress=progress,
        **values,
    )


def test_the_page_shows_collections_runs_scopes_and_the_key(as_alice, connection):
    collection = make_collection(connection, completeness="no_permission")
    run = make_finished_run(connection, created=12)
    connection.granted_scopes = ["oauth", "something.odd"]
    connection.save()
    make_credential(connection)
    RefreshAttempt.objects.create(
        id=run.pk, connection=connection, why="schedule", outcome="refreshed"
    )

    page = as_alice.get(connection.get_absolute_url())

    assert list(page.context["collections"]) == [collection]
    assert page.context["runs"] == [run]
    assert page.context["run_history"][0]["title"].endswith(
        "complete, 12 new, 0 changed"
    )
    statuses = {s["name"]: s["status"] for s in page.context["scopes"]}
    assert statuses["something.odd"] == "unused"
    assert "missing" in statuses.values()
    assert page.context["reconsent_text"] == "Ask again for what is missing"
    assert page.context["token"]["fingerprint"] == "9f3a11c0"
    assert page.context["token"]["key_id"] == "k1"
    assert len(page.context["attempts"]) == 1


def test_the_sealed_tokens_are_neither_fetched_nor_shown(as_alice, connection):
    credential = make_credential(connection)

    with CaptureQueriesContext(database) as queries:
        page = as_alice.get(connection.get_absolute_url())

    assert credential.refresh_token not in page.content.decode()
    assert credential.access_token not in page.content.decode()
    sql = "\n".join(query["sql"] for query in queries)
    column = r'("integrations_credential"|U\d)."(access|refresh)_token"'
    # Only the beginning, which names the key, is fetched, or compared where it is.
    compared = rf"{column} (IS NOT NULL|(=|LIKE) '[^']*')"
    whole = re.sub(rf"(SUBSTR|LEFT)\({column}|{compared}", "", sql)
    assert '"access_token"' not in whole
    assert '"refresh_token"' not in whole


def test_a_connection_without_anything_has_a_page(as_alice, connection):
    Connection.objects.update(last_synced_at=None)

    page = as_alice.get(connection.get_absolute_url())

    assert page.context["progress"]["headline"] == "Not read yet"
    assert page.context["token"] is None


def test_progress_is_polled_fast_while_a_run_is_open(as_alice, connection):
    run = make_running(connection, {"name": "Contacts", "state": "reading"})

    during = progress_of(as_alice, connection)
    page = as_alice.get(connection.get_absolute_url())
    SyncRun.objects.filter(pk=run.pk).update(state="finished", outcome="complete")
    after = progress_of(as_alice, connection)

    assert during.status_code == 200
    assert b'hx-trigger="every 2s"' in during.content
    assert b"<html" not in during.content
    assert b'hx-trigger="every 2s"' in page.content
    assert after.status_code == 200
    assert b'hx-trigger="every 30s"' in after.content


def test_nothing_is_polled_where_nothing_can_change(as_alice, connection):
    Connection.objects.update(state=Connection.State.DISCONNECTED)

    answer = progress_of(as_alice, connection)

    assert answer.status_code == 286
    assert b"hx-trigger" not in answer.content


def test_progress_counts_collections_and_names_the_step(as_alice, connection):
    make_running(
        connection,
        {"name": "Contacts", "state": "done", "total": 60},
        {"name": "Deals", "state": "reading", "phase": "listing", "total": 40},
        seen=75,
        created=70,
        is_full=True,
    )

    progress = progress_of(as_alice, connection).context["progress"]

    assert progress["headline"] == "Syncing: 1 of 2 collections"
    assert progress["step"] == "Reading Deals."
    assert (progress["value"], progress["max"]) == (75, 100)
    assert (progress["seen"], progress["created"]) == (75, 70)


def test_progress_names_each_collection_that_is_read_beside_others(
    as_alice, connection
):
    make_running(
        connection,
        {"name": "Contacts", "state": "reading", "phase": "listing"},
        {"name": "Companies", "state": "reading", "phase": "deletions"},
        {"name": "Deals", "state": "reading", "phase": "listing"},
        {"name": "Leads", "state": "done"},
    )

    step = progress_of(as_alice, connection).context["progress"]["step"]

    assert step == "Reading Contacts and Deals. Looking for deletions in Companies."


def test_progress_does_not_take_the_listing_for_a_collection(as_alice, connection):
    run = make_running(
        connection, {"name": "Contacts", "state": "done", "total": 60}, is_full=True
    )
    listing = {"name": "List of collections", "state": "done"}
    run.progress["account"] = {
        **listing,
        "reason": {"code": "request_refused", "data": {}},
    }
    run.save()

    progress = progress_of(as_alice, connection).context["progress"]

    assert progress["headline"] == "Syncing: 1 of 1 collection"
    assert progress["max"] == 60


def test_progress_promises_no_total_that_nobody_told(as_alice, connection):
    make_running(
        connection,
        {"name": "Contacts", "state": "done", "total": 60},
        {"name": "Deals", "state": "reading", "total": None},
        is_full=True,
    )

    progress = progress_of(as_alice, connection).context["progress"]

    assert (progress["value"], progress["max"]) == (None, None)


def test_progress_says_when_it_waits_and_when_it_retries(as_alice, connection):
    run = make_running(connection, {"name": "Contacts", "state": "reading"})
    later = timezone.now() + timedelta(minutes=4)
    SyncRun.objects.filter(pk=run.pk).update(lease_until=None, due_at=later)

    waiting = progress_of(as_alice, connection).context["progress"]
    SyncRun.objects.filter(pk=run.pk).update(
        reason="provider_down", reason_data={"attempt": 3}
    )
    retrying = progress_of(as_alice, connection).context["progress"]

    assert waiting["waiting_until"] == later
    assert retrying["waiting_until"] == later
    assert "(attempt 3)" in retrying["wait_text"]


def test_a_queued_run_waits_for_a_worker(as_alice, connection):
    make_run(connection)

    progress = progress_of(as_alice, connection).context["progress"]

    assert progress["headline"] == "Waiting for a worker"


def test_a_run_page_tells_which_calls_were_spot_checks(as_alice, connection):
    run = make_finished_run(connection, requests=1234, spot_check_requests=57)

    page = as_alice.get(run.get_absolute_url())

    assert re.search(r"1,234\s+\(57 ", page.text)


def test_a_run_page_lists_what_went_wrong(as_alice, connection):
    run = make_finished_run(
        connection,
        outcome="partial",
        progress={
            "1": {"name": "Contacts", "state": "done", "seen": 5, "created": 2},
            "2": {
                "name": "Deals",
                "state": "skipped",
                "reason": {"code": "no_permission", "data": {"scopes": ["deals.read"]}},
                "status": 403,
                "error_code": "MISSING_SCOPES",
                "correlation_id": "4d2f-aa",
            },
        },
    )

    page = as_alice.get(run.get_absolute_url())

    assert [p["seen"] for p in page.context["phases"]] == [5, 0]
    (error,) = page.context["errors"]
    assert error["message"] == "needs deals.read"
    assert "HTTP status 403" in page.text
    assert "<code>MISSING_SCOPES</code>" in page.text
    assert "<code>4d2f-aa</code>" in page.text
    assert page.context["is_active"] is False


def test_a_run_can_be_called_off(as_alice, connection):
    run = make_run(connection)

    as_alice.post(reverse("integrations:run-cancel", args=(run.pk,)))

    run.refresh_from_db()
    assert (run.state, run.outcome) == ("finished", "cancelled")


def test_calling_off_a_finished_run_changes_nothing(as_alice, connection):
    run = make_finished_run(connection)

    as_alice.post(reverse("integrations:run-cancel", args=(run.pk,)))

    run.refresh_from_db()
    assert run.outcome == SyncRun.Outcome.COMPLETE


@pytest.fixture
@kept
def held(collection):
    """Make a collection whose last pass missed one of its two items."""
    here, missed = make_item(collection), make_item(collection, name="Lost Ltd")
    collection.refresh_from_db()
    seen_bitmap.mark(collection, [here.pk])
    collection.completeness = Completeness.HELD
    collection.held_deletions = {
        "count": 1,
        "generation": collection.generation,
        "sample": [missed.remote_id],
    }
    collection.save()
    return collection


def test_what_is_held_can_be_looked_at_first(as_alice, held):
    page = as_alice.get(held.connection.get_absolute_url())

    missed = held.items.get(name="Lost Ltd")
    link = f'<a href="{missed.get_absolute_url()}"><bdi>Lost Ltd</bdi></a>'
    assert link in page.text
    assert 'name="generation"' in page.text


@pytest.mark.parametrize("decision", ["approve", "discard"])
def test_a_decision_about_an_earlier_hold_does_nothing(as_alice, held, told, decision):
    path = reverse(f"integrations:collection-{decision}", args=(held.pk,))

    answer = as_alice.post(path, {"generation": held.generation + 1})

    assert "nothing was done" in told(as_alice.get(answer.url))
    held.refresh_from_db()
    assert held.held_deletions
    assert held.items.live().count() == 2


@pytest.mark.parametrize("sent", ["9" * 5000, "-1", "soon"])
def test_a_hold_named_by_nonsense_is_left_alone(as_alice, held, sent):
    path = reverse("integrations:collection-discard", args=(held.pk,))

    assert as_alice.post(path, {"generation": sent}).status_code == 302
    held.refresh_from_db()
    assert held.held_deletions


@pytest.mark.parametrize(("decision", "live"), [("approve", 1), ("discard", 2)])
def test_held_deletions_wait_for_the_user(as_alice, held, decision, live):
    page = as_alice.get(held.connection.get_absolute_url())
    path = reverse(f"integrations:collection-{decision}", args=(held.pk,))

    answers = [as_alice.post(path), as_alice.post(path)]

    assert path.encode() in page.content
    assert [answer.status_code for answer in answers] == [302, 302]
    assert held.items.live().count() == live
    assert AuditEvent.objects.filter(event__startswith="deletions.").count() == 1

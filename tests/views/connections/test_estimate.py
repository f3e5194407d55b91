"""A long sync says what is allowed and about how long the rest takes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import ItemContent, SyncRun
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.sync.progress import CollectionProgress, ProgressState
from integrations.views.connections.progress import PLAN_TEXT
from tests.support.rows import (
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_run,
)


def reading(connection, *, minutes, seen, total=None):
    """Make a run that a worker has been on for some minutes."""
    now = timezone.now()
    collection = make_collection(connection, remote_count=total)
    entry = CollectionProgress(name="Contacts", state=ProgressState.READING, seen=seen)
    return make_run(
        connection,
        state="running",
        seen=seen,
        started_at=now - timedelta(minutes=minutes),
        lease_until=now + SyncRun.lease_length(),
        progress={str(collection.pk): entry.to_json()},
    )


def said(client, connection):
    return client.get(connection.get_absolute_url()).context["progress"]["time_text"]


def test_where_the_total_is_known_the_rest_is_estimated(as_alice, alice):
    connection = make_connection(alice, last_synced_at=None)
    reading(connection, minutes=3, seen=3_000, total=12_000)

    text = said(as_alice, connection)

    assert "About 10 minutes to go" in text or "About 9 minutes to go" in text
    assert "HubSpot allows about 11 calls a second" in text


def test_where_nobody_tells_the_total_nothing_is_invented(as_alice, alice):
    connection = make_connection(alice, provider="notion", last_synced_at=None)
    reading(connection, minutes=6, seen=1_234)

    text = said(as_alice, connection)

    assert "1,234 items in" in text
    assert "Notion does not say beforehand" in text
    assert "to go" not in text


@pytest.fixture
def reading_texts(alice, settings):
    """Return a workspace whose list was read four hours ago, with texts since."""
    settings.CONTENT_PAGES_PER_RUN = 200
    now = timezone.now()
    connection = make_connection(alice, provider="notion", last_synced_at=None)
    pages = make_collection(
        connection, item_type="page", last_full_refresh_at=now - timedelta(hours=4)
    )
    entry = CollectionProgress(name="Pages", state=ProgressState.DONE, seen=50)
    make_run(
        connection,
        state="running",
        seen=50,
        texts=20,
        started_at=now - timedelta(hours=9),
        lease_until=now + SyncRun.lease_length(),
        progress={str(pages.pk): entry.to_json()},
    )
    items = [make_item(pages) for _ in range(50)]
    for item in items[:20]:
        ItemContent.objects.create(item=item, read_for=now, read_at=now)
    return connection


def test_once_all_is_listed_the_texts_that_are_left_are_counted(
    as_alice, reading_texts
):
    text = said(as_alice, reading_texts)

    # Twenty in four hours: thirty more take six.
    assert "30 texts left, about 6 hours." in text
    assert "beforehand" not in text


def test_texts_that_are_left_to_later_syncs_are_not_promised_to_this_one(
    as_alice, reading_texts, settings
):
    settings.CONTENT_PAGES_PER_RUN = 30

    text = said(as_alice, reading_texts)

    assert "30 texts left; this sync reads 10 of them in about 2 hours, and" in text


@pytest.mark.parametrize("most", [0, 20])
def test_no_text_is_promised_where_the_sync_reads_none(
    as_alice, reading_texts, settings, most
):
    settings.CONTENT_PAGES_PER_RUN = most

    text = said(as_alice, reading_texts)

    assert "left" not in text
    assert "beforehand" not in text


def test_before_the_first_text_there_is_no_pace(as_alice, reading_texts):
    SyncRun.objects.update(texts=0)

    assert "30 texts left. " in said(as_alice, reading_texts)


def test_nothing_is_said_of_what_does_not_hold_for_the_provider_or_the_run(
    as_alice, alice
):
    connection = make_connection(alice)
    reading(connection, minutes=6, seen=1_234)

    text = said(as_alice, connection)

    # How many have changed is told by nobody, and HubSpot's items have no texts.
    assert "1,234 items in" in text
    assert "beforehand" not in text
    assert "read first" not in text


@pytest.mark.parametrize("minutes", [0, 0.2])
def test_a_short_sync_says_nothing(as_alice, alice, minutes):
    connection = make_connection(alice, last_synced_at=None)
    reading(connection, minutes=minutes, seen=10, total=12_000)

    assert said(as_alice, connection) == ""


def test_what_waits_for_the_plan_says_so_at_its_run(as_alice, alice):
    connection = make_connection(alice, provider="airtable")
    entry = CollectionProgress(
        name="Books",
        state=ProgressState.SKIPPED,
        reason=Reason(code=ReasonCode.PLAN_UNKNOWN),
    )
    run = make_finished_run(
        connection, outcome="partial", progress={"1": entry.to_json()}
    )

    errors = as_alice.get(run.get_absolute_url()).context["errors"]

    assert [error["next_text"] for error in errors] == [PLAN_TEXT]

"""A connection's page tells as of when links are known, and what spot checks prove."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Collection, Connection, SpotCheck
from integrations.models.messages import wording
from integrations.services.connections.status import status_of
from tests.support.rows import make_collection, make_connection


def page(client: Client, connection: Connection, *, live: bool = False) -> str:
    if live:
        url = reverse("integrations:connection-progress", args=(connection.pk,))
        seen = client.get(connection.get_absolute_url()).context["seen"]
        return client.get(url, {"seen": seen}).text
    return client.get(connection.get_absolute_url()).text


def make_check(collection: Collection, **values: Any) -> SpotCheck:
    now = timezone.now()
    known = {"number": 0, "parts": 1, "population": 340, "checked": 340}
    times = {"began_at": now - timedelta(hours=2), "ended_at": now}
    return SpotCheck.objects.create(
        collection=collection, **{**known, **times, **values}
    )


@pytest.mark.parametrize("live", [False, True])
def test_links_as_of_a_time_and_the_proof_are_told_by_collection(
    as_alice: Client, connection: Connection, collection: Collection, live: bool
) -> None:
    known = timezone.now() - timedelta(minutes=12)
    Collection.objects.update(links_read_at=known, stored_count=28_000)
    for number in range(3):
        make_check(collection, number=number, parts=8, checked=1_000)

    html = page(as_alice, connection, live=live)

    assert 'data-code="links_as_of"' in html
    assert wording.time_text(known) in html
    proof = "Checked 3,000 of 28,000 in seven days, 0 differ"
    assert f"{proof}: at most 0.1 % wrong, 95 % sure" in html


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(("behind", "is_complete"), [(25, True), (45, False)])
def test_links_that_lag_behind_fields_are_what_a_complete_collection_lacks(
    as_alice: Client,
    connection: Connection,
    collection: Collection,
    behind: int,
    is_complete: bool,
    live: bool,
) -> None:
    synced = timezone.now() - timedelta(minutes=2)
    Connection.objects.update(last_synced_at=synced)
    Collection.objects.update(
        links_read_at=synced - timedelta(minutes=behind),
        completeness="complete",
        stored_count=1,
    )

    html = page(as_alice, connection, live=live)
    connection.refresh_from_db()
    status = status_of(connection)

    assert ('data-code="links_old"' in html) is not is_complete
    assert (status.code == "links_as_of") is not is_complete
    assert (status.condition == "partial") is not is_complete


@pytest.mark.parametrize(
    ("differing", "told"),
    [
        (0, "Checked all 340 in seven days, 0 differ<"),
        (1, "Checked all 340 in seven days, 1 differed and was mended<"),
        (2, "Checked all 340 in seven days, 2 differed and were mended<"),
    ],
)
def test_what_was_read_as_a_whole_is_no_estimate(
    as_alice: Client,
    connection: Connection,
    collection: Collection,
    differing: int,
    told: str,
) -> None:
    Collection.objects.update(stored_count=340)
    make_check(collection, differing=differing)

    assert told in page(as_alice, connection)


def test_nothing_is_claimed_before_a_check_has_ended_or_after_a_week(
    as_alice: Client, connection: Connection, collection: Collection
) -> None:
    make_check(collection, ended_at=None)
    make_check(collection, began_at=timezone.now() - timedelta(days=8))

    html = page(as_alice, connection)

    assert 'data-code="spot_checks"' not in html
    assert 'data-code="links_as_of"' not in html
    assert 'data-code="no_spot_checks"' not in html


@pytest.mark.parametrize(
    ("plan", "is_off"), [("", True), ("free", True), ("team", False)]
)
def test_a_plan_that_bears_no_checks_is_told(
    as_alice: Client, alice: User, plan: str, is_off: bool
) -> None:
    connection = make_connection(
        alice, provider="airtable", remote_id="usr1", plan=plan
    )
    make_collection(connection, remote_id="app1/tbl1", item_type="record")

    html = page(as_alice, connection)

    assert ('data-code="no_spot_checks"' in html) is is_off

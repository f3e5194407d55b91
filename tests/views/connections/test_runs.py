"""The list of a connection's syncs, back to the first that is kept."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.support.rows import NOON, make_finished_run, make_run


def address(connection):
    return reverse("integrations:connection-runs", args=(connection.pk,))


def make_runs(connection, number):
    return [
        make_finished_run(connection, queued_at=NOON + timedelta(hours=hour))
        for hour in range(number)
    ]


def test_runs_beyond_the_latest_can_be_reached_page_by_page(as_alice, connection):
    made = make_runs(connection, 60)

    latest = as_alice.get(connection.get_absolute_url())
    first = as_alice.get(address(connection))
    second = as_alice.get(f"{address(connection)}?page=2")

    assert address(connection) in latest.content.decode()
    assert [*first.context["runs"], *second.context["runs"]] == made[::-1]
    assert "?page=2" in first.content.decode()
    assert made[0].get_absolute_url() in second.content.decode()


def test_an_odd_page_number_is_the_nearest_page(as_alice, connection):
    made = make_runs(connection, 3)

    for number in ("0", "-1", "99", "x", "1e9", ""):
        page = as_alice.get(f"{address(connection)}?page={number}")
        assert list(page.context["runs"]) == made[::-1]


def test_a_connection_without_a_run_says_so(as_alice, connection):
    page = as_alice.get(address(connection))

    assert page.status_code == 200
    assert list(page.context["runs"]) == []


def test_runs_are_their_owners(as_bob, connection):
    assert as_bob.get(address(connection)).status_code == 404


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, None),
        ({"workers_lost": 1, "worker_lost_at": NOON}, "worker_lost"),
        ({"workers_lost": 3, "worker_lost_at": NOON}, "worker_lost"),
        ({"lease_id": uuid4(), "lease_until": NOON}, "worker_silent"),
    ],
)
def test_a_run_says_that_its_worker_was_lost(as_alice, connection, values, code):
    run = make_run(connection, state="running", started_at=NOON, **values)

    html = as_alice.get(run.get_absolute_url()).content.decode()

    for each in ("worker_lost", "worker_silent"):
        assert (f'data-code="{each}"' in html) is (each == code)


def test_a_run_at_work_has_lost_nobody(as_alice, connection):
    soon = timezone.now() + timedelta(seconds=9)
    run = make_run(connection, state="running", lease_id=uuid4(), lease_until=soon)

    html = as_alice.get(run.get_absolute_url()).content.decode()

    assert 'data-code="worker_' not in html


def test_a_run_that_found_nothing_to_read_has_one_tone(as_alice, connection):
    make_run(connection, state="finished", outcome="complete")

    page = as_alice.get(connection.get_absolute_url())

    assert [bar["tone"] for bar in page.context["run_history"]] == ["idle"]


@pytest.mark.parametrize("outcome", ["failed", "cancelled", "quarantined"])
def test_what_failed_is_not_called_the_last_sync(as_alice, connection, outcome):
    make_run(connection, state="finished", outcome=outcome, finished_at=NOON)

    page = as_alice.get(connection.get_absolute_url())

    # The last sync is one that came to its end, and its time stands above.
    assert "Last sync" not in page.context["progress"]["headline"]

"""Charts are drawn from numbers that stand behind them, of the viewer's own alone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.models import CollectionCount
from integrations.services.upkeep import daily_counts, retention
from tests.support.rows import make_collection, make_finished_run, make_items


def numbers(page):
    [entry] = page.context["collections"]
    return [row["number"] for row in entry["rows"]]


def test_each_day_keeps_the_last_number_of_a_collection(as_alice, connection):
    contacts = make_collection(connection)
    now = timezone.now()
    for days, size in ((2, 3), (1, 4), (1, 2)):
        make_items(contacts, [{"name": "x"} for _ in range(size)])
        daily_counts.note(now=now - timedelta(days=days))

    page = as_alice.get("/charts/")

    assert numbers(page) == [9, 9, 3]


def test_what_is_noted_is_not_written_again(connection):
    make_items(make_collection(connection), [{"name": "x"}])
    now = timezone.now()

    assert [daily_counts.note(now=now) for _ in range(2)] == [1, 0]


def test_numbers_are_kept_a_year_and_no_longer(connection):
    contacts = make_collection(connection)
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    for days in (0, 399, 401, 2000):
        day = (now - timedelta(days=days)).date()
        CollectionCount.objects.create(collection=contacts, day=day, number=1)

    retention.prune(now=now)

    assert CollectionCount.objects.count() == 2


def test_syncs_stand_by_day_and_outcome(as_alice, connection):
    now = timezone.now()
    for days, outcome in (
        (0, "complete"),
        (0, "complete"),
        (3, "failed"),
        (90, "failed"),
    ):
        at = now - timedelta(days=days)
        make_finished_run(connection, outcome=outcome, finished_at=at, started_at=at)

    syncs = as_alice.get("/charts/").context["syncs"]

    assert [row["numbers"] for row in syncs["rows"]] == [[2, 0], [0, 1]]
    assert [bar["tone"] for bar in syncs["bars"]] == ["bad", "ok"]
    assert max(bar["height"] for bar in syncs["bars"]) == syncs["height"]


@pytest.mark.parametrize("with_items", [True, False])
def test_no_drawing_needs_a_style_or_a_script(as_alice, connection, with_items):
    if with_items:
        make_items(make_collection(connection), [{"name": "x"}])
        make_finished_run(connection, finished_at=timezone.now())

    page = as_alice.get("/charts/")

    main = page.content.decode().split("<main")[1].split("</main")[0]
    assert not re.search(r"\sstyle=|<script|\son\w+=", main)
    assert ("<polyline" in main) is with_items


def test_nobody_sees_anothers_charts(as_bob, connection):
    make_items(make_collection(connection, name="Secret"), [{"name": "x"}])
    make_finished_run(connection, finished_at=timezone.now())

    page = as_bob.get("/charts/")

    assert (page.context["collections"], page.context["syncs"]["bars"]) == ([], [])
    assert "Secret" not in page.content.decode()

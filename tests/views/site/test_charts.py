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
    noon = timezone.now().replace(hour=12)
    for hours, size in ((48, 3), (24, 4), (22, 2)):
        make_items(contacts, [{"name": "x"} for _ in range(size)])
        daily_counts.note(now=noon - timedelta(hours=hours))

    page = as_alice.get("/charts/")

    assert numbers(page) == [9, 9, 3]


def test_a_collection_with_stages_leads_to_its_chart_by_stage(as_alice, connection):
    stage = {"name": "dealstage", "label": "Stage", "kind": "stage"}
    fields = [{"name": "amount", "label": "Amount", "kind": "money"}, stage]
    deals = make_collection(
        connection, remote_id="deals", item_type="deal", schema={"fields": fields}
    )
    make_items(deals, [{"name": "x", "properties": {"dealstage": "won"}}])
    make_items(make_collection(connection, remote_id="notes"), [{"name": "y"}])

    collections = as_alice.get("/charts/").context["collections"]

    led = {entry["collection"].pk: entry.get("grouped_url") for entry in collections}
    chart = as_alice.get(led.pop(deals.pk))
    assert chart.context["query"].group.id == "dealstage"
    assert [*led.values()] == [None]


def test_deals_are_drawn_by_their_stage_with_the_sums_behind(
    as_alice, as_bob, connection
):
    stage = {
        "name": "dealstage",
        "label": "Stage",
        "kind": "stage",
        "options": {"new": "New", "won": "Won"},
    }
    fields = [{"name": "amount", "label": "Amount", "kind": "number"}, stage]
    deals = make_collection(
        connection, remote_id="deals", item_type="deal", schema={"fields": fields}
    )
    told = [("1", "won"), ("20", "won"), ("300", "new")]
    make_items(
        deals,
        [
            {"name": "x", "properties": {"amount": amount, "dealstage": name}}
            for amount, name in told
        ],
    )

    [drawn] = as_alice.get("/charts/").context["grouped"]

    bars = {chart.title: chart.bars for chart in drawn["charts"]}
    assert [(b.label, b.text) for b in bars["Items"]] == [("New", "1"), ("Won", "2")]
    [sums] = [bars[title] for title in bars if "Amount" in title]
    assert [(b.label, b.text) for b in sums] == [("New", "300"), ("Won", "21")]
    rows = [(row["label"], row["count"]) for row in drawn["group_rows"]]
    assert rows == [("New", 1), ("Won", 2)]
    assert as_bob.get("/charts/").context["grouped"] == []


def test_what_is_noted_is_not_written_again(connection):
    make_items(make_collection(connection), [{"name": "x"}])
    now = timezone.now()

    assert [daily_counts.note(now=now) for _ in range(2)] == [1, 0]


def test_numbers_are_noted_once_an_hour(connection):
    contacts = make_collection(connection)
    now = timezone.now().replace(hour=12)
    noted = []
    for minutes in (0, 1, 59, 62):
        make_items(contacts, [{"name": "x"}])
        noted.append(daily_counts.note(now=now + timedelta(minutes=minutes)))

    assert noted == [1, 0, 0, 1]
    assert CollectionCount.objects.get().number == 4


def test_what_never_held_an_item_is_not_noted(connection):
    contacts = make_collection(connection)
    now = timezone.now().replace(hour=12)
    assert daily_counts.note(now=now) == 0

    CollectionCount.objects.create(collection=contacts, day="2026-01-01", number=1)
    assert daily_counts.note(now=now + timedelta(hours=2)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_collection_that_is_erased_meanwhile_does_not_stop_a_sweep(
    connection, monkeypatch
):
    contacts = make_collection(connection)
    make_items(contacts, [{"name": "x"}])
    now, write = timezone.now(), daily_counts._write

    def write_later(rows):
        contacts.delete()
        write(rows)

    monkeypatch.setattr(daily_counts, "_write", write_later)
    assert daily_counts.note(now=now) == 0
    monkeypatch.undo()

    make_items(make_collection(connection), [{"name": "x"}])
    assert daily_counts.note(now=now) == 1


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

"""Choosing what is read, what it costs, and a schedule that fits a plan."""

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS
from integrations.services.common import queue
from integrations.services.connections import quota
from integrations.services.sync.calls import budget
from tests.services.conftest import Broker
from tests.support.rows import make_collection, make_connection, make_item

BASES = ("appAAAAAAAAAAAAA1", "appAAAAAAAAAAAAA2")


@pytest.fixture(autouse=True)
def broker(monkeypatch):
    monkeypatch.setattr(queue, "current_app", Broker())


@pytest.fixture
def airtable(alice):
    """Make a connection to two bases of one name, the second with one table."""
    connection = make_connection(
        alice, provider="airtable", remote_id="usrA", account_name="ana@example.com"
    )
    make_collection(
        connection, remote_id="structure", name="Bases and tables", item_type="table"
    )
    tables = ((BASES[0], "Tasks"), (BASES[0], "People"), (BASES[1], "Orders"))
    for number, (base, name) in enumerate(tables, start=1):
        make_collection(
            connection,
            remote_id=f"{base}/tbl{number}",
            name=f"Projects / {name}",
            item_type="record",
            position=number,
            details={"base_id": base, "base_name": "Projects", "table_name": name},
            last_full_refresh_at=timezone.now(),
        )
    return connection


def path_of(connection):
    return reverse("integrations:connection-collections", args=(connection.pk,))


def names(connection, **filters):
    found = connection.collections.filter(**filters)
    return list(found.values_list("name", flat=True))


def send(client, connection, *ticked, action="save", **values):
    pks = [str(connection.collections.get(name__endswith=n).pk) for n in ticked]
    form = {"shown_at": timezone.now().isoformat(), "action": action, **values}
    return client.post(path_of(connection), {**form, "collections": pks})


def rows_of(page):
    return [row for group in page.context["groups"] for row in group["rows"]]


def test_everything_is_offered_by_base_and_ticked(as_alice, airtable):
    page = as_alice.get(path_of(airtable))

    groups = [(g["name"], len(g["rows"])) for g in page.context["groups"]]
    assert groups == [("", 1), ("Projects", 2), ("Projects", 1)]
    assert [row["name"] for row in rows_of(page)] == [
        "Bases and tables",
        "Tasks",
        "People",
        "Orders",
    ]
    assert all(row["is_ticked"] for row in rows_of(page))
    assert path_of(airtable) in as_alice.get(airtable.get_absolute_url()).text


def test_what_is_saved_is_what_was_ticked(as_alice, airtable, told):
    tasks = airtable.collections.get(name__endswith="Tasks")
    make_item(tasks)

    answer = send(as_alice, airtable, "People", "Orders", "tables")

    assert names(airtable, is_selected=False) == ["Projects / Tasks"]
    assert Item.objects.get().deleted_kind == "deselected"
    page = as_alice.get(answer.url)
    assert "1 deselected" in told(page)
    assert "1 more is not selected" in page.text
    assert tasks not in page.context["collections"]


def test_an_item_that_is_deselected_is_not_said_to_be_gone(as_alice, airtable):
    item = make_item(airtable.collections.get(name__endswith="Tasks"))
    send(as_alice, airtable, "Orders")

    page = as_alice.get(item.get_absolute_url())

    assert "is not selected" in page.text
    assert "No longer in" not in page.text


def test_nothing_at_all_can_be_chosen(as_alice, airtable):
    send(as_alice, airtable)

    assert len(names(airtable, is_selected=False)) == 4
    page = as_alice.get(airtable.get_absolute_url())
    assert "Nothing is selected." in page.text
    assert path_of(airtable) in page.text


@pytest.mark.parametrize(
    ("button", "ticked"),
    [
        ("all", ["Bases and tables", "Tasks", "People", "Orders"]),
        ("none", []),
        (f"all:{BASES[0]}", ["Tasks", "People", "Orders"]),
        (f"none:{BASES[1]}", []),
        ("count", ["Orders"]),
        ("nonsense", ["Orders"]),
    ],
)
def test_other_buttons_tick_and_save_nothing(as_alice, airtable, button, ticked):
    page = send(as_alice, airtable, "Orders", action=button)

    assert page.status_code == 200
    assert [r["name"] for r in rows_of(page) if r["is_ticked"]] == ticked
    assert names(airtable, is_selected=False) == []


def test_what_appeared_since_the_page_was_shown_is_not_left_out(as_alice, airtable):
    earlier = timezone.now() - timedelta(minutes=5)
    orders = airtable.collections.filter(name__endswith="Orders")
    airtable.collections.exclude(pk=orders.get().pk).update(created_at=earlier)

    send(as_alice, airtable, shown_at=(earlier + timedelta(minutes=1)).isoformat())

    assert names(airtable, is_selected=True) == ["Projects / Orders"]


@pytest.mark.parametrize("shown_at", ["", "soon", "2026-11-01T12:00:00"])
def test_an_odd_form_is_taken_for_one_of_now(as_alice, airtable, shown_at):
    answer = send(as_alice, airtable, "Orders", shown_at=shown_at)

    assert answer.status_code == 302
    assert names(airtable, is_selected=True) == ["Projects / Orders"]


def test_what_is_no_longer_shared_is_not_offered(as_alice, airtable):
    airtable.collections.filter(name__endswith="Orders").update(misses=2)

    page = as_alice.get(path_of(airtable))
    send(as_alice, airtable, "Tasks")

    assert [r["name"] for r in rows_of(page)][-1] == "People"
    assert "Projects / Orders" in names(airtable, is_selected=True)


def test_the_cost_of_what_is_ticked_is_held_against_the_plan(as_alice, airtable):
    Collection.objects.filter(name__endswith="Orders").update(stored_count=9000)

    page = send(as_alice, airtable, "Orders", action="count", plan="free")

    cost = page.context["cost"]
    calls = {row["name"]: row["calls"] for row in rows_of(page)}
    assert cost["total"] == calls["Orders"] + cost["listing"]
    assert cost["fits"] is False
    assert cost["fitting"].calls <= 1000
    assert "becomes one that fits" in page.text
    airtable.refresh_from_db()
    assert airtable.plan == ""


def test_a_plan_gets_a_schedule_that_fits(as_alice, airtable, told):
    answer = send(as_alice, airtable, "Orders", plan="free")

    airtable.refresh_from_db()
    assert airtable.plan == "free"
    assert airtable.sync_interval_minutes == 60
    assert airtable.full_refresh_hours == 24
    page = as_alice.get(answer.url)
    assert "So that it fits your Free plan, changes are looked for" in told(page)
    assert "everything once a day" in page.context["schedule_text"]
    fine = as_alice.get(path_of(airtable)).context["cost"]
    assert (fine["fits"], fine["plan"].name) == (True, "Free")


@pytest.mark.parametrize(("plan", "minutes"), [("team", 15), ("", 15), ("free", 1440)])
def test_a_schedule_that_fits_already_stays(as_alice, airtable, told, plan, minutes):
    airtable.sync_interval_minutes = minutes
    airtable.save()

    answer = send(as_alice, airtable, "Orders", plan=plan)

    airtable.refresh_from_db()
    assert airtable.sync_interval_minutes == minutes
    assert "So that it fits" not in told(as_alice.get(answer.url))


def test_what_fits_no_schedule_says_so(as_alice, airtable):
    Collection.objects.filter(name__endswith="Orders").update(stored_count=900_000)

    page = send(as_alice, airtable, "Orders", action="count", plan="free")

    assert "whatever the schedule" in page.text


def test_a_plan_that_is_none_is_not_kept(as_alice, airtable):
    send(as_alice, airtable, "Orders", plan="platinum")

    airtable.refresh_from_db()
    assert airtable.plan == ""


def test_a_provider_without_a_quota_has_no_costs(as_alice, connection, collection):
    page = as_alice.get(path_of(connection))

    assert page.context["cost"] is None
    assert [g["name"] for g in page.context["groups"]] == [""]
    assert "calls a month" not in page.text


def test_nobody_else_may_choose(as_bob, airtable):
    assert as_bob.get(path_of(airtable)).status_code == 404
    assert send(as_bob, airtable).status_code == 404
    assert names(airtable, is_selected=False) == []


def test_before_the_first_sync_there_is_nothing_to_choose(as_alice, connection):
    page = as_alice.get(path_of(connection))

    assert "first sync finds out" in page.text


@pytest.mark.parametrize(("hours", "kept"), [("168", 168), ("", None)])
def test_everything_is_read_as_often_as_the_user_says(
    as_alice, connection, hours, kept
):
    path = reverse("integrations:connection-interval", args=(connection.pk,))

    as_alice.post(path, {"minutes": "10080", "hours": hours})

    connection.refresh_from_db()
    assert connection.sync_interval_minutes == 10080
    assert connection.full_refresh_hours == kept


@pytest.mark.parametrize(
    ("plan", "minutes", "words"),
    [
        ("", 15, "Say which plan you have"),
        ("free", 15, "your Free plan has 1,000"),
        ("business", 5, ""),
        ("free", 43_200, ""),
    ],
)
def test_a_schedule_beyond_the_plan_is_told_where_one_looks(
    as_alice, airtable, plan, minutes, words
):
    airtable.plan, airtable.sync_interval_minutes = plan, minutes
    airtable.full_refresh_hours = 720
    airtable.save()

    page = as_alice.get(airtable.get_absolute_url()).content.decode()

    assert ("API calls a month are used" in page) is bool(words)
    assert words in page


def test_a_connection_without_a_quota_is_not_warned(as_alice, connection, collection):
    page = as_alice.get(connection.get_absolute_url())

    assert page.context["overrun"] is None


def test_saying_the_plan_and_choosing_less_still_reads_what_waited(as_alice, airtable):
    waiting = airtable.collections.get(name__endswith="Orders")
    waiting.reason, waiting.blocked_until = "plan_unknown", timezone.now()
    waiting.save()

    send(as_alice, airtable, "Orders", plan="business")

    runs = airtable.runs.exclude(state="finished")
    assert [run.is_cancel_requested for run in runs] == [False]


SECRET = "ada@example.org"


@pytest.fixture
def break_(monkeypatch):
    """Return what makes one method of the connector fail by a mistake of ours."""

    def fail(*_args, **_options):
        raise KeyError(SECRET)

    return lambda name: monkeypatch.setattr(CONNECTORS["airtable"], name, fail)


def reference_of(log, task):
    """Return the reference under which a mistake in one task was logged."""
    found = re.search(
        rf"reference=(\w+) task={task} "
        r"error=KeyError at tests/views/connections/test_selection\.py:\d+",
        log,
    )
    assert SECRET not in log
    return found[1]


def test_an_estimate_that_fails_costs_the_estimate_only(
    as_alice, airtable, break_, caplog
):
    quota.set_plan(airtable, budget.plan_of("airtable", "team"))
    break_("estimate")

    page = as_alice.get(path_of(airtable))

    assert page.status_code == 200
    assert 'data-code="connector_error"' in page.text
    assert reference_of(caplog.text, "estimate") in page.context["cost"]["mistake"]
    assert len(rows_of(page)) == 4
    plans = page.context["cost"]["plans"]
    assert [plan["slug"] for plan in plans if plan["selected"]] == ["team"]
    assert "KeyError" not in page.text


def test_an_estimate_that_fails_leaves_the_connections_page(
    as_alice, airtable, break_, caplog
):
    break_("estimate")

    page = as_alice.get(airtable.get_absolute_url())

    assert page.status_code == 200
    assert 'data-code="connector_error"' in page.text
    assert reference_of(caplog.text, "estimate") in page.context["cost_mistake"]
    assert "Orders" in page.text


@pytest.mark.parametrize("name", ["estimate", "fitting_schedule"])
def test_a_schedule_that_fails_keeps_the_choice_and_the_plan(
    as_alice, airtable, break_, caplog, name
):
    airtable.collections.update(remote_count=500_000)
    break_(name)

    page = send(as_alice, airtable, "Tasks", plan="free")

    codes = [m.extra_tags for m in get_messages(page.wsgi_request)]
    assert "connector_error" in codes
    assert reference_of(caplog.text, name)
    assert names(airtable, is_selected=True) == ["Projects / Tasks"]
    airtable.refresh_from_db()
    assert airtable.plan == "free"


def test_a_place_that_fails_leaves_the_collections_in_one_group(
    as_alice, airtable, break_, caplog
):
    break_("group_of")

    page = as_alice.get(path_of(airtable))

    assert [group["name"] for group in page.context["groups"]] == [""]
    assert len(rows_of(page)) == 4
    assert reference_of(caplog.text, "group_of")


def test_the_number_that_is_left_out_is_that_of_the_boxes_without_a_tick(
    as_alice, connection
):
    for number, values in enumerate(
        ({}, {"is_selected": False}, {"is_selected": False, "misses": 2})
    ):
        make_collection(connection, remote_id=f"c{number}", **values)

    page = as_alice.get(connection.get_absolute_url())

    path = reverse("integrations:connection-collections", args=(connection.pk,))
    boxes = [
        row["is_ticked"]
        for group in as_alice.get(path).context["groups"]
        for row in group["rows"]
    ]
    assert page.context["left_out"] == boxes.count(False) == 1
    # What is counted leads there.
    assert page.text.count(f'href="{path}"') == 2

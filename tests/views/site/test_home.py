"""The front door, the frame of every page, and those who watch the site."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.web.sessions import SEEN, STARTED
from integrations.models import Collection, Connection, Preferences, ProviderState
from integrations.models.accounts.preferences import note_visit, preferences_of
from integrations.services.upkeep import health
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_item,
    make_run,
)


def test_strangers_learn_what_this_is(client, db):
    page = client.get("/")

    assert page.status_code == 200
    assert [p.slug for p in page.context["providers"]]
    assert b"/accounts/login/" in page.content


def test_home_shows_connections_and_what_changed_last(as_alice, connection, collection):
    make_item(collection, name="Old", remote_updated_at=NOON - timedelta(days=1))
    make_item(collection, name="New")
    run = make_run(connection)

    page = as_alice.get("/")

    assert page.context["totals"] == {"items": 2, "connections": 1}
    assert [item.name for item in page.context["recent_items"]] == ["New", "Old"]
    assert list(page.context["running"]) == [run]


@pytest.mark.parametrize("address", ["/", "/connections/"])
def test_the_number_of_a_card_leads_to_its_items(as_alice, alice, address):
    for number in (1, 2):
        collection = make_collection(make_connection(alice))
        for _ in range(number):
            make_item(collection)

    page = as_alice.get(address)

    for connection in page.context["connections"]:
        path = f"/items/?connection={connection.pk}"
        assert f'href="{path}"' in page.content.decode()
        listed = as_alice.get(path).context["items"]
        assert len(listed) == connection.status.item_count


def test_items_of_two_accounts_of_one_name_are_told_apart(as_alice, alice):
    emails = ("ana@harbour.example", "bo@harbour.example")
    for email in emails:
        made = make_connection(
            alice, account_name="Harbour", account={"user_email": email}
        )
        make_item(make_collection(made), name="Pilot")

    recent = as_alice.get("/").text.partition('id="recent"')[2]

    assert [recent.count(email) for email in emails] == [1, 1]


def test_home_of_a_newcomer_offers_what_to_connect(as_alice):
    page = as_alice.get("/")

    assert page.context["connections"] == []
    assert b"/connections/connect/hubspot/" in page.content


def numbers(page):
    kinds = page.context["changes"]["kinds"]
    return {entry["label"]: entry["number"].number for entry in kinds}


def test_home_counts_what_happened_since_the_last_visit(
    as_alice, connection, collection
):
    now = timezone.now()
    read_at = now - timedelta(days=2)
    Collection.objects.update(first_full_refresh_at=read_at)
    for number, hours in enumerate((72, 3, 3, 0.1), 1):
        seen_at = now - timedelta(hours=hours)
        make_item(
            collection, name=f"N{number}", first_seen_at=seen_at, changed_at=seen_at
        )
    make_item(collection, first_seen_at=read_at - timedelta(days=9), changed_at=now)
    make_item(collection, first_seen_at=NOON, changed_at=NOON, deleted_at=now)

    first = as_alice.get("/")
    session = as_alice.session
    session["seen_at"] = (now - timedelta(hours=1)).isoformat()
    session.save()
    second = as_alice.get("/")
    third = as_alice.get("/")

    assert first.context["since"] is None
    assert numbers(first) == {"New": 3, "Changed": 1, "Deleted": 1}
    assert second.context["since"] == now - timedelta(hours=1)
    assert numbers(second) == {"New": 1, "Changed": 1, "Deleted": 1}
    for entry in second.context["changes"]["kinds"]:
        listed = as_alice.get(entry["url"])
        assert len(listed.context["items"]) == entry["number"].number
        assert listed.context["count_text"].startswith(f"{entry['number']} ")
        assert [chip["label"] for chip in listed.context["chips"]] == ["Since"]
    assert third.context["since"] == second.context["since"]


def test_a_broken_connection_is_announced_on_every_page(as_alice, connection):
    connection.state = Connection.State.NEEDS_RECONNECT
    connection.reason = "grant_rejected"
    connection.save()

    for path in ("/", "/connections/", "/items/"):
        page = as_alice.get(path)

        assert list(page.context["attention"]) == [connection]
        assert f"?connection={connection.pk}" in page.content.decode()


def test_staff_hear_of_a_provider_at_rest_and_others_do_not(as_alice, alice):
    ProviderState.objects.create(
        provider="hubspot",
        reason="client_rejected",
        paused_until=timezone.now() + timedelta(minutes=5),
    )

    assert "client rejected" not in as_alice.get("/").content.decode()

    User.objects.filter(pk=alice.pk).update(is_staff=True)

    assert "HubSpot is paused for everybody" in as_alice.get("/").content.decode()


def test_the_frame_asks_nothing_for_strangers(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        client.get("/")


@pytest.mark.parametrize("choice", ["dark", "light", "auto"])
def test_the_theme_is_kept(client, db, choice):
    client.post("/theme/", {"theme": choice, "next": "/"})

    page = client.get("/")

    assert page.context["theme"] == choice
    assert f'data-theme="{choice}"' in page.content.decode()


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/items/?q=a", "/items/?q=a"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_choosing_a_theme_leads_only_to_own_pages(client, db, target, location):
    answer = client.post("/theme/", {"theme": "pink", "next": target})

    assert answer.headers["Location"] == location
    assert "theme" not in answer.cookies


def test_an_odd_theme_cookie_is_the_systems_own(client, db):
    client.cookies["theme"] = '"><script>'

    assert client.get("/").context["theme"] == "auto"


def test_alive_asks_nobody(client):
    # No database mark: a query would fail this test.
    answer = client.get("/health/live")

    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.parametrize(("is_ok", "status"), [(True, 200), (False, 503)])
def test_ready_reports_every_part(client, monkeypatch, is_ok, status):
    report = {"database": {"ok": True}, "broker": {"ok": is_ok}}
    monkeypatch.setattr(health, "report", lambda: report)

    answer = client.get("/health/ready")

    assert answer.status_code == status
    assert json.loads(answer.content) == {"ok": is_ok, **report}
    assert "no-store" in answer.headers["Cache-Control"]


def test_health_takes_no_post(client):
    assert client.post("/health/live").status_code == 405


def test_disconnected_connections_leave_home(as_alice, connection):
    make_connection(connection.owner, state=Connection.State.DISCONNECTED)

    assert as_alice.get("/").context["connections"] == [connection]


def test_the_last_visit_is_known_after_signing_out_and_in_again(
    as_alice, alice, connection, collection
):
    now = timezone.now()
    make_item(collection)
    as_alice.get("/")
    session = as_alice.session
    session["seen_at"] = (now - timedelta(hours=5)).isoformat()
    session.save()

    as_alice.post("/accounts/logout/")
    as_alice.force_login(alice)
    again = as_alice.get("/")

    assert now <= again.context["since"] <= timezone.now()
    assert 'href="/changes/?since=visit"' in again.content.decode()


@pytest.mark.parametrize("path", ["/changes/", "/items/", "/connections/"])
def test_a_visit_is_made_by_any_page(as_alice, collection, path):
    now = timezone.now()
    as_alice.get(path)
    session = as_alice.session
    session["seen_at"] = (now - timedelta(hours=5)).isoformat()
    session.save()

    as_alice.get(path)

    assert as_alice.get("/changes/").context["visit"] == now - timedelta(hours=5)
    # It goes on: home makes no other one of it.
    assert as_alice.get("/").context["since"] == now - timedelta(hours=5)


def test_the_pages_of_five_minutes_note_a_visit_once(as_alice, collection):
    as_alice.get("/connections/")
    noted = as_alice.session["seen_at"]

    with CaptureQueriesContext(database) as asked:
        as_alice.get("/connections/")

    assert as_alice.session["seen_at"] == noted
    assert not [each for each in asked if each["sql"].startswith(("UPDATE", "INSERT"))]


def test_an_idle_session_that_ends_keeps_the_last_visit(as_alice, alice, collection):
    now = timezone.now()
    as_alice.get("/")
    session = as_alice.session
    session["seen_at"] = (now - timedelta(days=4)).isoformat()
    session[SEEN] -= 4 * 86400
    session[STARTED] -= 5 * 86400
    session.save()

    assert "since" not in as_alice.get("/").context
    as_alice.force_login(alice)

    assert as_alice.get("/").context["since"] == now - timedelta(days=4)


def test_what_another_session_has_kept_never_goes_back(as_alice, alice, collection):
    now = timezone.now()
    for at in (now, now - timedelta(days=1)):
        note_visit(alice, at)
    assert preferences_of(alice).visited_at == now

    # As a clock has it that was ahead.
    Preferences.objects.update(visited_at=now + timedelta(days=9))
    note_visit(alice, now)

    assert preferences_of(alice).visited_at == now

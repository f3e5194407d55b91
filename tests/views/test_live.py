"""Open pages learn what has changed, and what they show is not taken away."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from config.web.middleware import SEEN
from integrations.models import Connection, SyncRun
from tests.support.rows import make_item, make_run

PAGES = ("/", "/connections/", "/items/")


def look_of(page):
    """Return the address at which an open page looks, and what it says it shows."""
    text = page.content.decode()
    found = re.search(r'id="live"\s+class="contents"\s+hx-get="([^"]*)"', text)
    seen = re.findall(r'name="seen" value="([^"]*)"', text)
    return unescape(found[1]) if found else "", seen


def look(client, page):
    """Look for news as the open page does."""
    address, seen = look_of(page)
    told = urlencode([("seen", each) for each in seen])
    return client.get(f"{address}{'&' if '?' in address else '?'}{told}")


def parts_of(answer):
    return set(
        re.findall(r'hx-swap-oob="innerHTML:#([\w-]+)"', answer.content.decode())
    )


def seconds_of(page):
    found = re.search(r'hx-trigger="every (\d+)s', page.content.decode())
    return int(found[1]) if found else 0


@pytest.fixture
def running(connection):
    """Return a run that is on, so that pages of its connection look often."""
    return make_run(connection, started_at=timezone.now())


def come(collection, **values):
    now = timezone.now()
    times = {"remote_updated_at": now, "first_seen_at": now, "changed_at": now}
    return make_item(collection, **{**times, **values})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_on_which_nothing_changed_is_sent_nothing(
    as_alice, collection, running, path
):
    make_item(collection)
    page = as_alice.get(path)

    answer = look(as_alice, page)

    assert answer.status_code == 200
    assert parts_of(answer) == set()


@pytest.mark.parametrize("path", PAGES)
def test_counts_and_badges_follow_while_the_page_is_open(
    as_alice, connection, collection, running, path
):
    make_item(collection)
    page = as_alice.get(path)
    come(collection, name="Newcomer")
    Connection.objects.update(state="needs_reconnect", reason="grant_rejected")

    answer = look(as_alice, page)

    told = answer.content.decode()
    assert {"attention", "attention-count"} <= parts_of(answer)
    if path == "/items/":
        assert {"live-count-below", "live-notices", "live-news"} <= parts_of(answer)
        assert "2 items" in told
    else:
        assert "live-cards" in parts_of(answer)
        assert 'data-state="needs_reconnect"' in told


@pytest.mark.parametrize(
    "path", ["/", "/items/", "/items/?q=item", "/items/?sort=name"]
)
def test_a_list_says_what_is_new_instead_of_moving(as_alice, collection, running, path):
    old = [make_item(collection, name=f"Item {n}") for n in range(2)]
    page = as_alice.get(path)
    for number in range(3):
        come(collection, name=f"Item new {number}")
    old[0].changed_at = timezone.now()
    old[0].save()

    answer = look(as_alice, page)

    told = answer.content.decode()
    assert "3 new, 1 changed." in told
    assert "Item new" not in told
    assert f'href="{path}"' in told.replace("?q=item&amp;", "?q=item")


def test_a_list_from_which_something_went_says_that_it_changed(
    as_alice, collection, running
):
    item = make_item(collection)
    make_item(collection)
    page = as_alice.get("/items/")
    item.deleted_at = timezone.now()
    item.save()

    answer = look(as_alice, page)

    assert "This list has changed." in answer.content.decode()


def test_first_rows_appear_by_themselves(as_alice, collection, running):
    pages = {path: as_alice.get(path) for path in ("/", "/items/")}
    come(collection, name="Newcomer")

    home, items = (look(as_alice, page) for page in pages.values())

    assert "Newcomer" in home.content.decode()
    assert "live-recent" in parts_of(home)
    assert "Newcomer" in items.content.decode()
    assert items.headers["HX-Retarget"] == "#results"


def test_why_a_list_is_empty_follows(as_alice, connection):
    Connection.objects.update(last_synced_at=None)
    run = make_run(connection, started_at=timezone.now())
    page = as_alice.get("/items/")
    SyncRun.objects.filter(pk=run.pk).update(state="finished", outcome="complete")
    Connection.objects.update(last_synced_at=timezone.now())

    answer = look(as_alice, page)

    assert page.context["empty"] == "syncing"
    assert answer.context["empty"] == "bare"
    assert "live-empty" in parts_of(answer)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_looks_often_only_while_a_sync_is_open(
    as_alice, connection, collection, path
):
    make_item(collection)
    run = make_run(connection, started_at=timezone.now())
    busy = as_alice.get(path)
    SyncRun.objects.filter(pk=run.pk).update(state="finished", outcome="complete")
    Connection.objects.update(next_sync_at=timezone.now() + timedelta(minutes=10))

    ended = look(as_alice, busy)
    Connection.objects.update(state="paused", reason="paused_by_user")
    paused = look(as_alice, busy)

    assert seconds_of(busy) == 5
    assert 590 <= seconds_of(ended) <= 610
    assert seconds_of(paused) == 0


@pytest.mark.parametrize("path", PAGES)
def test_looking_is_no_visit_and_keeps_no_session_alive(
    as_alice, collection, running, path
):
    page = as_alice.get(path)
    session = as_alice.session
    session[SEEN] -= 3600
    session.save()
    before = dict(as_alice.session.items())

    look(as_alice, page)

    assert dict(as_alice.session.items()) == before


def test_a_look_after_the_session_ended_leads_to_the_sign_in(
    client, as_alice, collection, running
):
    page = as_alice.get("/items/?sort=name")
    address, _ = look_of(page)
    client.logout()

    answer = client.get(
        address,
        headers={
            "HX-Request": "true",
            "Referer": "http://testserver/items/?sort=name",
        },
    )

    assert answer.status_code == 204
    sign_in = answer.headers["HX-Redirect"]
    assert sign_in.startswith("/accounts/login/?next=/items/")
    assert "live" not in sign_in


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_what_changed_for_another(
    as_alice, as_bob, collection, running, path
):
    make_item(collection, name="Secret of alice")
    address, _ = look_of(as_alice.get(path))

    answer = as_bob.get(address)

    assert "Secret" not in answer.content.decode()
    assert "Acme" not in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["", "?at=x&rows=", "?at=2026-99-99T00:00:00&rows=%00", "?at=2026-01-01"]
)
@pytest.mark.parametrize("path", ["/live/", "/items/live/", "/connections/live/"])
def test_an_odd_look_is_answered(as_alice, collection, path, query):
    make_item(collection)

    assert as_alice.get(f"{path}{query}").status_code == 200

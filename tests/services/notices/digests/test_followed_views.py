"""A followed view tells what is new, changed and gone in it, beside followed items."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from integrations.models import Collection, Item, SavedView
from integrations.providers.records import IntegrationItem
from integrations.services.items.saved_views.problems import Problem
from integrations.services.items.storage import store
from integrations.services.notices.following import digests, news, view_items
from integrations.services.notices.following import follows as following
from tests.services.notices.digests.making import (
    DAY,
    HOUR,
    change,
    choose,
    tick,
    view_of,
)
from tests.support.rows import make_collection, make_connection, make_item

pytestmark = pytest.mark.django_db


def test_a_followed_view_tells_what_is_new_and_changed_in_it(
    alice: User, contacts: Collection, ana: Item
) -> None:
    following.follow(alice, view_of(alice, contacts))
    choose(alice)
    change(ana)
    at = timezone.now() - timedelta(minutes=1)
    make_item(contacts, name="Brand new", first_seen_at=at, changed_at=at)
    make_item(contacts, name="Of old")

    tick(timezone.now() + 2 * HOUR)

    body = mail.outbox[0].body
    assert "== Calls ==" in body
    assert "Ana Reyes" in body
    assert "Brand new" in body
    assert "Of old" not in body


def test_a_view_by_what_a_formula_calculates_shows_its_rows(alice: User) -> None:
    table = make_collection(
        make_connection(alice, provider="notion"),
        remote_id="src",
        item_type="page",
        schema={"fields": [{"name": "sum", "label": "Sum", "kind": "value"}]},
        first_full_refresh_at=timezone.now(),
    )
    items = [make_item(table, name=f"{n}", properties={"sum": n}) for n in (2, 10)]
    view = view_of(alice, table, parameters=[["sum__gt", "9"]])

    shown = view_items.shown_among(view, alice, [item.pk for item in items])

    assert shown == [items[1].pk]


def test_a_view_over_everything_tells_what_its_search_finds(
    alice: User, contacts: Collection, ana: Item
) -> None:
    view = SavedView.objects.create(
        owner=alice, name="Reyes", parameters=[["q", "reyes"]]
    )
    following.follow(alice, view)
    choose(alice)
    other = make_item(contacts, name="Bob Stone")
    change(ana)
    change(other)

    tick(timezone.now() + 2 * HOUR)

    assert "Ana Reyes" in mail.outbox[0].body
    assert "Bob Stone" not in mail.outbox[0].body


def test_a_shared_view_tells_each_of_their_own_items(
    alice: User, bob: User, contacts: Collection, ana: Item
) -> None:
    view = view_of(alice, contacts, is_shared=True)
    theirs = make_collection(
        make_connection(bob), first_full_refresh_at=timezone.now() - 30 * DAY
    )
    bobs = make_item(theirs, name="Bob's own")
    following.follow(bob, view)
    choose(bob)
    change(ana)
    change(bobs)

    tick(timezone.now() + 2 * HOUR)

    assert [message.to for message in mail.outbox] == [["bob@example.com"]]
    assert "Bob's own" in mail.outbox[0].body
    assert "Ana Reyes" not in mail.outbox[0].body
    view.is_shared = False
    view.save()
    assert list(following.followed(bob)) == []


def test_a_view_says_so_when_not_all_changes_were_looked_through(
    alice: User, contacts: Collection, ana: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "MOST_LOOKED_AT", 1)
    following.follow(alice, view_of(alice, contacts))
    choose(alice)
    for _ in range(3):
        change(make_item(ana.collection))

    tick(timezone.now() + 2 * HOUR)

    assert digests.CUT in mail.outbox[0].body


def test_a_view_that_lost_only_how_it_looks_still_tells(
    alice: User, contacts: Collection, ana: Item
) -> None:
    view = view_of(alice, contacts, columns=["p.gone"], parameters=[["sort", "p.gone"]])
    following.follow(alice, view)
    choose(alice)
    change(ana)

    tick(timezone.now() + 2 * HOUR)

    assert "Ana Reyes" in mail.outbox[0].body
    assert Problem.LOST.sentence not in mail.outbox[0].body


def test_a_view_that_lost_a_filter_is_told_once_though_nothing_changed(
    alice: User, contacts: Collection
) -> None:
    view = view_of(alice, contacts, parameters=[["p.gone__is", "x"]])
    following.follow(alice, view)
    choose(alice)

    for hours in (2, 27, 51):
        tick(timezone.now() + hours * HOUR)

    assert len(mail.outbox) == 1
    assert Problem.LOST.sentence in mail.outbox[0].body


def test_an_item_that_is_followed_in_several_ways_is_counted_once(
    alice: User, contacts: Collection, ana: Item
) -> None:
    other = make_item(contacts, name="Ben Okafor", properties={"phone": "2"})
    following.follow(alice, ana)
    views = [view_of(alice, contacts)]
    SavedView.objects.update(name="Everybody")
    for view in [view_of(alice, contacts), *views]:
        following.follow(alice, view)
    choose(alice)
    change(ana)
    change(other)

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert message.subject == "[Mooring] 2 changes in what you follow"
    for text in (message.body, message.alternatives[0].content):
        assert text.count("Ana Reyes") == text.count("Ben Okafor") == 1
        assert text.count("1 → 2") == 2
        assert text.count("Also in the view “Calls”") == 1
        assert text.count("Also in the view “Everybody”") == 2
        assert "1 item of this view is told above." in text
        assert "2 items of this view are told above." in text


def test_a_followed_item_that_left_a_view_says_so_where_it_is_told(
    alice: User, contacts: Collection, ana: Item
) -> None:
    view = view_of(alice, contacts)
    following.follow(alice, ana)
    following.follow(alice, view)
    choose(alice)
    change(ana)
    gone = {"deleted_at": timezone.now(), "deleted_kind": "deleted"}
    Item.objects.filter(pk=ana.pk).update(**gone)

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert message.subject == "[Mooring] 1 change in what you follow"
    assert "No longer in the view “Calls”" in message.body


def test_what_a_section_has_no_room_for_is_told_by_the_next(
    alice: User, contacts: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "MOST_ENTRIES", 3)
    phone = {"name": "phone", "label": "Phone", "kind": "text"}
    Collection.objects.update(schema={"fields": [phone]})
    contacts.refresh_from_db()
    small = view_of(alice, contacts, parameters=[["phone__is", "77"]])
    SavedView.objects.update(name="Few")
    for view in (view_of(alice, contacts), small):
        following.follow(alice, view)
    choose(alice)
    at = timezone.now() - timedelta(minutes=1)
    found = [
        IntegrationItem(
            id=f"{number}",
            type="contact",
            name=f"N{number}",
            properties={"phone": "77" if number in {0, 1, 5} else "2"},
        )
        for number in range(7)
    ]
    store.store_page(contacts, found, run_id=None, now=at - DAY)
    for item in Item.objects.all():
        change(item, at=at - timedelta(seconds=9 - int(item.remote_id)))

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert message.subject == "[Mooring] 7 changes in what you follow"
    for text in (message.body, message.alternatives[0].content):
        first, _, second = text.rpartition(
            "Few</bdi></a>" if "<p>" in text else "== Few"
        )
        told = [[n for n in range(7) if f"N{n}" in part] for part in (first, second)]
        assert told == [[4, 5, 6], [0, 1]]
        assert "2 more items are told below." in first
        assert "and 2 more items" in first
        assert "1 item of this view is told above." in second
        assert second.count("Also in the view “Calls”") == 2
        assert first.count("Also in the view “Few”") == 1
        assert "more item" not in second

"""The digest tells what changed in what a user follows, at the hour they chose."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from integrations.models import (
    Collection,
    Follow,
    Item,
    ItemChange,
    Notice,
    NoticeSettings,
    Preferences,
    SavedView,
)
from integrations.providers.records import IntegrationItem
from integrations.services.items.saved_views.problems import Problem
from integrations.services.items.storage import store
from integrations.services.notices import sending
from integrations.services.notices.following import digests, news, view_items
from integrations.services.notices.following import follows as following
from tests.support.rows import make_collection, make_connection, make_item

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def contacts(alice: User) -> Collection:
    connection = make_connection(alice, last_synced_at=timezone.now())
    return make_collection(
        connection, first_full_refresh_at=timezone.now() - timedelta(days=30)
    )


@pytest.fixture
def ana(contacts: Collection) -> Item:
    return make_item(contacts, name="Ana Reyes", properties={"phone": "2"})


def change(item: Item, **values: Any) -> ItemChange:
    # Long enough ago for nothing older to be stored any more.
    now = timezone.now() - timedelta(minutes=1)
    Item.objects.filter(pk=item.pk).update(changed_at=now)
    told = {
        "kind": "changed",
        "fields": {"properties.phone": ["1", "2"]},
        "at": now,
        **values,
    }
    return ItemChange.objects.create(item=item, connection=item.connection, **told)


def tick(now: datetime) -> None:
    digests.plan_due(now=now)
    sending.send_due(now=now)


def choose(user: User, **values: Any) -> NoticeSettings:
    chosen, _ = NoticeSettings.objects.update_or_create(
        user=user,
        defaults={
            "digest": "daily",
            "digest_due_at": timezone.now() + HOUR,
            "digest_until": timezone.now() - HOUR,
            **values,
        },
    )
    return chosen


def view_of(user: User, collection: Collection, **values: Any) -> SavedView:
    return SavedView.objects.create(
        owner=user,
        name="Calls",
        provider=collection.connection.provider,
        account_id=collection.connection.remote_id,
        collection_id=collection.remote_id,
        collection_name=collection.name,
        item_type=collection.item_type,
        **values,
    )


def test_what_changed_in_a_followed_item_is_told_once(alice: User, ana: Item) -> None:
    following.follow(alice, ana)
    choose(alice)
    change(ana)

    for hours in (2, 3, 27, 51):
        tick(timezone.now() + hours * HOUR)

    assert len(mail.outbox) == 1
    message = mail.outbox[0]
    assert message.subject == "[Mooring] 1 change in what you follow"
    assert "Ana Reyes" in message.body
    assert "1 → 2" in message.body
    html = message.alternatives[0]
    assert html.mimetype == "text/html"
    assert "Ana Reyes" in html.content
    assert "List-Unsubscribe" in message.extra_headers


def test_nothing_is_sent_when_nothing_changed(alice: User, ana: Item) -> None:
    following.follow(alice, ana)
    choose(alice)
    other = make_item(ana.collection, name="Somebody else")
    change(other)
    Item.objects.filter(pk=other.pk).update(first_seen_at=timezone.now() - DAY)

    tick(timezone.now() + 2 * HOUR)

    assert mail.outbox == []
    assert Notice.objects.get().state == "skipped"


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


def test_a_deleted_item_is_told_as_deleted(alice: User, ana: Item) -> None:
    following.follow(alice, ana)
    choose(alice)
    change(ana, kind="deleted", fields={})

    tick(timezone.now() + 2 * HOUR)

    assert "- Deleted" in mail.outbox[0].body


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


def test_what_belongs_to_somebody_else_by_now_is_not_told(
    alice: User, bob: User, ana: Item
) -> None:
    Follow.objects.create(owner=bob, item=ana)
    choose(bob)
    change(ana)

    tick(timezone.now() + 2 * HOUR)

    assert mail.outbox == []


def test_a_name_from_a_provider_is_no_markup_in_a_mail(alice: User, ana: Item) -> None:
    Item.objects.update(name="<script>alert(1)</script>")
    following.follow(alice, ana)
    choose(alice)
    change(ana)

    tick(timezone.now() + 2 * HOUR)

    assert "<script>" not in mail.outbox[0].alternatives[0].content
    assert "<script>" in mail.outbox[0].body


def test_two_schedulers_plan_one_digest(alice: User, ana: Item) -> None:
    following.follow(alice, ana)
    read = choose(alice)
    now = timezone.now() + 2 * HOUR
    digests.plan_due(now=now)

    assert not digests._plan(read, now)
    assert Notice.objects.count() == 1


def test_a_digest_whose_mail_was_not_taken_tells_the_same_time_again(
    alice: User, ana: Item, settings: Any
) -> None:
    following.follow(alice, ana)
    choose(alice)
    change(ana)
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.support.mail.RefusingBackend"
    tick(timezone.now() + 2 * HOUR)
    settings.EMAIL_BACKEND = backend

    tick(timezone.now() + 3 * HOUR)

    assert "Ana Reyes" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("chosen", "now", "expected"),
    [
        ({"digest": "off"}, "2026-11-27T12:00+00:00", None),
        # A Friday, after and before eight in Kathmandu.
        ({"digest": "daily"}, "2026-11-27T08:00+05:45", "2026-11-28T08:00+05:45"),
        ({"digest": "daily"}, "2026-11-27T07:59+05:45", "2026-11-27T08:00+05:45"),
        ({"digest": "weekly"}, "2026-11-27T09:00+05:45", "2026-11-30T08:00+05:45"),
        (
            {"digest": "weekly", "digest_weekday": 4},
            "2026-11-27T09:00+05:45",
            "2026-12-04T08:00+05:45",
        ),
    ],
)
def test_the_next_digest_is_at_the_hour_of_the_users_zone(
    alice: User, chosen: dict[str, Any], now: str, expected: str | None
) -> None:
    Preferences.objects.create(user=alice, time_zone="Asia/Kathmandu")
    slot = following.next_slot(
        NoticeSettings(user=alice, **chosen), datetime.fromisoformat(now)
    )

    assert slot == (datetime.fromisoformat(expected) if expected else None)


def test_the_hour_stays_when_clocks_change(alice: User) -> None:
    Preferences.objects.create(user=alice, time_zone="Europe/Berlin")
    chosen = NoticeSettings(user=alice, digest="daily")
    before = datetime.fromisoformat("2026-10-24T09:00+02:00")

    slot = following.next_slot(chosen, before)

    assert slot == datetime.fromisoformat("2026-10-25T08:00+01:00")


def test_a_followed_item_is_told_however_much_else_changed(
    alice: User, ana: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "MOST_LOOKED_AT", 1)
    following.follow(alice, ana)
    choose(alice)
    change(ana)
    for _ in range(3):
        change(make_item(ana.collection))

    tick(timezone.now() + 2 * HOUR)

    assert "Ana Reyes" in mail.outbox[0].body


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


def test_of_many_changes_of_an_item_the_latest_are_told(alice: User, ana: Item) -> None:
    following.follow(alice, ana)
    choose(alice)
    at = timezone.now() - timedelta(minutes=1)
    for number in range(30):
        fields = {"properties.phone": [str(number), str(number + 1)]}
        change(ana, fields=fields, at=at - timedelta(seconds=30 - number))

    tick(timezone.now() + 2 * HOUR)

    body = mail.outbox[0].body
    assert "29 → 30" in body
    assert "1 → 2" not in body.replace("21 → 22", "")
    assert "- and earlier changes" in body


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

"""What a followed view shows no more is told: in the digest, and among the changes."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone

from integrations.models import Collection, Follow, Item, SavedView
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.notices.following import digests, leavers, view_items
from integrations.services.notices.following import follows as following
from tests.services.notices.digests.making import DAY, HOUR, choose, tick, view_of
from tests.support.rows import make_collection, make_connection

pytestmark = pytest.mark.django_db


PHONE = {"name": "phone", "label": "Phone", "kind": "text"}


@pytest.fixture
def contacts(alice: User) -> Collection:
    return make_collection(
        make_connection(alice, last_synced_at=timezone.now()),
        item_type="contact",
        schema={"fields": [PHONE]},
        first_full_refresh_at=timezone.now() - 30 * DAY,
    )


def put(contacts: Collection, name: str, phone: str, *, minutes: int = 1) -> Item:
    """Store an item as a sync finds it."""
    found = IntegrationItem(
        id=name, type="contact", name=name, properties={"phone": phone}
    )
    at = timezone.now() - timedelta(minutes=minutes)
    store.store_page(contacts, [found], run_id=None, now=at)
    return Item.objects.get(name=name)


@pytest.fixture
def ana(contacts: Collection) -> Item:
    return put(contacts, "Ana Reyes", "1", minutes=2000)


@pytest.fixture
def ones(alice: User, contacts: Collection, ana: Item) -> SavedView:
    view = view_of(alice, contacts, parameters=[["phone__is", "1"]])
    following.follow(alice, view)
    choose(alice)
    return view


def delete(item: Item) -> None:
    store.soft_delete(
        item.collection,
        {item.pk: Deletion(kind=DeletionKind.DELETED)},
        run_id=None,
        now=timezone.now() - timedelta(minutes=1),
    )


def tags(page: Any) -> list[tuple[str, list[str]]]:
    entries = [entry for day in page.context["days"] for entry in day["entries"]]
    told = [(e["item"].name, e["left_views"]) for e in entries if e["left_views"]]
    return [(name, [view.name for view in views]) for name, views in told]


def test_an_item_that_leaves_a_view_is_told_once(
    alice: User, contacts: Collection, ones: SavedView, ana: Item
) -> None:
    put(contacts, "Ana Reyes", "2")

    for hours in (2, 27, 51):
        tick(timezone.now() + hours * HOUR)

    (message,) = mail.outbox
    assert message.subject == "[Mooring] 1 change in what you follow"
    assert "- Left this view\n- Phone: 1 → 2" in message.body


def test_an_item_deleted_out_of_a_view_is_told_as_deleted(
    alice: User, ones: SavedView, ana: Item
) -> None:
    delete(ana)

    tick(timezone.now() + 2 * HOUR)

    (message,) = mail.outbox
    assert "Ana Reyes" in message.body
    assert "- Deleted" in message.body
    assert "Left this view" not in message.body


def test_what_was_deleted_for_good_is_not_counted_nor_in_the_way_of_others(
    alice: User,
    contacts: Collection,
    ones: SavedView,
    ana: Item,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digests, "MOST_ENTRIES", 1)
    for name in ("Ben Reyes", "Cem Reyes"):
        put(contacts, name, "1", minutes=2000)
    following.unfollow(alice, ones)
    following.follow(alice, ones)
    put(contacts, "Ana Reyes", "2")
    store.delete_some({"name__in": ["Ben Reyes", "Cem Reyes"]})

    tick(timezone.now() + 2 * HOUR)

    (message,) = mail.outbox
    assert message.subject == "[Mooring] 1 change in what you follow"
    assert "Ana Reyes" in message.body


def test_what_left_without_a_change_of_its_own_comes_after_what_changed(
    alice: User,
    contacts: Collection,
    ones: SavedView,
    ana: Item,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An item leaves by the name of another one too, or because a day is over."""
    monkeypatch.setattr(digests, "MOST_ENTRIES", 1)
    put(contacts, "Ben Reyes", "1")
    leaving = leavers.Leaving(follow_id=1, shown=b"", gone={ana.pk: ana.changed_at})
    monkeypatch.setattr(leavers, "look", lambda *_args: leaving)

    tick(timezone.now() + 2 * HOUR)

    body = mail.outbox[0].body
    assert "Ben Reyes" in body
    assert "Ana Reyes" not in body
    assert "and 1 more item" in body


def test_what_came_and_left_between_two_digests_is_told_by_the_second(
    alice: User, contacts: Collection, ones: SavedView
) -> None:
    put(contacts, "Ben Reyes", "1")
    tick(timezone.now() + 2 * HOUR)
    put(contacts, "Ben Reyes", "3")

    tick(timezone.now() + 27 * HOUR)

    came, left = mail.outbox
    assert "Ben Reyes" in came.body
    assert "Left this view" in left.body


def test_a_mail_that_was_not_taken_tells_who_left_again(
    alice: User, contacts: Collection, ones: SavedView, settings: Any
) -> None:
    put(contacts, "Ana Reyes", "2")
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.support.mail.RefusingBackend"
    tick(timezone.now() + 2 * HOUR)
    settings.EMAIL_BACKEND = backend

    tick(timezone.now() + 3 * HOUR)

    assert "Left this view" in mail.outbox[0].body


def test_another_filter_of_a_view_makes_nothing_leave(
    alice: User, ones: SavedView, ana: Item
) -> None:
    SavedView.objects.update(parameters=[["phone__is", "7"]])

    tick(timezone.now() + 2 * HOUR)

    assert mail.outbox == []


def test_another_order_of_a_view_forgets_nothing(
    alice: User, contacts: Collection, ones: SavedView, ana: Item
) -> None:
    put(contacts, "Ana Reyes", "2")
    told = [["phone__is", "1"], ["sort", "-item.name"], ["group", "phone"]]
    SavedView.objects.update(parameters=told)

    tick(timezone.now() + 2 * HOUR)

    assert "Left this view" in mail.outbox[0].body


def test_another_filter_of_a_view_forgets_what_left_it_before(
    alice: User, contacts: Collection, ones: SavedView, ana: Item
) -> None:
    put(contacts, "Ana Reyes", "2")
    tick(timezone.now() + 2 * HOUR)
    assert [*leavers.find_left(alice, [ana.pk]).views] == [ana.pk]
    SavedView.objects.update(parameters=[["phone__is", "7"]])

    assert leavers.find_left(alice, [ana.pk]).views == {}
    tick(timezone.now() + 27 * HOUR)
    assert leavers.find_left(alice, [ana.pk]).views == {}
    assert Follow.objects.get().left == []


def test_what_was_erased_here_has_left_nothing(
    alice: User, contacts: Collection, ones: SavedView, ana: Item
) -> None:
    put(contacts, "Zoe Reyes", "1", minutes=3000)
    leavers.settle(leavers.look(Follow.objects.get(), ones, alice))
    ana.delete()

    tick(timezone.now() + 2 * HOUR)

    assert mail.outbox == []


def test_a_view_over_everything_tells_what_left_it(
    alice: User, contacts: Collection, ana: Item
) -> None:
    view = SavedView.objects.create(
        owner=alice, name="Reyes", parameters=[["q", "reyes"]]
    )
    following.follow(alice, view)
    choose(alice)
    delete(ana)

    tick(timezone.now() + 2 * HOUR)

    assert "Ana Reyes" in mail.outbox[0].body


def test_of_a_view_with_too_many_items_the_digest_says_what_it_leaves_out(
    alice: User,
    contacts: Collection,
    ones: SavedView,
    ana: Item,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leavers, "MOST_REMEMBERED", 0)
    put(contacts, "Zoe Reyes", "1")

    tick(timezone.now() + 2 * HOUR)

    assert digests.NOT_REMEMBERED in mail.outbox[0].body
    assert Follow.objects.get().shown == leavers.NOTHING


def test_changes_say_which_followed_view_an_item_left(
    alice: User, client: Client, ones: SavedView, contacts: Collection
) -> None:
    client.force_login(alice)
    put(contacts, "Zoe Reyes", "1")
    put(contacts, "Ana Reyes", "2")

    assert tags(client.get("/changes/")) == [("Ana Reyes", ["Calls"])]
    tick(timezone.now() + 2 * HOUR)
    assert tags(client.get("/changes/")) == [("Ana Reyes", ["Calls"])]

    put(contacts, "Ana Reyes", "1")
    assert tags(client.get("/changes/")) == []


def test_changes_say_when_not_all_followed_views_were_asked(
    alice: User,
    client: Client,
    ones: SavedView,
    contacts: Collection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client.force_login(alice)
    put(contacts, "Ana Reyes", "2")
    monkeypatch.setattr(leavers, "MOST_ASKED", 1)
    sign = b'data-code="views_not_asked"'
    assert sign not in client.get("/changes/").content

    following.follow(alice, SavedView.objects.create(owner=alice, name="All"))

    assert sign in client.get("/changes/").content


def test_changes_tell_a_follower_of_their_own_items_only(
    alice: User, bob: User, contacts: Collection, ones: SavedView, ana: Item
) -> None:
    put(contacts, "Ana Reyes", "2")
    SavedView.objects.update(is_shared=True)
    following.follow(bob, ones)

    assert leavers.find_left(bob, [ana.pk]).views == {}
    assert [*leavers.find_left(alice, [ana.pk]).views] == [ana.pk]


def test_keys_are_written_and_read_in_little_room(alice: User, ones: SavedView) -> None:
    keys = range(1, 300_000, 3)

    follow = Follow(view=ones, shown=leavers._write(keys, ones))

    assert leavers._read(follow, ones) == list(keys)
    assert len(bytes(follow.shown or b"")) < 20_000


def test_a_view_that_could_not_be_asked_at_first_is_remembered_by_the_next_round(
    alice: User, ones: SavedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_building(*_args: Any, **_more: Any) -> set[int]:
        raise view_items.NotReadyError

    following.unfollow(alice, ones)
    with monkeypatch.context() as during:
        during.setattr(view_items, "all_shown", is_building)
        following.follow(alice, ones)
    assert Follow.objects.get().shown is None

    leavers.begin_missing()

    assert Follow.objects.get().shown is not None


def test_a_view_that_is_never_ready_keeps_no_other_from_being_remembered(
    alice: User, ones: SavedView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leavers, "MOST_AT_ONCE", 1)
    other = SavedView.objects.create(owner=alice, name="All")
    following.follow(alice, other)
    Follow.objects.update(shown=None)
    all_shown = view_items.all_shown

    def shown(view: SavedView, *args: Any, **more: Any) -> set[int]:
        if view == ones:
            raise view_items.NotReadyError
        return all_shown(view, *args, **more)

    monkeypatch.setattr(view_items, "all_shown", shown)
    for _ in range(60):
        leavers.begin_missing()

    assert Follow.objects.get(view=other).shown is not None

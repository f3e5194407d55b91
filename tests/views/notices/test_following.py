"""Follow and unfollow on an item's page, on a view, and in the list of both."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.forms import NoticeForm
from integrations.models import (
    Collection,
    Follow,
    Item,
    Notice,
    NoticeSettings,
    SavedView,
)
from integrations.services.notices.following import digests
from integrations.services.notices.following import follows as following
from integrations.services.notices.unsubscribing import MailingList, unsubscribe
from integrations.views.notices import pages
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_item

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
@kept
def item(collection: Collection) -> Item:
    return make_item(collection, name="Ben Stone")


@pytest.fixture
@kept
def targets(alice: User, collection: Collection) -> dict[str, Any]:
    item = make_item(collection, name="Ana Reyes")
    view = SavedView.objects.create(owner=alice, name="Everything")
    return {
        reverse("integrations:item-follow", args=(item.uuid,)): item,
        reverse("integrations:view-follow", args=(view.pk,)): view,
    }


def test_following_and_unfollowing(
    as_alice: Client, alice: User, targets: dict[str, Any]
) -> None:
    for path in targets:
        as_alice.post(path, {"action": "follow"})
        as_alice.post(path, {"action": "follow"})
    page = as_alice.get("/following/").content.decode()
    assert "Ana Reyes" in page
    assert "Everything" in page
    assert NoticeSettings.objects.get(user=alice).digest == "daily"

    for path in targets:
        as_alice.post(path, {"action": "unfollow", "back": "/following/"})

    assert not Follow.objects.exists()


def test_the_pages_offer_what_can_be_done(
    as_alice: Client, targets: dict[str, Any]
) -> None:
    for path, target in targets.items():
        address = target.get_absolute_url()
        assert 'value="follow"' in as_alice.get(address, follow=True).content.decode()
        as_alice.post(path, {"action": "follow"})
        page = as_alice.get(address, follow=True).content.decode()
        assert 'value="unfollow"' in page


def test_it_leads_back_to_a_page_of_ours_only(
    as_alice: Client, targets: dict[str, Any]
) -> None:
    path, target = next(iter(targets.items()))
    for back in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = as_alice.post(path, {"action": "follow", "back": back})

        assert answer.headers["Location"] == target.get_absolute_url()


def test_whoever_has_switched_the_digest_off_keeps_it_off(
    as_alice: Client, alice: User, targets: dict[str, Any]
) -> None:
    sent = {"digest": "off", "digest_hour": "8", "digest_weekday": "0"}
    as_alice.post("/following/", sent)

    as_alice.post(next(iter(targets)), {"action": "follow"})

    assert NoticeSettings.objects.get(user=alice).digest == "off"


@pytest.mark.parametrize(
    "wrong", [{"digest": "hourly"}, {"digest_hour": "24"}, {"digest_weekday": "7"}]
)
def test_times_that_make_no_sense_are_refused(
    as_alice: Client, wrong: dict[str, str]
) -> None:
    sent = {"digest": "daily", "digest_hour": "8", "digest_weekday": "0", **wrong}

    assert as_alice.post("/following/", sent).status_code == 400
    assert not NoticeSettings.objects.exists()


def test_what_is_chosen_sets_the_next_time(as_alice: Client, alice: User) -> None:
    sent = {"digest": "weekly", "digest_hour": "6", "digest_weekday": "3"}
    as_alice.post("/following/", sent)

    due_at = NoticeSettings.objects.get(user=alice).digest_due_at
    assert due_at is not None
    assert (due_at.weekday(), due_at.hour) == (3, 6)


def test_a_digest_that_was_planned_meanwhile_is_not_planned_again(
    alice: User,
) -> None:
    now = timezone.now()
    due = now - timedelta(minutes=1)
    read = NoticeSettings.objects.create(
        user=alice, digest="daily", digest_due_at=due, digest_until=now - DAY
    )
    digests.plan_due(now=now)
    read.digest_hour = 9

    following.choose(read, now=now)
    digests.plan_due(now=now)

    chosen = NoticeSettings.objects.get(user=alice)
    assert chosen.digest_hour == 9
    assert chosen.digest_until is not None
    assert chosen.digest_until > now - DAY
    assert Notice.objects.count() == 1


def test_choosing_notices_undoes_nothing_that_happened_meanwhile(
    alice: User,
) -> None:
    NoticeSettings.objects.create(user=alice, digest="daily", digest_due_at=NOW)
    read = NoticeSettings.objects.get(user=alice)
    form = NoticeForm({"is_mailed": "on"}, instance=read)
    assert form.is_valid()
    unsubscribe(alice, MailingList.DIGEST)

    pages.save(form)

    chosen = NoticeSettings.objects.get(user=alice)
    assert (chosen.digest, chosen.digest_due_at) == ("off", None)


def test_following_says_that_the_digest_is_off(
    as_alice: Client, alice: User, item: Item
) -> None:
    NoticeSettings.objects.create(user=alice, digest="off", digest_until=NOW)

    answer = as_alice.post(
        reverse("integrations:item-follow", args=(item.uuid,)), follow=True
    )

    assert "Your digest is off" in answer.content.decode()
    assert "are mailed to you" not in answer.content.decode()


def test_what_is_followed_already_counts_once(
    alice: User, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_FOLLOWED", 1)
    following.follow(alice, item)

    following.follow(alice, item)

    assert Follow.objects.count() == 1

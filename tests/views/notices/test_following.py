"""Follow and unfollow on an item's page, on a view, and in the list of both."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.models import Collection, Follow, NoticeSettings, SavedView
from tests.support.rows import make_item


@pytest.fixture
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

"""The digest tells what changed in what a user follows, at the hour they chose."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from integrations.models import Follow, Item, Notice, NoticeSettings, Preferences
from integrations.services.notices.following import digests, news
from integrations.services.notices.following import follows as following
from tests.services.notices.digests.making import DAY, HOUR, change, choose, tick
from tests.support.rows import make_item

pytestmark = pytest.mark.django_db


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


def test_a_deleted_item_is_told_as_deleted(alice: User, ana: Item) -> None:
    following.follow(alice, ana)
    choose(alice)
    change(ana, kind="deleted", fields={})

    tick(timezone.now() + 2 * HOUR)

    assert "- Deleted" in mail.outbox[0].body


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


def test_no_sign_in_a_name_turns_the_lines_of_a_mail(alice: User, ana: Item) -> None:
    Item.objects.update(name="Ana \u202egnp.exe")
    following.follow(alice, ana)
    choose(alice)
    change(ana)

    tick(timezone.now() + 2 * HOUR)

    sent = mail.outbox[0]
    told = [sent.subject, sent.body, str(sent.alternatives[0].content)]
    assert "Ana \ufffdgnp.exe" in sent.body
    assert not any("\u202e" in each for each in told)


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

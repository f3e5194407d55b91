"""One message that cannot be sent keeps no other one waiting."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from integrations import tasks
from integrations.models import Notice, NoticeSettings, Preferences
from integrations.services.notices import quiet, rounds, sending, watch
from integrations.services.notices.following import digests
from integrations.services.notices.following.view_items import NotReadyError
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry
from tests.support.mail import PickyBackend

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def picky(settings: Any, monkeypatch: pytest.MonkeyPatch) -> type[PickyBackend]:
    settings.EMAIL_BACKEND = "tests.support.mail.PickyBackend"
    monkeypatch.setattr(PickyBackend, "taken", [])
    monkeypatch.setattr(PickyBackend, "refusal", None)
    return PickyBackend


@pytest.fixture
def waiting(alice: User, bob: User) -> list[Notice]:
    """Return a test mail to Bob, and one to Alice behind it."""
    now = timezone.now()
    values = {"channel": "mail", "phase": "test", "text": "Test"}
    return [
        Notice.objects.create(user=user, due_at=now - wait * MINUTE, **values)
        for user, wait in ((bob, 2), (alice, 1))
    ]


def bobs() -> Notice:
    return Notice.objects.get(user__username="bob")


def check_notices() -> bool:
    found = next(each for each in registry.CHECKS if each.id == "notices")
    return found.probe(Census()).ok


def test_an_address_that_is_refused_is_not_tried_again_and_stops_nobody(
    waiting: list[Notice], picky: type[PickyBackend]
) -> None:
    sending.send_due()

    assert picky.taken == ["alice@example.com"]
    assert bobs().state == "failed"
    assert "550" in bobs().error
    assert check_notices()


@pytest.mark.parametrize(
    "refusal", [ValueError("a header"), SoftTimeLimitExceeded(), RuntimeError("x")]
)
def test_any_other_failure_counts_and_stops_nobody(
    waiting: list[Notice], picky: type[PickyBackend], refusal: Exception
) -> None:
    picky.refusal = refusal

    sending.send_due()

    assert picky.taken == ["alice@example.com"]
    assert (bobs().state, bobs().tries) == ("waiting", 1)
    assert bobs().error == type(refusal).__name__


def test_operators_wait_behind_no_user(
    waiting: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = timezone.now() - MINUTE / 2
    told = Notice.objects.create(
        user=None, channel="mail", phase="test", text="Test", due_at=late
    )
    monkeypatch.setattr(sending, "MOST_AT_ONCE", 1)

    sending.send_due()

    told.refresh_from_db()
    assert told.state == "sent"


def test_a_server_that_is_away_is_asked_once(
    waiting: list[Notice], picky: type[PickyBackend]
) -> None:
    picky.refusal = ConnectionRefusedError()

    sending.send_due()

    assert picky.taken == []
    assert Notice.objects.get(user__username="alice").tries == 0


def test_a_view_that_is_not_ready_is_waited_for_without_an_error(
    waiting: list[Notice], picky: type[PickyBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    NoticeSettings.objects.create(user=bobs().user, digest="daily")
    Notice.objects.filter(pk=bobs().pk).update(phase="digest")

    def is_building(*_args: Any) -> None:
        raise NotReadyError

    monkeypatch.setattr(digests, "send", is_building)

    for minutes in range(4):
        sending.send_due(now=now + 2 * minutes * MINUTE)

    assert picky.taken == ["alice@example.com"]
    assert (bobs().state, bobs().tries, bobs().error) == ("waiting", 0, "")
    assert bobs().due_at > now


@pytest.mark.parametrize("step", ["watch_site", "watch_connections"])
def test_what_is_due_is_sent_though_looking_fails(
    waiting: list[Notice],
    picky: type[PickyBackend],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    def fail(**_values: Any) -> None:
        raise ValueError

    monkeypatch.setattr(watch, "watch_site", lambda **_values: None)
    monkeypatch.setattr(watch, step, fail)
    NoticeSettings.objects.create(
        user=bobs().user, digest="daily", digest_due_at=timezone.now() - MINUTE
    )

    rounds.run()

    assert picky.taken == ["alice@example.com"]
    assert Notice.objects.filter(phase="digest").exists()


def test_one_round_is_made_at_a_time(
    waiting: list[Notice], picky: type[PickyBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "watch_site", lambda **_values: None)
    cache.set(rounds.TURN, 1)
    tasks.watch()
    assert picky.taken == []
    cache.delete(rounds.TURN)

    tasks.watch()

    assert picky.taken == ["alice@example.com"]
    assert cache.get(rounds.TURN) is None


def test_a_round_that_outlives_its_turn_leaves_the_next_ones(
    waiting: list[Notice], picky: type[PickyBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_turn() -> None:
        cache.set(rounds.TURN, "another worker's")

    monkeypatch.setattr(watch, "watch_site", lambda **_values: None)
    monkeypatch.setattr(picky, "meanwhile", lose_the_turn)

    tasks.watch()

    assert cache.get(rounds.TURN) == "another worker's"


def test_rounds_that_overlap_send_a_message_once(
    alice: User, picky: type[PickyBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(timezone.now()) as clock:

        def look_for_six_minutes(**_values: Any) -> None:
            values = {"channel": "mail", "phase": "test", "text": "Test"}
            Notice.objects.create(user=alice, due_at=timezone.now() - MINUTE, **values)
            clock.shift(6 * MINUTE)

        monkeypatch.setattr(watch, "watch_site", look_for_six_minutes)
        monkeypatch.setattr(picky, "meanwhile", sending.send_due)

        rounds.run()

    assert picky.taken == ["alice@example.com"]


def test_a_test_sends_itself_alone(
    waiting: list[Notice], picky: type[PickyBackend]
) -> None:
    mine = Notice.objects.get(user__username="alice")

    tasks.send_notice(str(mine.pk))
    tasks.send_notice("0")

    assert picky.taken == ["alice@example.com"]
    assert bobs().tries == 0


def test_nothing_is_mailed_to_an_address_that_was_not_proven(
    waiting: list[Notice], picky: type[PickyBackend], alice: User, settings: Any
) -> None:
    settings.IS_MAIL_DELIVERED = True
    EmailAddress.objects.filter(user=alice).delete()
    EmailAddress.objects.create(user=alice, email="Alice@example.com", verified=False)

    sending.send_due()

    assert picky.taken == []
    assert Notice.objects.get(user=alice).state == "skipped"


def test_quiet_hours_end_ahead_on_the_night_that_clocks_go_back(alice: User) -> None:
    Preferences.objects.create(user=alice, time_zone="Europe/Berlin")
    chosen = NoticeSettings(user=alice, quiet_from=time(22), quiet_until=time(2, 30))
    now = datetime.fromisoformat("2026-10-25T02:15:00+01:00")

    until = quiet.quiet_until(chosen, now)

    assert until == datetime.fromisoformat("2026-10-25T02:30:00+01:00")

"""A mistake of ours in one thing that is followed leaves the rest of a digest there."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from integrations.models import Collection, Follow, Item, SavedView
from integrations.providers import CONNECTORS
from integrations.services.items.saved_views.problems import Problem
from integrations.services.notices.following import follows as following
from integrations.services.notices.following import leavers, news
from tests.services.notices.digests.making import HOUR, change, choose, tick, view_of
from tests.support.rows import make_item

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "is_told"), [("describe", False), ("describe_links", True)]
)
def test_a_mistake_of_ours_is_said_and_hides_no_other_field(
    alice: User,
    ana: Item,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
    is_told: bool,
) -> None:
    following.follow(alice, ana)
    choose(alice)
    change(ana)
    monkeypatch.setattr(type(CONNECTORS[ana.provider]), method, fail)

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert references(caplog)[0] in message.body
    assert ("1 → 2" in message.body) is is_told
    assert ("→" in message.body) is is_told


def references(caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    return [r.args[0] for r in caplog.records if "connector error" in r.msg]


def fail(*_: Any, **__: Any) -> None:
    raise ValueError


@pytest.fixture
def mine(alice: User, contacts: Collection) -> Follow:
    """Return a followed view of what is mine, beside a followed one of a phone."""
    user = {"name": "who", "label": "Who", "kind": "user"}
    phone = {"name": "phone", "label": "Phone", "kind": "text"}
    Collection.objects.filter(pk=contacts.pk).update(schema={"fields": [user, phone]})
    contacts.refresh_from_db()
    view = view_of(alice, contacts, parameters=[["who__me", "1"]])
    SavedView.objects.filter(pk=view.pk).update(name="Mine")
    following.follow(alice, view)
    other = view_of(alice, contacts, parameters=[["phone__is", "2"]])
    following.follow(alice, other)
    return Follow.objects.get(view=view)


def test_a_view_that_fails_by_our_mistake_is_said_and_the_rest_is_told(
    alice: User,
    ana: Item,
    mine: Follow,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    following.follow(alice, ana)
    choose(alice)
    change(ana)
    monkeypatch.setattr(CONNECTORS[ana.provider], "own_user_ids", fail)

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert message.body.count("1 → 2") == 1
    assert "Also in the view" in message.body
    assert message.body.count(Problem.MISTAKE.sentence) == 1
    assert any(f"(reference {each})" in message.body for each in references(caplog))
    # What it showed is told with the first digest that can ask it again.
    before, mine_now = mine.shown, Follow.objects.get(pk=mine.pk)
    assert mine_now.shown == before


def test_any_other_mistake_in_a_view_is_said_likewise(
    alice: User, ana: Item, mine: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(alice)
    change(ana)
    read = leavers._read

    def fail_at_one(follow: Follow, *args: Any) -> Any:
        return fail() if follow == mine else read(follow, *args)

    monkeypatch.setattr(leavers, "_read", fail_at_one)

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert message.body.count("1 → 2") == 1
    assert message.body.count(Problem.MISTAKE.sentence) == 1


def test_an_item_that_fails_by_our_mistake_is_said_and_the_others_are_told(
    alice: User, ana: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    bo = make_item(ana.collection, name="Bo", properties={"phone": "2"})
    for item in (ana, bo):
        following.follow(alice, item)
        change(item)
    choose(alice)
    told = news._told

    def fail_at_one(item: Item, *args: Any, **more: Any) -> Any:
        return fail() if item == bo else told(item, *args, **more)

    monkeypatch.setattr(news, "_told", fail_at_one)

    tick(timezone.now() + 2 * HOUR)

    [message] = mail.outbox
    assert message.body.count("1 → 2") == 1
    assert "our mistake (reference " in message.body
    assert "Bo" in message.body


def test_a_view_that_could_not_be_asked_by_our_mistake_is_remembered_later(
    ana: Item, mine: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    Follow.objects.update(shown=None)
    with monkeypatch.context() as during:
        during.setattr(CONNECTORS[ana.provider], "own_user_ids", fail)
        leavers.begin_missing()
    assert [each.shown is None for each in Follow.objects.order_by("pk")] == [
        True,
        False,
    ]

    leavers.begin_missing()

    assert not Follow.objects.filter(shown=None).exists()

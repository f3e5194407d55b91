"""What changed since the last look: marks, visits, and words for them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models.accounts.preferences import preferences_of
from tests.support.rows import NOON, make_item
from tests.views.items.past.changes.entries import PATH, change, entries, keys


def test_what_was_marked_as_seen_is_not_new_any_more(as_alice, alice, deals):
    item = make_item(deals)
    change(item)
    page = as_alice.get(PATH)
    change(item, at=NOON + timedelta(minutes=1))

    as_alice.post(
        reverse("integrations:changes-seen"), {"until": page.context["latest"]}
    )

    page = as_alice.get(PATH)
    assert page.context["unseen_text"] == "1 change"
    assert len(keys(as_alice.get(page.context["unseen_url"]))) == 1
    # The newest change that was shown says when, and not when the button was pressed.
    assert page.context["seen_at"] == NOON
    assert "Seen up to <time" in " ".join(page.content.decode().split())


def test_looking_alone_marks_nothing_and_no_mark_goes_back(as_alice, alice, deals):
    change(make_item(deals))
    as_alice.get(PATH)
    assert preferences_of(alice).changes_seen_at is None

    for until in (NOON, NOON - timedelta(days=1)):
        as_alice.post("/changes/seen/", {"until": until.isoformat()})

    assert preferences_of(alice).changes_seen_at == NOON


@pytest.mark.parametrize(
    "until",
    [
        *("", "x", "2026-13-45", "2026-11-01", "9999-01-01T00:00Z"),
        *("0001-01-01T00:00Z", "0001-01-01T00:00+05:00", "9999-12-31T23:59-05:00"),
    ],
)
def test_an_odd_mark_is_none(as_alice, alice, until):
    assert as_alice.post("/changes/seen/", {"until": until}).status_code == 302
    assert preferences_of(alice).changes_seen_at is None


def test_a_change_that_is_stored_after_the_mark_still_counts(as_alice, alice, deals):
    item, now = make_item(deals, first_seen_at=NOON), timezone.now()
    change(item, at=now)

    latest = as_alice.get(PATH).context["latest"]
    as_alice.post("/changes/seen/", {"until": latest})
    change(item, at=now - timedelta(seconds=1))

    seen_at = preferences_of(alice).changes_seen_at
    assert seen_at < now - timedelta(seconds=1)
    assert as_alice.get(PATH).context["unseen_text"] == "0 changes"


def test_what_changed_since_the_last_visit_is_asked_for_by_a_word(as_alice, deals):
    now = timezone.now()
    before, after = (
        change(make_item(deals), at=now - timedelta(hours=hours)) for hours in (5, 1)
    )
    session = as_alice.session
    session["seen_at"] = (now - timedelta(hours=3)).isoformat()
    session.save()

    page = as_alice.get(PATH)
    assert keys(page) == [after.pk, before.pk]
    assert page.context["visit_url"] == f"{PATH}?since=visit"
    assert keys(as_alice.get(page.context["visit_url"])) == [after.pk]
    assert "My last visit" in as_alice.get(f"{PATH}?since=visit").content.decode()


@pytest.mark.parametrize(
    ("word", "told"),
    [("visit", "no earlier visit is known"), ("unseen", "nothing was marked as seen")],
)
def test_a_time_that_nobody_knows_is_left_out_and_said(as_alice, deals, word, told):
    change(make_item(deals))

    page = as_alice.get(f"{PATH}?since={word}&kind=changed")

    assert len(entries(page)) == 1
    assert told in page.content.decode()
    assert [chip["label"] for chip in page.context["chips"]] == ["What happened"]
    assert page.context["since_word"] == ""
    [day] = page.context["days"]
    assert day["url"] == f"{PATH}?kind=changed&day={NOON.date()}"
    assert [each["label"] for each in day["lists"]] == ["HubSpot: Deal, changed"]

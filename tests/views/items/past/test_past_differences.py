"""What differs between two times of a table, days and mistakes of ours among it."""

import re
from urllib.parse import urlencode

import pytest

from integrations.models import Item
from integrations.providers import CONNECTORS
from integrations.services.items.past import past_selection, table_history
from integrations.services.items.tables.indexing import indexes
from tests.support.pages.tables import names
from tests.support.rows import NOON
from tests.views.items.past.conftest import HOUR, WON, ask, codes, put
from tests.views.items.tables.test_relation_columns import COMPANIES


@pytest.mark.parametrize(
    ("condition", "soon", "later"),
    [
        ({"due__next": "7"}, ["Ash"], ["Birch"]),
        ({"due__next": "7", "amount__gt": "0"}, ["Ash"], ["Birch"]),
        ({"due__last": "7"}, [], ["Ash"]),
    ],
)
def test_days_count_from_the_day_of_the_time_that_is_looked_at(
    as_alice, deals, time_machine, condition, soon, later
):
    """Whether an item has changed since or not."""
    day, stays = 24, {"due": "2026-11-03"}
    soon_due, late_due = {"due": "2026-11-12"}, {"due": "2026-12-30"}
    put(deals, 5, a=("Ash", "5", "new", stays), b=("Birch", "7", "won", soon_due))
    put(deals, 10 * day, b=("Birch", "7", "won", late_due))
    time_machine.move_to(NOON + 42 * day * HOUR, tick=False)

    first = ask(as_alice, deals, 6, **condition)
    second = ask(as_alice, deals, 7 * day, **condition)
    table = as_alice.get(f"/collections/{deals.pk}/?{urlencode(condition)}")
    between = ask(as_alice, deals, 6, 7 * day, due__next="7")

    assert (names(first), names(second)) == (soon, later)
    assert [row.item.name for row in table.context["rows"]] == []
    assert "days_of_then" in codes(first) & codes(between)
    assert "days_of_then" not in codes(ask(as_alice, deals, 6, **WON))


@pytest.mark.parametrize("end", [None, 9])
def test_a_mistake_in_a_connector_is_said_to_be_ours(as_alice, deals, failing, end):
    acme = Item.objects.get(name="Acme")

    asked = {"linked_to": acme.uuid, "relation": f"-{COMPANIES}"}
    page = ask(as_alice, deals, 1, end, **asked)

    assert "connector_error" in codes(page)
    assert "No row fitted" not in page.content.decode()


def test_what_was_linked_is_not_told_where_a_mistake_hides_it(as_alice, deals, failing):
    acme = Item.objects.get(name="Acme")

    page = as_alice.get(f"/items/{acme.uuid}/as-of/", {"at": (NOON + HOUR).isoformat()})

    assert "connector_error" in codes(page)


@pytest.fixture
def failing(deals, monkeypatch):
    """Have the connector fail where it tells of links."""

    def fail(*args, **options):
        raise ValueError

    monkeypatch.setattr(type(CONNECTORS[deals.connection.provider]), "links", fail)


@pytest.mark.parametrize("is_ready", [True, False])
@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [("next", "2026-11-06", "2026-11-16"), ("last", "2026-10-30", "2026-11-10")],
)
def test_a_difference_has_the_rows_that_only_days_made_fit(
    as_alice, deals, time_machine, monkeypatch, is_ready, operator, before, after
):
    """No row has changed in the time that is looked at."""
    put(
        deals,
        5,
        b=("Birch", "7", "new", {"due": "2026-12-30"}),
        c=("Cedar", "3", "won", {"due": before}),
        d=("Dogwood", "9", "new", {"due": after}),
    )
    time_machine.move_to(NOON + 42 * 24 * HOUR, tick=False)
    if not is_ready:
        monkeypatch.setattr(indexes, "SMALL", 0)

    page = ask(as_alice, deals, 6, 12 * 24, **{f"due__{operator}": "7"})

    assert [item.name for item in page.context["added"]] == ["Dogwood"]
    assert [item.name for item in page.context["removed"]] == ["Cedar"]
    assert page.context["changed"] == []
    assert "past_cut" not in codes(page)


def test_days_tell_nothing_of_a_row_with_older_changes_than_are_looked_at(
    as_alice, deals, time_machine, monkeypatch
):
    """What it is now says nothing of what it was: its due day has moved since."""
    put(deals, 5, d=("Dogwood", "9", "new", {"due": "2026-12-30"}))
    put(deals, 7, d=("Dogwood", "9", "new", {"due": "2026-11-16"}))
    put(deals, 20 * 24, b=("Birch", "9", "new", {}))
    time_machine.move_to(NOON + 42 * 24 * HOUR, tick=False)
    monkeypatch.setattr(table_history, "MOST_LOOKED_AT", 1)

    page = ask(as_alice, deals, 6, 12 * 24, due__next="7")

    assert "partial" in codes(page)
    assert page.context["added"] == []


def test_a_difference_says_where_more_rows_fitted_than_are_looked_at(
    as_alice, deals, time_machine, monkeypatch
):
    rows = {f"x{n}": (f"X{n}", "4", "won", {"due": "2026-11-03"}) for n in range(4)}
    put(deals, 5, **rows)
    time_machine.move_to(NOON + 42 * 24 * HOUR, tick=False)
    monkeypatch.setattr(past_selection, "MOST_ROWS", 3)

    page = ask(as_alice, deals, 6, 12 * 24, due__next="7")

    assert "past_cut" in codes(page)
    assert len(page.context["removed"]) == 3


def test_the_difference_is_that_of_the_rows_that_are_asked_for(
    as_alice, deals, subtests
):
    """What came to fit was added, and what fits no longer was removed."""
    for asked, added, removed, changed in (
        ({}, ["Fir"], ["Elm"], {"Ash", "Birch", "Cypress"}),
        (WON, ["Ash", "Fir"], ["Birch", "Elm"], {"Cypress"}),
        ({"amount__gt": "6"}, ["Ash"], [], {"Birch"}),
        ({"q": "cedar"}, [], ["Cypress"], set()),
    ):
        with subtests.test(asked=asked, added=added, removed=removed, changed=changed):
            page = ask(as_alice, deals, 1, 9, **asked)

            assert sorted(item.name for item in page.context["added"]) == added
            assert sorted(item.name for item in page.context["removed"]) == removed
            assert {each["item"].name for each in page.context["changed"]} == changed


def told(page, kind):
    """Return old and new of the fields that each added or removed item is told with."""
    return {
        item.name: [(f["label"], f["old"], f["new"]) for f in item.differing]
        for item in page.context[kind]
    }


def test_what_came_to_fit_or_fits_no_longer_says_what_has_changed(as_alice, deals):
    page = ask(as_alice, deals, 1, 9, **WON)

    came = told(page, "added")
    assert came["Fir"] == []
    assert set(came["Ash"]) == {
        ("Stage", "New", "Won"),
        ("Due", "3 Nov 2026", "24 Dec 2026"),
        ("Amount", "5", "50"),
        ("Companies", "Acme", ""),
    }
    birch = [("Stage", "Won", "New"), ("Hot", "Yes", "")]
    assert told(page, "removed") == {"Birch": birch, "Elm": []}
    [line] = re.findall(r"<li>(?:(?!</li>).)*Birch.*?</ul>", page.text, re.DOTALL)
    assert "Won" in line
    assert "New" in line


def test_a_difference_asks_for_what_values_lead_to_once(
    as_alice, deals, django_assert_max_num_queries
):
    put(deals, 6, c=("Cypress", "3", "won", {}))
    ask(as_alice, deals, 1, 9, **WON)

    with django_assert_max_num_queries(12):
        page = ask(as_alice, deals, 1, 9, **WON)

    assert [each["item"].name for each in page.context["changed"]] == ["Cypress"]
    assert told(page, "added")["Ash"] != []


def test_a_difference_is_in_the_order_that_is_asked_for(as_alice, deals):
    for sort, expected in (("amount", ["Fir", "Ash"]), ("-amount", ["Ash", "Fir"])):
        page = ask(as_alice, deals, 1, 9, **WON, sort=sort)

        assert [item.name for item in page.context["added"]] == expected

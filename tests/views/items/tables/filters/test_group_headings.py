"""Grouped rows stand below one heading each, which is that of their group."""

import re

import pytest

from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get
from tests.support.rows import make_deals
from tests.views.items.tables.test_table import SCHEMA, deal

CHOICE = {
    "name": "state",
    "label": "State",
    "kind": "choice",
    "options": {"a": "Done", "b": "done", "c": "Zed"},
}


def headed(page):
    """Return the headings of a page in order, each with how many rows it has."""
    found = []
    for line in re.findall(r"<tr.*", page.text.split('table class="sheet')[1]):
        if "group-head" in line:
            found.append([re.sub("<[^>]+>", "", line).strip(), 0])
        elif found:
            found[-1][1] += 1
    return [tuple(each) for each in found]


def told(page):
    """Return the groups of a page's table of groups, as headings would name them."""
    return {f"{row['label']} {row['count']}" for row in page.context["group_rows"]}


@pytest.fixture
@kept
def namesakes(deals):
    """Return deals of two owners of one name by turns, and of none."""
    owners = {"41": "Same Name", "42": "Same Name"}
    deals.schema = {**SCHEMA, "lookups": {**SCHEMA["lookups"], "owner": owners}}
    deals.save(update_fields=["schema"])
    for number in range(32):
        deal(deals, f"Deal {number}", owner=("41", "42")[number % 2])
    deal(deals, "Nobody's", owner=None)
    deals.refresh_from_db()
    return deals


def test_owners_of_one_name_have_their_own_rows_on_each_page(as_alice, namesakes):
    first = get(as_alice, namesakes, "?group=hubspot_owner_id&columns=amount&size=25")
    second = as_alice.get(first.context["next_url"])

    one, other = "Same Name (41) 16", "Same Name (42) 16"
    assert told(first) == {one, other, "Without Owner 1"}
    assert headed(first) == [(one, 13), (other, 12)]
    assert headed(second) == [(other, 4), (one, 3), ("Without Owner 1", 1)]
    shown = [row.item.name for page in (first, second) for row in page.context["rows"]]
    assert sorted(shown) == sorted(each.name for each in namesakes.items.all())


def test_a_page_whose_rows_are_put_together_has_no_news(as_alice, namesakes):
    page = get(as_alice, namesakes, "?group=hubspot_owner_id")

    assert as_alice.get(page.context["live_url"]).context["news_text"] == ""


def test_options_that_are_compared_alike_have_one_heading(as_alice, connection):
    rows = make_deals(connection, [CHOICE])
    for number in range(6):
        deal(rows, f"Row {number}", stage=None, owner=None, state="ab"[number % 2])
    deal(rows, "Last", stage=None, owner=None, state="c")
    rows.refresh_from_db()

    page = get(as_alice, rows, "?group=state")

    assert [number for _, number in headed(page)] == [6, 1]
    assert {heading for heading, _ in headed(page)} == told(page)


def test_former_options_that_are_sorted_alike_have_one_heading_each(
    as_alice, connection
):
    rows = make_deals(connection, [CHOICE])
    for number in range(6):
        value = ("Older", "Oldest")[number % 2]
        deal(rows, f"Row {number}", stage=None, owner=None, state=value)
    rows.refresh_from_db()

    page = get(as_alice, rows, "?group=state")

    assert headed(page) == [("Older 3", 3), ("Oldest 3", 3)]


def test_rows_of_several_values_stand_below_the_first_and_blank_is_none(
    as_alice, connection
):
    several = {**CHOICE, "kind": "choices"}
    rows = make_deals(connection, [several])
    for name, value in (("Both", "c;a"), ("One", "b"), ("Blank", "  "), ("No", None)):
        deal(rows, name, stage=None, owner=None, state=value)
    rows.refresh_from_db()

    page = get(as_alice, rows, "?group=state")

    assert [number for _, number in headed(page)] == [1, 1, 2]
    assert headed(page)[1] == ("Zed 1", 1)
    assert headed(page)[2] == ("Without State 2", 2)
    assert {heading for heading, _ in headed(page)} == told(page)


def test_a_group_that_is_too_small_to_be_shown_has_its_own_heading(
    as_alice, namesakes, monkeypatch
):
    monkeypatch.setattr("integrations.services.items.tables.groups.MOST_GROUPS", 1)

    page = get(as_alice, namesakes, "?group=hubspot_owner_id")

    assert len(told(page)) == 1
    assert [number for _, number in headed(page)] == [16, 16, 1]
    assert {heading.removesuffix(" 16") for heading, _ in headed(page)} == {
        "Same Name (41)",
        "Same Name (42)",
        "Without Owner",
    }


def test_no_headings_are_missed_where_there_are_no_rows(as_alice, namesakes):
    page = get(as_alice, namesakes, "?group=hubspot_owner_id&q=nothing")

    assert list(page.context["rows"]) == []
    assert 'data-code="no_headings"' not in page.text


@pytest.mark.parametrize("address", ["&sort=-amount", "&q=deal"])
def test_rows_without_headings_are_explained_and_lead_to_them(
    as_alice, namesakes, address
):
    usual = get(as_alice, namesakes, "?group=hubspot_owner_id")

    page = get(as_alice, namesakes, f"?group=hubspot_owner_id{address}")

    assert headed(usual) != []
    assert 'data-code="no_headings"' not in usual.text
    assert headed(page) == []
    assert 'data-code="no_headings"' in page.text
    assert headed(as_alice.get(page.context["headings_url"])) != []

"""Grouped rows stand below one heading each, which is that of their group."""

import json
import re

import pytest

from integrations.models import Item
from integrations.services.items.tables.columns.columns import NAME
from integrations.services.items.tables.indexing import rows as index_rows
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get
from tests.support.rows import NOON, make_deals
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


def test_a_table_without_rows_has_no_headings(as_alice, namesakes):
    page = get(as_alice, namesakes, "?group=hubspot_owner_id&q=nothing")

    assert list(page.context["rows"]) == []
    assert "group-head" not in page.text


SORTED = [f"?group=hubspot_owner_id&sort={sort}" for sort in (NAME, f"-{NAME}")]


def shown(page):
    return [row.item.name for row in page.context["rows"]]


@pytest.mark.parametrize("more", ["", "&q=deal", "&dealstage__filled=1"])
@pytest.mark.parametrize("address", SORTED)
def test_rows_are_sorted_below_the_headings_of_their_groups(
    as_alice, namesakes, address, more
):
    first = get(as_alice, namesakes, f"{address}&size=25{more}")
    second = as_alice.get(first.context["next_url"])

    one, other = "Same Name (41) 16", "Same Name (42) 16"
    rest = [] if "q=" in more else [("Without Owner 1", 1)]
    assert headed(first) == [(one, 16), (other, 9)]
    assert headed(second) == [(other, 7), *rest]
    found = [*shown(first), *shown(second)]
    is_down = "-" in address
    for part in (found[:16], found[16:32]):
        assert part == sorted(part, reverse=is_down)
    assert len(set(found)) == 32 + len(rest)
    assert second.context["next_url"] == ""
    assert shown(as_alice.get(second.context["previous_url"])) == shown(first)


def test_the_table_says_what_its_rows_are_sorted_and_headed_by(as_alice, namesakes):
    page = get(as_alice, namesakes, SORTED[1])

    name = page.context["columns"][0]
    assert name["direction"] == "descending"
    assert "?sort=item.name&group=hubspot_owner_id" in name["sort_url"]
    assert "one item in each row below the heading of its Owner<" in page.text
    plain = get(as_alice, namesakes, f"?sort={NAME}")
    assert "one item in each row<" in plain.text


def test_a_file_and_the_neighbours_follow_the_groups(as_alice, namesakes):
    pages = [get(as_alice, namesakes, f"{SORTED[1]}&size=25")]
    pages.append(as_alice.get(pages[0].context["next_url"]))
    rows = [name for page in pages for name in shown(page)]
    path = f"/collections/{namesakes.pk}/"

    form = {"form": "json", "values": "raw"}
    file = as_alice.post(f"{path}download/{SORTED[1]}", form)

    told = json.loads(b"".join(file.streaming_content))
    assert [each["name"] for each in told] == rows
    # The last of a group, the first of the next, and the last but one of all.
    for place in (15, 16, len(rows) - 2):
        item = Item.objects.get(name=rows[place])
        asked = {"in": f"{path}{SORTED[1]}"}
        onward = as_alice.get(f"/items/{item.uuid}/next/", asked, follow=True)
        back = as_alice.get(f"/items/{item.uuid}/previous/", asked, follow=True)
        assert onward.context["item"].name == rows[place + 1]
        assert back.context["item"].name == rows[place - 1]


@pytest.mark.parametrize("more", ["", "&q=deal"])
def test_a_page_behind_a_row_that_went_goes_on_where_it_was(as_alice, namesakes, more):
    first = get(as_alice, namesakes, f"{SORTED[0]}&size=25{more}")
    rest = shown(as_alice.get(first.context["next_url"]))
    gone = Item.objects.filter(name__in=[shown(first)[-1], rest[0]])
    index_rows.delete([item.pk for item in gone], namesakes)
    gone.update(deleted_at=NOON)

    page = as_alice.get(first.context["next_url"])

    assert shown(page) == rest[1:]


def test_groups_that_are_not_indexed_yet_are_said_and_rows_have_no_headings(
    as_alice, namesakes, monkeypatch
):
    monkeypatch.setattr("integrations.services.items.tables.indexing.indexes.SMALL", 1)

    page = get(as_alice, namesakes, f"{SORTED[0]}&size=25")

    assert page.status_code == 200
    assert headed(page) == []
    assert page.context["next_url"] == ""
    assert page.context["columns"][0]["direction"] == "none"
    assert 'aria-sort="ascending"' not in page.text

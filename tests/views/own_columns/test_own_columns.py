"""Users note what they know beside records, in columns of their own."""

import csv
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from integrations.models import OwnColumn, OwnValue
from integrations.services.items.tables.indexing import indexes
from tests.support.pages.tables import names
from tests.support.rows import NOON, make_connection, make_item
from tests.views.own_columns.own_tables import add, make_deals, note, shown, table

NOTHING = "\N{EN DASH}"
# A value, a filter that it passes, and a value that does not.
KINDS = {
    "text": ("Call back", "contains", "call", "Nobody"),
    "number": ("9", "lt", "10", "10"),
    "date": ("2026-11-03", "before", "2026-12-01", "2026-12-24"),
    "choice": ("Hot", "is", "hot", "Cold"),
    "check": ("yes", "is", "yes", ""),
    "person": ("Cleo Cole", "starts", "cleo", "Dan Day"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_any_type_is_shown_filtered_and_grouped(
    as_alice, deals, three, kind
):
    value, operator, wanted, other = KINDS[kind]
    column = add(as_alice, deals, "Mine", kind, "Hot\nCold")
    one, two, _ = three
    assert note(as_alice, one, column, value).status_code == 302
    note(as_alice, two, column, other)

    page = table(as_alice, deals)
    found = table(as_alice, deals, f"?{column.column_id}__{operator}={wanted}")

    assert shown(page, "Mine")["One"]
    assert names(found) == ["One"]
    empty = names(table(as_alice, deals, f"?{column.column_id}__empty=1"))
    assert empty == ([] if kind == "check" else ["Three"])
    if kind in {"choice", "person", "check"}:
        groups = table(as_alice, deals, f"?group={column.column_id}")
        assert len(groups.context["group_rows"]) == (2 if kind == "check" else 3)


def test_columns_are_listed_in_the_order_in_which_they_were_made(as_alice, deals):
    made = [add(as_alice, deals, name) for name in ("One", "Two", "Three")]
    by_key = sorted(made, key=lambda column: column.pk)
    for number, column in enumerate(reversed(by_key)):
        at = NOON + number * timedelta(hours=1)
        OwnColumn.objects.filter(pk=column.pk).update(created_at=at)

    page = as_alice.get(f"/collections/{deals.pk}/own-columns/")

    assert [*page.context["own_columns"]] == by_key[::-1]


def test_numbers_of_ones_own_sort_and_sum_like_others(as_alice, deals, three):
    column = add(as_alice, deals)
    for item, value in zip(three, ("9", "10.5", ""), strict=True):
        note(as_alice, item, column, value)

    up = table(as_alice, deals, f"?sort={column.column_id}")
    down = table(as_alice, deals, f"?sort=-{column.column_id}")
    sums = table(as_alice, deals, f"?group=dealstage&columns={column.column_id}")

    assert names(up) == ["One", "Two", "Three"]
    assert names(down) == ["Two", "One", "Three"]
    assert sums.context["group_rows"][0]["sums"] == [["19.5"]]


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("1,234.5", "1,234.5"),
        ("-1,234,567", "-1,234,567"),
        ("\u22125", "-5"),
        ("+5", "5"),
        ("12,34", NOTHING),
        ("1,5", NOTHING),
        ("1.234,5", NOTHING),
        ("+-5", NOTHING),
        (f"-{'7' * 24}.{'7' * 7}", f"-{int('7' * 24):,}.{'7' * 7}"),
    ],
)
def test_a_number_is_taken_as_it_is_shown_and_filtered_by(
    as_alice, deals, three, written, cell
):
    column = add(as_alice, deals)

    note(as_alice, three[0], column, written)
    asked = urlencode({f"{column.column_id}__is": written})
    found = table(as_alice, deals, f"?{asked}")

    assert shown(table(as_alice, deals), column.name)["One"] == cell
    assert bool(found.context["query"].left_out) is (cell == NOTHING)
    assert names(found) == ["One"] or cell == NOTHING


def test_a_changed_value_is_found_by_its_new_one_alone(as_alice, deals, three):
    column = add(as_alice, deals)
    query = f"?{column.column_id}__is=7"
    note(as_alice, three[0], column, "5")
    assert names(table(as_alice, deals, query)) == []

    note(as_alice, three[0], column, "7")
    note(as_alice, three[1], column, "7")
    assert set(names(table(as_alice, deals, query))) == {"One", "Two"}
    note(as_alice, three[1], column, "")

    assert names(table(as_alice, deals, query)) == ["One"]
    assert OwnValue.objects.count() == 1


def test_a_large_collection_is_indexed_by_a_worker_with_own_values(
    as_alice, deals, three, monkeypatch
):
    monkeypatch.setattr(indexes, "SMALL", 1)
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    query = f"?{column.column_id}__is=7"
    table(as_alice, deals, query)

    indexes.build(deals.pk)

    assert names(table(as_alice, deals, query)) == ["One"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "many"),
        ("number", "1e999999"),
        ("number", "NaN"),
        ("date", "2026-02-30"),
        ("date", "0001-01-01"),
        ("choice", "Lukewarm"),
        ("text", "x" * 2001),
        ("person", "x" * 201),
    ],
)
def test_a_value_that_does_not_fit_is_refused(as_alice, deals, three, kind, value):
    column = add(as_alice, deals, "Mine", kind, "Hot")

    answer = note(as_alice, three[0], column, value)

    assert answer.status_code == 400
    assert column.column_id in answer.context["form"].errors
    assert not OwnValue.objects.exists()


def test_values_are_shown_on_the_items_page_and_changed_from_the_table(
    as_alice, deals, three
):
    column = add(as_alice, deals, "Remark", "text")
    address = f"/items/{three[0].uuid}/own/"
    assert address in table(as_alice, deals).content.decode()
    back = f"/collections/{deals.pk}/?sort=amount"

    answer = note(as_alice, three[0], column, "<b>Call</b>", back=back)
    away = note(as_alice, three[0], column, "Call", back="//evil.example/")

    assert answer.headers["Location"] == back
    assert away.headers["Location"] == three[0].get_absolute_url()
    page = as_alice.get(three[0].get_absolute_url())
    assert [each["name"] for each in page.context["own_values"]] == ["Remark"]
    assert address in page.content.decode()


def test_a_downloaded_table_has_its_own_columns_too(as_alice, deals, three):
    column = add(as_alice, deals)
    note(as_alice, three[1], column, "7")
    path = f"/collections/{deals.pk}/download/?sort={column.column_id}"

    answer = as_alice.post(path, {"form": "csv", "values": "shown"})

    lines = b"".join(answer.streaming_content).decode().splitlines()
    place = next(csv.reader(lines[:1])).index("Rank")
    assert [row[place] for row in csv.reader(lines[1:])] == ["7", "", ""]


def test_a_downloaded_list_over_everything_has_them_beside_the_shown_values(
    as_alice, deals, three, django_assert_max_num_queries
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    note(as_alice, three[1], add(as_alice, deals, name="Amount"), "8")
    page = reverse("integrations:item-download")

    def properties(values, **more):
        answer = as_alice.post(page, {"form": "json", "values": values, **more})
        rows = json.loads(b"".join(answer.streaming_content))
        return {row["name"]: row["properties"] for row in rows}

    with django_assert_max_num_queries(14):
        shown = properties("shown")

    assert shown[three[0].name]["Rank"] == "7"
    assert "Rank" not in shown[three[1].name]
    # One label of the provider's and one of the user's own are told apart.
    assert shown[three[1].name]["Amount (your own)"] == "8"
    # What the provider wrote stays what it wrote.
    assert not any("Rank" in each for each in properties("raw").values())


def test_another_user_of_the_same_account_sees_none_of_it(
    as_alice, as_bob, bob, connection, deals, three
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    connection.state = "disconnected"
    connection.save()
    bobs = make_deals(make_connection(bob, remote_id=connection.remote_id))
    make_item(bobs, name="Same", remote_id=three[0].remote_id)

    page = table(as_bob, bobs, f"?{column.column_id}__is=7")

    assert "Rank" not in page.content.decode()
    assert page.context["left_out"]


def test_a_page_takes_no_query_for_each_record(
    as_alice, deals, three, django_assert_max_num_queries
):
    column = add(as_alice, deals, "Heat", "choice", "Hot\nCold")
    for item, value in zip(three, ("Hot", "Cold", ""), strict=True):
        note(as_alice, item, column, value)
    table(as_alice, deals)

    with django_assert_max_num_queries(12):
        table(as_alice, deals)

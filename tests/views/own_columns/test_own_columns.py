"""Users note what they know beside records, in columns of their own."""

import csv
import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Collection,
    OwnColumn,
    OwnValue,
    PropertyIndex,
    TableLayout,
)
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.common.errors import ProofMissingError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import disconnect
from integrations.services.items.own_columns import store as own_store
from integrations.services.items.storage import store
from integrations.services.items.tables.indexing import indexes
from integrations.views.items.tables.drawing import draw
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.sessions import prove
from tests.views.items.tables.test_table import SCHEMA, deal

# A value, a filter that it passes, and a value that does not.
KINDS = {
    "text": ("Call back", "contains", "call", "Nobody"),
    "number": ("9", "lt", "10", "10"),
    "date": ("2026-11-03", "before", "2026-12-01", "2026-12-24"),
    "choice": ("Hot", "is", "hot", "Cold"),
    "check": ("yes", "is", "yes", ""),
    "person": ("Cleo Cole", "starts", "cleo", "Dan Day"),
}


@pytest.fixture
def deals(connection):
    return make_deals(connection)


def make_deals(connection):
    return make_collection(
        connection, remote_id="deals", name="Deals", item_type="deal", schema=SCHEMA
    )


@pytest.fixture
def three(deals):
    items = [deal(deals, name, "100", remote_id=name) for name in ("One", "Two")]
    return [*items, deal(deals, "Three", "300")]


def add(client, collection, name="Rank", kind="number", choices=""):
    form = {"name": name, "kind": kind, "added": choices}
    answer = client.post(f"/collections/{collection.pk}/own-columns/", form)
    assert answer.status_code == 302, answer.context["form"].errors
    return OwnColumn.objects.get(name=name)


def note(client, item, column, value, **more):
    form = {column.column_id: value, **more}
    return client.post(f"/items/{item.uuid}/own/", form)


def table(client, collection, query=""):
    page = client.get(f"/collections/{collection.pk}/{query}")
    assert page.status_code == 200
    return page


def names(page):
    return [row.item.name for row in page.context["rows"]]


def shown(page, label):
    """Return the cells of a column as texts, by the names of their rows."""
    return {
        row.item.name: re.sub("<[^>]+>", "", draw(cell)).strip()
        for row in page.context["rows"]
        for column, cell in row.cells
        if column.label == label
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


def page_of(item, **more):
    return IntegrationItem(
        id=item.remote_id, type="deal", name=item.name, properties=more
    )


def sync(collection, *items):
    store.store_page(collection, items, run_id=None, now=timezone.now())


def test_values_survive_syncs_deletions_and_returns(as_alice, deals, three):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    query = f"?{column.column_id}__is=7"
    assert names(table(as_alice, deals, query)) == ["One"]

    sync(deals, page_of(three[0], amount="5"))
    assert names(table(as_alice, deals, query)) == ["One"]
    deleted = Deletion(kind=DeletionKind.DELETED)
    store.soft_delete(deals, {three[0].pk: deleted}, run_id=None, now=timezone.now())
    assert names(table(as_alice, deals, query)) == []
    note(as_alice, three[0], column, "7")
    assert names(table(as_alice, deals, query)) == []
    sync(deals, page_of(three[0], amount="6"))

    assert names(table(as_alice, deals, query)) == ["One"]


def test_a_merged_record_leaves_its_values_to_the_one_it_became(as_alice, deals, three):
    rank, other = add(as_alice, deals), add(as_alice, deals, "Remark", "text")
    note(as_alice, three[0], rank, "7", **{other.column_id: "old"})
    note(as_alice, three[1], other, "kept")
    query = f"?{rank.column_id}__is=7"
    table(as_alice, deals, query)

    merged = Deletion(kind=DeletionKind.MERGED, detail=three[1].remote_id)
    store.soft_delete(deals, {three[0].pk: merged}, run_id=None, now=timezone.now())

    page = table(as_alice, deals, query)
    assert names(page) == ["Two"]
    assert shown(page, "Remark") == {"Two": "kept"}


def test_an_account_that_is_connected_again_has_its_columns_again(
    as_alice, alice, deals, three
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    deals.connection.delete()
    assert not Collection.objects.exists()

    again = make_deals(make_connection(alice, account_name="Acme", remote_id="1:1"))
    make_item(again, name="Anew", remote_id=three[0].remote_id)
    other = make_deals(make_connection(alice, remote_id="2:2"))

    assert shown(table(as_alice, again), "Rank") == {"Anew": "7"}
    assert "Rank" not in table(as_alice, other).content.decode()


@pytest.mark.parametrize("deletes", [True, False])
@pytest.mark.parametrize("way", ["disconnect", "remove"])
def test_removing_the_items_asks_about_own_columns(
    as_alice, connection, deals, three, way, deletes
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    prove(as_alice)
    if way == "remove":
        connection.state = "disconnected"
        connection.save()
    path = f"/connections/{connection.pk}/{way}/"
    assert as_alice.get(path).context["own_value_count"] == 1

    form = {"items": "delete", **({"own_columns": "1"} if deletes else {})}
    as_alice.post(path, form)

    assert OwnValue.objects.exists() is not deletes
    assert OwnColumn.objects.exists() is not deletes


def test_a_column_is_renamed_and_deleted_after_a_question(as_alice, deals, three):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")
    table(as_alice, deals, f"?sort={column.column_id}")
    chosen = {"action": "save", "columns": ["amount", column.column_id]}
    as_alice.post(f"/collections/{deals.pk}/columns/", chosen)

    as_alice.post(f"/own-columns/{column.pk}/", {"name": "Order"})
    assert shown(table(as_alice, deals), "Order")["One"] == "7"
    asked = as_alice.get(f"/own-columns/{column.pk}/delete/")
    assert asked.context["value_count"] == 1
    assert OwnColumn.objects.exists()
    prove(as_alice)
    as_alice.post(f"/own-columns/{column.pk}/delete/")

    assert not OwnColumn.objects.exists()
    assert not OwnValue.objects.exists()
    page = table(as_alice, deals).content.decode()
    assert re.findall(r'data-code="(\w+)"', page) == []
    indexes.drop_unused(now=timezone.now() - timedelta(days=9))
    assert not PropertyIndex.objects.filter(name=column.column_id).exists()


def test_choices_are_renamed_swapped_ordered_and_taken_away(as_alice, deals, three):
    column = add(as_alice, deals, "Heat", "choice", "Hot\nCold\nNever")
    note(as_alice, three[0], column, "Hot")
    note(as_alice, three[1], column, "Cold")
    table(as_alice, deals, f"?{column.column_id}__is=Hot")
    form = {"name": "Heat", "added": "Warm\n"}
    options = {"option-0": "Cold", "option-1": "Hot", "option-2": ""}
    places = {"place-0": "2", "place-1": "1", "place-2": "3"}

    answer = as_alice.post(f"/own-columns/{column.pk}/", {**form, **options, **places})

    assert answer.status_code == 302
    column.refresh_from_db()
    assert column.options == ["Hot", "Cold", "Warm"]
    assert names(table(as_alice, deals, f"?{column.column_id}__is=Hot")) == ["Two"]
    assert shown(table(as_alice, deals), "Heat")["One"] == "Cold"
    by_heat = names(table(as_alice, deals, f"?sort={column.column_id}"))
    assert by_heat == ["Two", "One", "Three"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"option-0": ""}, "choice_used"),
        ({"option-0": "cold "}, "choice_twice"),
        ({"added": "HOT"}, "choice_twice"),
        ({"added": "x" * 81}, "choice_too_long"),
        ({"added": "\n".join(map(str, range(99)))}, "too_many_choices"),
    ],
)
def test_choices_that_cannot_be_are_refused(as_alice, deals, three, form, code):
    column = add(as_alice, deals, "Heat", "choice", "Hot\nCold")
    note(as_alice, three[0], column, "Hot")

    answer = as_alice.post(f"/own-columns/{column.pk}/", {"name": "Heat", **form})

    assert answer.status_code == 400
    assert answer.context["form"].errors.as_data()["added"][0].code == code
    column.refresh_from_db()
    assert column.options == ["Hot", "Cold"]
    assert OwnValue.objects.get().value == "Hot"


def test_names_and_number_of_columns_are_bounded(as_alice, deals, monkeypatch):
    add(as_alice, deals)
    path = f"/collections/{deals.pk}/own-columns/"

    again = as_alice.post(path, {"name": "Rank", "kind": "text"})
    monkeypatch.setattr(own_store, "MOST_COLUMNS", 1)
    more = as_alice.post(path, {"name": "Other", "kind": "text"})

    codes = [
        answer.context["form"].errors.as_data()["name"][0].code
        for answer in (again, more)
    ]
    assert codes == ["name_taken", "too_many_columns"]


def test_a_new_column_is_shown_to_who_has_chosen_columns(as_alice, deals, three):
    form = {"action": "save", "columns": ["amount"]}
    as_alice.post(f"/collections/{deals.pk}/columns/", form)

    add(as_alice, deals)

    heads = [each["label"] for each in table(as_alice, deals).context["columns"]]
    assert heads == ["Name", "Amount", "Rank"]
    assert TableLayout.objects.count() == 1


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

    with django_assert_max_num_queries(13):
        table(as_alice, deals)


def test_a_column_with_values_is_deleted_by_who_proves_to_be_its_user(
    as_alice, deals, three
):
    column = add(as_alice, deals)
    path = f"/own-columns/{column.pk}/delete/"
    note(as_alice, three[0], column, "7")
    prove(as_alice, seconds_ago=400)

    answer = as_alice.post(path)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert OwnValue.objects.count() == 1

    note(as_alice, three[0], column, "")
    as_alice.post(path)
    assert not OwnColumn.objects.exists()


def test_no_way_deletes_what_users_noted_without_a_proof(
    as_alice, alice, connection, deals, three
):
    column = add(as_alice, deals)
    note(as_alice, three[0], column, "7")

    with pytest.raises(ProofMissingError):
        own_store.delete(column)
    with pytest.raises(ProofMissingError):
        disconnect.disconnect(
            connection, actor=alice, keep_items=True, delete_own_columns=True
        )
    connection.refresh_from_db()

    assert connection.is_connected
    assert OwnValue.objects.count() == 1


def test_columns_of_one_that_is_disconnected_meanwhile_stay(
    as_alice, alice, connection, deals, three
):
    note(as_alice, three[0], add(as_alice, deals), "7")
    disconnect.disconnect(connection, actor=alice, keep_items=True)

    disconnect.disconnect(
        connection,
        actor=alice,
        keep_items=False,
        delete_own_columns=True,
        proof=RecentProof(user=alice),
    )

    assert OwnValue.objects.count() == 1

"""Own columns are renamed, deleted and bounded, and so are their choices."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import (
    OwnColumn,
    OwnValue,
    PropertyIndex,
    TableLayout,
)
from integrations.services.items.own_columns import store as own_store
from integrations.services.items.tables.indexing import indexes
from tests.support.pages.tables import names
from tests.support.sessions import prove
from tests.views.own_columns.own_tables import add, note, shown, table


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
    assert heads == ["Deal name", "Amount", "Rank"]
    assert TableLayout.objects.count() == 1

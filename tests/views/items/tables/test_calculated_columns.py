"""A formula or rollup is sorted, filtered and summed as the type of its results."""

import pytest

from integrations.models import PropertyIndex, SavedView
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import Family
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get_whole, names
from tests.support.rows import NOON, make_collection, make_connection

RESULTS = {
    "number": (10, 9, 100, None),
    "date": (
        {"start": "2026-11-10"},
        {"start": "2026-11-09"},
        {"start": "2027-01-01"},
        None,
    ),
    "boolean": (True, False, True, None),
    "text": ("b 10", "B 9", "a 100", None),
}
FIELDS = [{"name": name, "label": name, "kind": "value"} for name in RESULTS]
NAMES = ("Ten", "Nine", "Hundred", "None")


def put(table, **rows):
    items = [
        IntegrationItem(id=name, type="page", name=name, properties=properties)
        for name, properties in rows.items()
    ]
    store.store_page(table, items, run_id=None, now=NOON)


@pytest.fixture
@kept
def table(alice):
    made = make_collection(
        make_connection(alice, provider="notion"),
        remote_id="src",
        name="Tasks",
        item_type="page",
        schema={
            "fields": [
                *FIELDS,
                {"name": "state", "label": "State", "kind": "choice", "options": {}},
            ]
        },
        first_full_refresh_at=NOON,
    )
    put(
        made,
        **{
            name: {
                "state": "Open",
                **{k: v[at] for k, v in RESULTS.items() if v[at] is not None},
            }
            for at, name in enumerate(NAMES)
        },
    )
    return made


def test_results_are_sorted_and_filtered_by_their_type(as_alice, table, subtests):
    for address, expected in (
        ("?sort=number", ["Nine", "Ten", "Hundred", "None"]),
        ("?sort=-number", ["Hundred", "Ten", "Nine", "None"]),
        ("?sort=date", ["Nine", "Ten", "Hundred", "None"]),
        ("?sort=text", ["Hundred", "Ten", "Nine", "None"]),
        ("?number__gt=9.5&sort=number", ["Ten", "Hundred"]),
        ("?date__before=2026-11-10", ["Nine"]),
        ("?date__between=2026-11-09,2026-11-10&sort=date", ["Nine", "Ten"]),
        ("?boolean__is=no", ["Nine"]),
        ("?text__contains=B&sort=number", ["Nine", "Ten"]),
        ("?number__empty=1", ["None"]),
    ):
        with subtests.test(address=address, expected=expected):
            assert names(get_whole(as_alice, table, address)) == expected


def test_numbers_are_summed_in_groups_and_stand_to_the_right(as_alice, table):
    page = get_whole(as_alice, table, "?columns=number&group=state")

    (row,) = page.context["group_rows"]
    assert row["sums"] == [["119"]]
    (column,) = (c for c in page.context["columns"] if c["label"] == "number")
    assert column["column"].is_number


def test_what_a_sync_brings_later_is_sorted_by_the_same_type(as_alice, table):
    get_whole(as_alice, table, "?sort=number")

    put(table, Twenty={"number": 20})

    expected = ["Nine", "Ten", "Twenty", "Hundred", "None"]
    assert names(get_whole(as_alice, table, "?sort=number")) == expected


def test_results_of_another_type_are_sorted_as_what_they_are_now(as_alice, table):
    get_whole(as_alice, table, "?sort=number")

    put(table, **{name: {"number": f"{name} of them"} for name in NAMES})

    expected = ["Hundred", "Nine", "None", "Ten"]
    assert names(get_whole(as_alice, table, "?sort=number")) == expected
    assert names(get_whole(as_alice, table, "?number__starts=ni")) == ["Nine"]


def test_one_edited_row_does_not_index_all_rows_as_another_type(as_alice, table):
    get_whole(as_alice, table, "?sort=number")
    before = PropertyIndex.objects.get()

    put(table, Ten={"number": "not a number"})
    page = get_whole(as_alice, table, "?sort=number")

    after = PropertyIndex.objects.get()
    assert (after.family, after.labels) == (before.family, before.labels)
    assert names(page) == ["Nine", "Hundred", "Ten", "None"]


def test_an_index_keeps_its_type_while_no_late_row_has_a_value(as_alice, table):
    get_whole(as_alice, table, "?sort=number")

    put(table, **{name: {"state": "Open"} for name in NAMES})
    get_whole(as_alice, table, "?number__gt=9.5")

    assert PropertyIndex.objects.get().family == Family.NUMBER


def test_results_of_several_types_are_texts_whichever_is_the_latest(as_alice, table):
    put(table, Ten={"number": "10 of them"}, Nine={"number": 11})

    get_whole(as_alice, table, "?number__contains=10")

    assert PropertyIndex.objects.get().family == Family.TEXT


def test_choosing_columns_in_a_view_keeps_its_filters_and_groups(as_alice, table):
    address = f"/collections/{table.pk}/?number__gt=9.5&group=boolean"
    as_alice.post("/views/new/", {"back": address, "name": "Big"})
    back = as_alice.get(SavedView.objects.get().get_absolute_url()).url
    layout = f"/collections/{table.pk}/columns/"

    form = {"back": back, "columns": ["state"], "action": "save"}
    page = as_alice.post(layout, form, follow=True)

    assert page.context["words"] == "number is greater than 9.5"
    assert page.context["query"].group.id == "boolean"
    assert set(names(page)) == {"Ten", "Hundred"}

"""Unknown last: numbers, then what is told as text instead, then rows without any."""

from datetime import UTC
from itertools import product
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from msgspec.structs import replace

from integrations.models import PropertyIndex, PropertyValue
from integrations.providers.records import IntegrationItem
from integrations.services.items.lists.query import DEFAULT_SIZE
from integrations.services.items.storage import store
from integrations.services.items.tables import listing
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.columns.values import APART
from integrations.services.items.tables.conditions import Asker
from integrations.services.items.tables.indexing import indexes
from integrations.services.items.tables.selection import Selection
from integrations.services.items.tables.table_query import TableQuery
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection

ROWS = {
    "Ten": (10, True, "2026-11-10"),
    "Bee": ("bee", "bee", "bee"),
    "Nothing": (None, None, None),
    "Two": (2, False, "2026-11-02"),
    "Ant": ("Ant", "Ant", "Ant"),
    "Blank": (None, None, None),
}
NAMES = ("number", "boolean", "date")
UP = ["Two", "Ten", "Ant", "Bee"]
DOWN = ["Ten", "Two", "Bee", "Ant"]
FIELDS = [{"name": name, "label": name, "kind": name} for name in NAMES]
STATE = {"name": "state", "label": "State", "kind": "text"}


@pytest.fixture
@kept
def table(alice):
    made = make_collection(
        make_connection(alice, provider="notion"),
        remote_id="src",
        item_type="page",
        schema={"fields": [*FIELDS, STATE]},
        first_full_refresh_at=NOON,
    )
    items = [
        IntegrationItem(
            id=name,
            type="page",
            name=name,
            properties={
                "state": "open",
                **{k: v for k, v in zip(NAMES, told, strict=True) if v is not None},
            },
        )
        for name, told in ROWS.items()
    ]
    store.store_page(made, items, run_id=None, now=NOON)
    return made


FORMULA = "fld" + "F" * 14
ERROR = {"specialValue": "Infinity"}


@pytest.fixture
@kept
def formulas(alice):
    """Return an Airtable table whose formula gives numbers, errors and nothing."""
    made = make_collection(
        make_connection(alice, provider="airtable"),
        remote_id="app1/tbl1",
        item_type="record",
        schema={
            "fields": [{"name": FORMULA, "label": "Ratio", "kind": "value"}],
            "formats": {FORMULA: {"type": "formula", "result": {"type": "number"}}},
        },
        first_full_refresh_at=NOON,
    )
    cells = {"Two": 2, "Endless": ERROR, "Nothing": None, "Ten": 10, "None": None}
    cells["Wrong"] = {"error": "#ERROR!"}
    items = [
        IntegrationItem(
            id=name,
            type="record",
            name=name,
            properties={} if cell is None else {FORMULA: cell},
        )
        for name, cell in cells.items()
    ]
    store.store_page(made, items, run_id=None, now=NOON)
    return made


def names(client, table, address):
    page = client.get(f"/collections/{table.pk}/{address}")
    assert page.context["query"].left_out == ()
    return [row.item.name for row in page.context["rows"]]


def test_texts_stand_in_their_order_before_rows_without_a_value(
    as_alice, table, subtests
):
    for searched, column in product(("", "&q=open", "&state__is=open"), NAMES):
        with subtests.test(searched=searched, column=column):
            up = names(as_alice, table, f"?sort={column}{searched}")
            down = names(as_alice, table, f"?sort=-{column}{searched}")

            assert up == [*UP, "Nothing", "Blank"]
            assert down == [*DOWN, "Blank", "Nothing"]


def test_every_place_leads_on_and_back(table, subtests):
    searches = ("", "q=open", "state__is=open", "number__filled=1")
    for order, searched in product(("number", "-number"), searches):
        with subtests.test(order=order, searched=searched):
            assert_leads_on_and_back(table, order, searched)


def assert_leads_on_and_back(table, order, searched):
    columns = columns_of(table)
    asked = QueryDict(f"sort={order}&{searched}")
    query = replace(TableQuery.parse(table.pk, asked, columns), size=1)
    asker = Asker(zone=UTC, today=NOON.date())

    def read(query):
        found = indexes.prepare(table, query.indexed)
        return listing.read_page(Selection.make(table, query, found, asker))

    def again(query):
        """Return a query as it comes back from its address, with its size."""
        sent = QueryDict(urlencode(replace(query, size=DEFAULT_SIZE).parameters))
        return replace(TableQuery.parse(table.pk, sent, columns), size=1)

    pages = [read(query)]
    while pages[-1].next:
        pages.append(read(again(pages[-1].next)))
    there = [item.name for page in pages for item in page.items]
    back = [read(again(page.previous)).items for page in pages[1:]]

    known = UP if order == "number" else DOWN
    rest = ["Nothing", "Blank"] if order == "number" else ["Blank", "Nothing"]
    assert there == (known if "filled" in searched else [*known, *rest])
    assert back == [page.items for page in pages[:-1]]


def test_a_text_is_a_value_to_filters(as_alice, table, subtests):
    for column in NAMES:
        with subtests.test(column=column):
            assert {*names(as_alice, table, f"?{column}__empty=1")} == {
                "Nothing",
                "Blank",
            }
            assert {*names(as_alice, table, f"?{column}__filled=1")} == {*UP}


def test_why_a_formula_tells_nothing_is_not_empty_to_anything(as_alice, formulas):
    told = [
        names(as_alice, formulas, f"?{asked}")
        for asked in (
            f"sort={FORMULA}",
            f"sort=-{FORMULA}",
            f"{FORMULA}__empty=1&sort={FORMULA}",
            f"{FORMULA}__filled=1&sort={FORMULA}",
        )
    ]
    shown = as_alice.get(f"/collections/{formulas.pk}/?columns={FORMULA}").text

    assert told == [
        ["Two", "Ten", "Wrong", "Endless", "Nothing", "None"],
        ["Ten", "Two", "Endless", "Wrong", "None", "Nothing"],
        ["Nothing", "None"],
        ["Two", "Ten", "Wrong", "Endless"],
    ]
    assert "Infinite" in shown


def test_a_group_of_texts_leads_to_its_rows(as_alice, table):
    page = as_alice.get(f"/collections/{table.pk}/?group=boolean")
    rows = {row["label"]: row for row in page.context["group_rows"]}

    assert {*rows} == {"Yes", "No", "Ant", "bee", "Without boolean"}
    for label, expected in (("Ant", {"Ant"}), ("bee", {"Bee"}), ("No", {"Two"})):
        found = as_alice.get(rows[label]["url"])
        assert found.context["query"].left_out == ()
        assert {row.item.name for row in found.context["rows"]} == expected


def test_rows_of_before_are_all_there_until_they_are_made_anew(
    as_alice, table, monkeypatch
):
    names(as_alice, table, "?sort=number")
    # As they were kept before texts had a place of their own, of too many rows to be
    # made anew while somebody waits.
    for row in PropertyValue.objects.filter(text__gte=APART):
        row.text = row.text.removeprefix(APART)
        row.save()
    index = PropertyIndex.objects.get()
    index.labels = index.labels[: indexes.ORDER_LENGTH] + "0" * indexes.ORDER_LENGTH
    index.save()
    monkeypatch.setattr(indexes, "SMALL", 0)

    before = names(as_alice, table, "?sort=number")
    state = PropertyIndex.objects.get().state
    indexes.build(table.pk)

    assert (before, state) == (
        ["Two", "Ten", "Bee", "Nothing", "Ant", "Blank"],
        "rebuilding",
    )
    assert names(as_alice, table, "?sort=number") == [*UP, "Nothing", "Blank"]

"""A table as a file: its own rows, columns and order, in each format."""

import csv
import io
import json
import re
from datetime import datetime

import pytest

from integrations.models import Item, OwnColumn, Preferences
from integrations.services.items.tables import walk
from tests.support.pages.tables import get
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.table_rows import shown_rows
from tests.support.workbooks import body_of, open_workbook, rows_of
from tests.views.items.tables.test_table import SCHEMA, deal, deals, four

__all__ = ["deals", "four"]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(walk, "PART", 2)


@pytest.fixture
def download(as_alice):
    """Return what posts the form of a table, and the whole answer."""

    def do(collection, address="", form="csv", values="shown", client=as_alice):
        path = f"/collections/{collection.pk}/download/{address}"
        return client.post(path, {"form": form, "values": values})

    return do


@pytest.mark.parametrize(
    "address",
    [
        "",
        "?sort=-amount",
        "?sort=hubspot_owner_id&dealstage__is=Closed+won",
        "?columns=amount,closedate&sort=item.name",
        "?q=large",
        "?amount__lt=1000&amount__gt=10000&match=any&sort=amount",
        "?group=dealstage&size=25&sort=closedate",
    ],
)
def test_a_csv_file_is_the_table_row_by_row(as_alice, four, download, address):
    page = get(as_alice, four, address)

    heads, *rows = rows_of(body_of(download(four, address)), "csv")

    assert heads == [each["label"] for each in page.context["columns"]]
    assert rows == shown_rows(page.content.decode())
    assert rows


@pytest.mark.parametrize("form", ["csv", "csv-utf8", "xlsx", "json", "ndjson"])
def test_every_format_has_every_row_of_all_pages_in_order(deals, download, form):
    for number in range(7):
        deal(deals, f"Deal {number}", str(number % 3))
    address = "?sort=-amount&columns=amount"

    found = rows_of(body_of(download(deals, address, form)), form)

    rows = found if "json" in form else found[1:]
    expected = Item.objects.filter(collection=deals)
    numbers = [float(str(row[1]).split()[0]) for row in rows]
    assert numbers == [2, 2, 1, 1, 0, 0, 0]
    assert {row[0] for row in rows} == {item.name for item in expected}


def test_a_workbook_has_what_the_table_shows_as_real_values(
    as_alice, alice, four, download
):
    Preferences.objects.create(user=alice, time_zone="Asia/Tokyo")
    Item.objects.filter(name="Large").update(remote_url="https://app.example.com/9")

    answer = download(four, "?sort=-amount", "xlsx")

    sheet = open_workbook(body_of(answer)).active
    heads, first, *_ = sheet.iter_rows()
    shown = ["Deal name", "Amount", "Stage", "Owner"]
    times = ["Close date (Asia/Tokyo)", "Updated (Asia/Tokyo)"]
    assert [cell.value for cell in heads] == shown + times
    assert [cell.value for cell in first[:4]] == [
        *("Large", 12500.5, "Closed won", "Dan Day"),
    ]
    assert first[0].hyperlink.target == "https://app.example.com/9"
    assert first[1].number_format == '#,##0.00 "USD"'
    assert first[4].value == datetime(2026, 12, 24, 19)  # noqa: DTZ001 (Excel's)
    assert sheet.title == "Deals"
    assert re.search(
        r'filename="mooring-deals-\d{4}-\d\d-\d\d\.xlsx"',
        answer.headers["Content-Disposition"],
    )


def test_all_columns_are_more_than_those_shown(four, download):
    heads, *rows = rows_of(
        body_of(download(four, "?columns=amount", values="all")), "csv"
    )

    assert {"Deal name", "Amount", "Description", "Created"} <= set(heads)
    assert len(rows) == 4


def test_json_keeps_the_shape_of_items_with_the_shown_columns(four, download):
    address = "?columns=amount,dealstage&item.name__is=Euro"

    (row,) = json.loads(body_of(download(four, address, "json")))
    (raw,) = json.loads(body_of(download(four, address, "json", "raw")))

    assert (row["name"], row["type"]) == ("Euro", "deal")
    assert row["properties"] == {
        "Deal name": "Euro",
        "Amount": "3,000 EUR",
        "Stage": "Closed won",
    }
    assert raw["properties"]["dealstage"] == "s2"
    assert {**raw, "properties": 0} == {**row, "properties": 0}


def test_linked_items_are_named_and_those_not_stored_have_their_ids(
    alice, as_alice, download
):
    field = {"name": "fld1", "label": "Owner", "kind": "relation"}
    table = make_collection(
        make_connection(alice, provider="airtable"),
        remote_id="tbl1",
        item_type="record",
        schema={
            "fields": [field],
            "formats": {
                "fld1": {
                    "type": "multipleRecordLinks",
                    "table": "tbl1",
                }
            },
        },
    )
    make_item(table, remote_id="recAAAAAAAAAAAAA1", type="record", name="Ada")
    cells = {"fld1": ["recAAAAAAAAAAAAA1", "recGGGGGGGGGGGGG1"]}
    make_item(
        table,
        remote_id="recBBBBBBBBBBBBB1",
        type="record",
        name="Bob",
        properties=cells,
    )
    address = "?columns=fld1&item.name__is=Bob"

    (_, row) = rows_of(body_of(download(table, address)), "csv")

    assert row == ["Bob", "Ada, recGGGGGGGGGGGGG1"]
    assert "Ada" in shown_rows(get(as_alice, table, address).content.decode())[0][1]


def test_two_columns_of_one_label_are_told_apart(connection, download):
    labels = {"a": "=Sum", "b": "Name"}
    fields = [{"name": n, "label": labels[n], "kind": "text"} for n in labels]
    table = make_collection(connection, schema={"fields": fields})
    make_item(table, name="-1+1", properties={"a": "1", "b": "2"})

    text = body_of(download(table, "?columns=a,b")).decode()
    objects = json.loads(body_of(download(table, "?columns=a,b", "json")))

    assert next(csv.reader(io.StringIO(text))) == ["Name", "'=Sum", "Name (b)"]
    assert text.splitlines()[1].startswith('"\'-1+1"')
    assert objects[0]["properties"] == {"Name": "-1+1", "=Sum": "1", "Name (b)": "2"}


@pytest.mark.parametrize("fields", [{"form": "exe"}, {"values": "x"}, {"form": ""}])
def test_what_is_no_format_leads_back_to_the_table(as_alice, four, fields):
    path = f"/collections/{four.pk}/download/?amount__gt=1"

    answer = as_alice.post(path, {"form": "csv", "values": "shown", **fields})

    assert answer.url == f"/collections/{four.pk}/?amount__gt=1"


def test_nothing_of_anothers_table_is_sent(as_bob, four, download):
    assert download(four, client=as_bob).status_code == 404


def test_the_table_offers_its_file_with_its_own_filters(as_alice, four):
    page = get(as_alice, four, "?amount__gt=1000&sort=amount").content.decode()

    action = f"/collections/{four.pk}/download/?amount__gt=1000&amp;sort=amount"
    assert f'action="{action}"' in page


def test_an_empty_table_is_its_heads(deals, download):
    assert deals.schema == SCHEMA

    assert len(rows_of(body_of(download(deals)), "csv")) == 1
    assert len(rows_of(body_of(download(deals, form="xlsx")), "xlsx")) == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_users_noted_in_columns_of_their_own_is_in_the_file(
    as_alice, four, download, form
):
    fields = {"name": "Rank", "kind": "number", "added": ""}
    as_alice.post(f"/collections/{four.pk}/own-columns/", fields)
    column = OwnColumn.objects.get().column_id
    large = Item.objects.get(name="Large")
    as_alice.post(f"/items/{large.uuid}/own/", {column: "7"})
    address = f"?columns={column}&sort=item.name"

    heads, *rows = rows_of(body_of(download(four, address, form)), form)

    assert heads == ["Deal name", "Rank"]
    assert dict(rows)["Large"] == {"csv": "7", "xlsx": 7}[form]
    assert len(rows) == 4

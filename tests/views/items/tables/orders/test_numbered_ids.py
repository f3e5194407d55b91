"""IDs that Notion numbers, as TASK-12, stand in the order of their numbers."""

import csv
import io

import pytest
from openpyxl import load_workbook

from integrations.providers.notion.mapping.schema import to_schema
from integrations.services.sync.refresh.schemas import changed_fields
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get_whole
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.support.workbooks import body_of

NUMBERS = (2, 100, 1, 10)
IDS = [f"TASK-{number}" for number in sorted(NUMBERS)]


@pytest.fixture
@kept
def table(alice):
    about = {"type": "unique_id", "id": "uid", "unique_id": {"prefix": "TASK"}}
    made = make_collection(
        make_connection(alice, provider="notion"),
        remote_id="src",
        item_type="page",
        schema=to_schema({"properties": {"ID": about}}),
        first_full_refresh_at=NOON,
    )
    for number in NUMBERS:
        make_item(made, name=f"Row {number}", properties={"uid": f"TASK-{number}"})
    make_item(made, name="Row", properties={})
    return made


def test_they_are_sorted_and_filtered_by_number(as_alice, table, subtests):
    for address, expected in (
        ("?sort=uid", [1, 2, 10, 100, ""]),
        ("?sort=-uid", [100, 10, 2, 1, ""]),
        ("?uid__gt=2&sort=uid", [10, 100]),
        ("?uid__lte=TASK-10&sort=uid", [1, 2, 10]),
        ("?uid__is=TASK-10", [10]),
        ("?uid__is=task-10", [10]),
        ("?uid__in=TASK-1%2C2&sort=uid", [1, 2]),
        ("?uid__empty=1", [""]),
    ):
        with subtests.test(address=address, expected=expected):
            rows = get_whole(as_alice, table, address).context["rows"]

            assert [row.item.name for row in rows] == [
                f"Row {n}".strip() for n in expected
            ]


def test_they_are_shown_and_found_as_notion_writes_them(as_alice, table):
    page = get_whole(as_alice, table, "?q=TASK-10&columns=uid")

    assert "TASK-10\n" in page.text
    assert page.context["rows"][0].item.name == "Row 10"


def test_downloads_have_them_as_they_are_shown(as_alice, table):
    def download(form):
        address = f"/collections/{table.pk}/download/?sort=uid&columns=uid"
        told = {"form": form, "values": "shown"}
        return body_of(as_alice.post(address, told))

    lines = [*csv.reader(io.StringIO(download("csv").decode("utf-8-sig")))]
    sheet = load_workbook(io.BytesIO(download("xlsx"))).active

    told = [[row[1] for row in lines][1:], [row[1].value for row in sheet][1:]]
    assert told == [[*IDS, ""], [*IDS, None]]


def test_no_item_is_said_to_lag_behind_what_is_only_read_anew(table):
    field = next(f for f in table.schema["fields"] if f["name"] == "uid")
    before = {"fields": [{**field, "kind": "text"}]}

    assert field["kind"] == "serial"
    assert changed_fields(before, {"fields": [field]}) == set()

"""Check how records are shown, listed and seeded."""

import json
import re

import pytest

from sandbox.airtable.seed.accounts import COMPANIES, WORKSPACES
from sandbox.airtable.seed.loader import FULL
from sandbox.airtable.seed.making import BASES
from sandbox.airtable.values import is_id
from tests.sandbox.airtable.airtable_client import JURGEN, MO, get_error

GONE = (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")

CLOSED = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


@pytest.fixture
def every(harbour):
    return harbour.find_table("Every kind of field")[0]


def test_cells_come_as_typed_and_empty_ones_not_at_all(
    harbour, orders, customers, every
):
    ordered, bought, found = (
        [r["fields"] for r in harbour.read_all(p)]
        for p in (orders, customers[0], every)
    )

    cells = [cell for fields in found for cell in fields.values()]
    assert not [cell for cell in cells if cell in ("", [], None) or cell is False]
    assert 0 in cells
    assert {} in bought
    # Some records lack nothing but their title.
    assert any(fields and "Name" not in fields for fields in bought)
    totals = [fields.get("Total") for fields in ordered]
    assert {"error": "#ERROR!"} in totals
    assert {"specialValue": "NaN"} in totals
    text = json.dumps([found, bought], ensure_ascii=False)
    for part in ("<script>", "=HYPERLINK", "محمد", "{{ 7*7 }}", "javascript:"):
        assert part in text


def test_links_lead_to_records_of_the_other_table_and_back(harbour):
    (orders, one), (customers, two) = map(harbour.find_table, ("Orders", "Customers"))
    fields = {field["name"]: field for field in one["fields"]}
    back = next(field for field in two["fields"] if field["name"] == "Orders")
    found = harbour.read_all(orders)
    order = next(record for record in found if "Customer" in record["fields"])

    customer = harbour.read(customers, order["fields"]["Customer"][0])

    assert order["id"] in customer["Orders"]
    assert customer["Order count"] == len(customer["Orders"])
    options = fields["Customer"]["options"]
    assert options["linkedTableId"] == two["id"]
    assert options["inverseLinkFieldId"] == back["id"]
    assert back["options"]["inverseLinkFieldId"] == fields["Customer"]["id"]
    assert fields["Amount"]["id"] in fields["Total"]["options"]["formula"]


def test_a_wrong_address_or_body_is_refused(harbour, orders):
    # A well-formed id of nothing is answered like a closed one.
    base, table = "/appAAAAAAAAAAAAAA", "tblAAAAAAAAAAAAAA"
    for path in (f"{base}/{table}", f"{orders[:19]}{table}"):
        assert get_error(harbour.api(path)) == CLOSED
    assert harbour.api(orders, filterByFormula="x" * 16_000).status == 413
    # A malformed ID is answered before the token is read.
    del harbour.headers["Authorization"]
    answer = harbour.api("/app1/tbl1")
    assert (answer.status, answer.data) == (404, {"error": "NOT_FOUND"})


def test_attachments_have_another_address_each_time(harbour, every):
    records = harbour.read_all(every)
    files = [file for r in records for file in r["fields"].get("Files", ())]
    file = next(file for file in files if "thumbnails" in file)
    harbour.clock.now += 1

    again = json.dumps(harbour.read_all(every))

    assert {"id", "url", "filename", "size", "type", "width", "height"} < set(file)
    assert file["id"] in again
    assert file["url"] not in again


def test_a_listing_by_pages_holds_every_record_once(harbour, orders):
    records = harbour.read_all(orders, pageSize=90)
    page = harbour.api(orders).data
    following = [harbour.api(orders, offset=page["offset"]).data for _ in range(2)]

    found = harbour.query("inventory", with_ids=1)["bases"]
    tables = {t["id"]: t for base in found for t in base["tables"]}
    assert sorted(r["id"] for r in records) == tables[orders.split("/")[2]]["id_list"]
    assert (len(records) > 500, len(page["records"])) == (True, 100)
    assert re.fullmatch(r"itr\w{14}/rec\w{14}", page["offset"])
    assert set(page["records"][0]) == {"id", "createdTime", "fields"}
    assert following[0] == following[1] != page


def test_a_listing_keeps_its_members_and_shows_values_of_now(harbour, customers):
    path, table = customers
    ids = [record["id"] for record in harbour.read_all(path, pageSize=100)]
    first = harbour.api(path).data
    harbour.command("records/create", table=table["id"], fields={"Name": "New"})
    harbour.command("records/edit", id=ids[100], fields={"Name": "Changed"})
    harbour.command("records/delete", id=ids[101])

    second = harbour.api(path, offset=first["offset"]).data["records"]

    assert second[0]["fields"]["Name"] == "Changed"
    assert [record["id"] for record in second] == [ids[100], *ids[102:200]]


def test_a_listing_that_paused_too_long_must_start_again(harbour, orders, customers):
    offset = harbour.api(orders).data["offset"]
    elsewhere = harbour.api(customers[0], offset=offset)
    statuses = []
    for pause in (299, 300):
        harbour.clock.now += pause
        statuses.append(harbour.api(orders, offset=offset))

    # An offset belongs to its table.
    assert get_error(elsewhere) == (422, "INVALID_OFFSET_VALUE")
    assert (statuses[0].status, get_error(statuses[1])) == (200, GONE)


def test_a_listing_can_be_made_to_die_on_one_page(harbour, orders):
    harbour.fault("iterator_gone", "list", skip=1, count=1)
    second = harbour.api(orders).data["offset"]
    assert get_error(harbour.api(orders, offset=second)) == GONE
    assert harbour.api(orders, offset=second).status == 200


def test_the_large_account_is_large_and_all_ids_are_proper():
    bases = [base for base in BASES if base["account"] == "harbour"]

    assert len(bases) >= 4
    assert sum(len(base["tables"]) for base in bases) >= 15
    assert FULL >= 30_000
    assert all(is_id("usr", p.id) for company in COMPANIES for p in company.people)
    assert all(is_id("wsp", one) for one in WORKSPACES)


def test_the_small_accounts_can_be_read(airtable):
    for identity, *table in (
        (JURGEN, "Möbelstücke", "Werkstatt"),
        (MO, "Every kind of field", "Untitled Base"),
    ):
        airtable.connect(identity)
        assert len(airtable.read_all(airtable.find_table(*table)[0])) >= 240

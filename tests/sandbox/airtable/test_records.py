"""Check how records and their cells are shown."""

import json

import pytest

from tests.sandbox.airtable.airtable_client import API, get_error

CLOSED = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


@pytest.fixture
def every(connected):
    return connected.find_table("Every kind of field")[0]


def test_cells_come_as_typed_and_empty_ones_not_at_all(
    connected, orders, customers, every
):
    ordered, bought, found = (
        [r["fields"] for r in connected.read_all(p)]
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


def test_links_lead_to_records_of_the_other_table_and_back(connected):
    (orders, one), (customers, two) = map(connected.find_table, ("Orders", "Customers"))
    fields = {field["name"]: field for field in one["fields"]}
    back = next(field for field in two["fields"] if field["name"] == "Orders")
    found = connected.read_all(orders)
    order = next(record for record in found if "Customer" in record["fields"])

    customer = connected.api(f"{customers}/{order['fields']['Customer'][0]}").data

    assert order["id"] in customer["fields"]["Orders"]
    assert customer["fields"]["Order count"] == len(customer["fields"]["Orders"])
    options = fields["Customer"]["options"]
    assert options["linkedTableId"] == two["id"]
    assert options["inverseLinkFieldId"] == back["id"]
    assert back["options"]["inverseLinkFieldId"] == fields["Customer"]["id"]
    assert fields["Amount"]["id"] in fields["Total"]["options"]["formula"]


def test_a_record_is_found_in_any_table_of_its_base_and_in_no_other(
    connected, orders, customers
):
    items, _ = connected.find_table("Items", "Inventory 📦")
    near, far = (connected.get_first(path)["id"] for path in (customers[0], items))

    assert connected.api(f"{orders}/{near}").data["id"] == near
    assert get_error(connected.api(f"{orders}/{far}")) == (404, "MODEL_ID_NOT_FOUND")
    connected.switch("missing_record_is_403", True)
    assert get_error(connected.api(f"{orders}/{far}")) == CLOSED


def test_a_wrong_address_or_body_is_refused(connected, orders):
    # A well-formed id of nothing is answered like a closed one.
    base, table = "/appAAAAAAAAAAAAAA", "tblAAAAAAAAAAAAAA"
    for path in (f"{base}/{table}", f"{orders[:19]}{table}"):
        assert get_error(connected.api(path)) == CLOSED
    assert connected.post(f"{API}{orders}/listRecords", b"{").status == 400
    assert connected.api(orders, filterByFormula="x" * 16_000).status == 413
    # A malformed ID is answered before the token is read.
    del connected.headers["Authorization"]
    for path in ("/app1/tbl1", "/nothing/at/all", f"/bases{base}/webhooks"):
        answer = connected.api(path)
        assert (answer.status, answer.data) == (404, {"error": "NOT_FOUND"})


def test_attachments_live_two_hours_and_need_no_token(connected, every):
    records = connected.read_all(every, view="Gallery")
    files = [file for record in records for file in record["fields"]["Files"]]
    file = next(file for file in files if "thumbnails" in file)
    connected.clock.now += 1
    again = json.dumps(connected.read_all(every, view="Gallery"))
    del connected.headers["Authorization"]

    address = file["url"].removeprefix("http://localhost:8100")
    now = connected.get(address)
    forged = connected.get(address.replace(file["id"], "attAAAAAAAAAAAAAA"))
    connected.clock.now += 7199

    assert {"id", "url", "filename", "size", "type", "width", "height"} < set(file)
    assert (now.status, forged.status) == (200, 404)
    assert connected.get(address).status == 410
    # The address is another one each time.
    assert file["id"] in again
    assert address not in again

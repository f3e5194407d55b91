"""Check how records and their cells are shown."""

import json

import pytest

from tests.sandbox.airtable.airtable_client import API, get_error

EVERY = "Every kind of field"
CLOSED = (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


@pytest.fixture
def orders(connected):
    return connected.find_table("Orders")[0]


@pytest.fixture
def customers(connected):
    return connected.find_table("Customers")[0]


@pytest.fixture
def every(connected):
    return connected.find_table(EVERY)[0]


def test_empty_cells_and_empty_records_show_as_nothing(connected, every, customers):
    records = connected.read_all(every)

    cells = [value for record in records for value in record["fields"].values()]
    assert not [value for value in cells if value in ("", [], None) or value is False]
    assert 0 in cells
    assert {} in [record["fields"] for record in connected.read_all(customers)]


def test_formulas_can_fail(connected, orders):
    totals = [record["fields"].get("Total") for record in connected.read_all(orders)]

    assert {"error": "#ERROR!"} in totals
    assert {"specialValue": "NaN"} in totals


def test_links_lead_to_records_of_the_other_table_and_back(
    connected, orders, customers
):
    found = connected.read_all(orders)
    order = next(record for record in found if "Customer" in record["fields"])

    customer = connected.api(f"{customers}/{order['fields']['Customer'][0]}").data

    assert order["id"] in customer["fields"]["Orders"]
    assert customer["fields"]["Order count"] == len(customer["fields"]["Orders"])


def test_a_record_is_found_in_any_table_of_its_base_and_in_no_other(
    connected, orders, customers
):
    items, _ = connected.find_table("Items", "Inventory 📦")
    near, far = (
        connected.api(path, pageSize=1).data["records"][0]["id"]
        for path in (customers, items)
    )

    assert connected.api(f"{orders}/{near}").data["id"] == near
    assert get_error(connected.api(f"{orders}/{far}")) == (404, "MODEL_ID_NOT_FOUND")
    connected.order("switches/set", name="missing_record_is_403", value=True)
    assert get_error(connected.api(f"{orders}/{far}")) == CLOSED


@pytest.mark.parametrize(
    "path", ["/app1/tbl1", "/nothing/at/all", "/bases/appAAAAAAAAAAAAAA/webhooks"]
)
def test_a_malformed_id_is_answered_before_the_token_is_read(client, path):
    answer = client.api(path)

    assert (answer.status, answer.data) == (404, {"error": "NOT_FOUND"})


def test_a_well_formed_id_of_nothing_is_answered_like_a_closed_one(connected, orders):
    base = orders.split("/")[1]

    for path in ("/appAAAAAAAAAAAAAA/tblAAAAAAAAAAAAAA", f"/{base}/tblAAAAAAAAAAAAAA"):
        assert get_error(connected.api(path)) == CLOSED


def test_a_body_that_is_no_json_and_a_long_address_are_refused(connected, orders):
    assert connected.post(f"{API}{orders}/listRecords", b"{").status == 400
    assert connected.api(orders, filterByFormula="x" * 16_000).status == 413


def test_records_need_their_scope(client):
    client.connect()
    path, _ = client.find_table("Orders")
    code = client.consent(scope="schema.bases:read").query["code"]
    client.use(client.exchange(code).data)

    assert get_error(client.api(path)) == (403, "INVALID_PERMISSIONS")


def test_attachments_live_two_hours_and_need_no_token(connected, every):
    records = connected.read_all(every)
    files = [file for r in records for file in r["fields"].get("Files", [])]
    file = next(file for file in files if "thumbnails" in file)
    del connected.headers["Authorization"]

    address = file["url"].removeprefix("http://localhost:8100")
    now = connected.get(address)
    forged = connected.get(address.replace(file["id"], "attAAAAAAAAAAAAAA"))
    connected.clock.now += 7200

    assert {"id", "url", "filename", "size", "type", "width", "height"} < set(file)
    assert (now.status, forged.status) == (200, 404)
    assert connected.get(address).status == 410


def test_the_address_of_an_attachment_is_another_one_each_time(connected, every):
    record = connected.api(every, view="Gallery").data["records"][0]["id"]
    urls = set()
    for _ in range(2):
        urls.add(connected.api(f"{every}/{record}").data["fields"]["Files"][0]["url"])
        connected.clock.now += 1

    assert len(urls) == 2


def test_text_comes_as_it_was_typed(connected, every, customers):
    found = [connected.read_all(path) for path in (every, customers)]

    text = json.dumps(found, ensure_ascii=False)

    for part in ("<script>", "=HYPERLINK", "محمد", "{{ 7*7 }}", "javascript:"):
        assert part in text

"""Check how records and their cells are shown."""

import json

from tests.sandbox.airtable.airtable_client import API, get_error

EVERY = "Every kind of field"


def test_empty_cells_and_empty_records_show_as_nothing(connected):
    path, _ = connected.find_table(EVERY)

    records = connected.read_all(path)

    cells = [value for record in records for value in record["fields"].values()]
    assert not [value for value in cells if value in ("", [], None) or value is False]
    assert 0 in cells
    path, _ = connected.find_table("Customers")
    assert {} in [record["fields"] for record in connected.read_all(path)]


def test_formulas_can_fail(connected):
    path, _ = connected.find_table("Orders")

    totals = [record["fields"].get("Total") for record in connected.read_all(path)]

    assert {"error": "#ERROR!"} in totals
    assert {"specialValue": "NaN"} in totals


def test_links_lead_to_records_of_the_other_table_and_back(connected):
    orders, _ = connected.find_table("Orders")
    customers, _ = connected.find_table("Customers")
    found = connected.read_all(orders)
    order = next(record for record in found if "Customer" in record["fields"])

    customer = connected.api(f"{customers}/{order['fields']['Customer'][0]}").data

    assert order["id"] in customer["fields"]["Orders"]
    assert customer["fields"]["Order count"] == len(customer["fields"]["Orders"])


def test_a_record_of_another_table_of_the_base_is_found(connected):
    orders, _ = connected.find_table("Orders")
    customers, _ = connected.find_table("Customers")
    record = connected.api(customers, pageSize=1).data["records"][0]["id"]

    assert connected.api(f"{orders}/{record}").data["id"] == record


def test_a_record_of_another_base_is_not_found(connected):
    orders, _ = connected.find_table("Orders")
    tasks, _ = connected.find_table("Items", "Inventory 📦")
    record = connected.api(tasks, pageSize=1).data["records"][0]["id"]

    assert get_error(connected.api(f"{orders}/{record}")) == (404, "MODEL_ID_NOT_FOUND")


def test_a_deleted_record_can_also_answer_403(connected):
    path, _ = connected.find_table("Orders")
    connected.order("switches/set", name="missing_record_is_403", value=True)

    answer = connected.api(f"{path}/recAAAAAAAAAAAAAA")

    assert get_error(answer) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


def test_a_malformed_id_is_answered_before_the_token_is_read(client):
    for path in ("/app1/tbl1", "/nothing/at/all", "/bases/appAAAAAAAAAAAAAA/webhooks"):
        assert (client.api(path).status, client.api(path).data) == (
            404,
            {"error": "NOT_FOUND"},
        )


def test_a_well_formed_id_of_nothing_is_answered_like_a_closed_one(connected):
    base = connected.find_base()

    for path in ("/appAAAAAAAAAAAAAA/tblAAAAAAAAAAAAAA", f"/{base}/tblAAAAAAAAAAAAAA"):
        answer = connected.api(path)
        assert get_error(answer) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


def test_a_body_that_is_no_json_is_refused(connected):
    path, _ = connected.find_table("Orders")

    answer = connected.post(f"{API}{path}/listRecords", b"{")

    assert answer.status == 400


def test_an_address_that_is_too_long_is_refused(connected):
    path, _ = connected.find_table("Orders")

    assert connected.api(path, filterByFormula="x" * 16_000).status == 413


def test_records_need_their_scope(client):
    client.connect()
    path, _ = client.find_table("Orders")
    code = client.consent(scope="schema.bases:read").query["code"]
    client.use(client.exchange(code).data)

    assert get_error(client.api(path)) == (403, "INVALID_PERMISSIONS")


def test_attachments_live_two_hours_and_need_no_token(connected):
    path, _ = connected.find_table(EVERY)
    records = connected.read_all(path)
    files = [file for r in records for file in r["fields"].get("Files", [])]
    file = next(file for file in files if "thumbnails" in file)
    del connected.headers["Authorization"]

    address = file["url"].removeprefix("http://localhost:8100")
    now = connected.get(address)
    forged = connected.get(address.replace(file["id"], "attAAAAAAAAAAAAAA"))
    connected.clock.now += 7200

    assert {"id", "url", "filename", "size", "type", "width", "height"} < set(file)
    assert now.status == 200
    assert forged.status == 404
    assert connected.get(address).status == 410


def test_the_address_of_an_attachment_is_another_one_each_time(connected):
    path, _ = connected.find_table(EVERY)
    record = connected.api(path, view="Gallery").data["records"][0]["id"]
    urls = set()
    for _ in range(2):
        urls.add(connected.api(f"{path}/{record}").data["fields"]["Files"][0]["url"])
        connected.clock.now += 1

    assert len(urls) == 2


def test_text_comes_as_it_was_typed(connected):
    paths = [connected.find_table(name)[0] for name in (EVERY, "Customers")]

    text = json.dumps([connected.read_all(p) for p in paths], ensure_ascii=False)

    for part in ("<script>", "=HYPERLINK", "محمد", "{{ 7*7 }}", "javascript:"):
        assert part in text

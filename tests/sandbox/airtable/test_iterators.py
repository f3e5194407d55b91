"""Check how a listing goes from page to page."""

import re

from tests.sandbox.airtable.airtable_client import get_error

GONE = (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


def test_a_listing_by_pages_holds_every_record_once(connected, orders):
    records = connected.read_all(orders, pageSize=90)
    page = connected.api(orders).data
    following = [connected.api(orders, offset=page["offset"]).data for _ in range(2)]

    found = connected.ask("inventory", with_ids=1)["bases"]
    tables = {t["id"]: t for base in found for t in base["tables"]}
    assert sorted(r["id"] for r in records) == tables[orders.split("/")[2]]["id_list"]
    assert len(records) > 500
    assert len(page["records"]) == 100
    assert re.fullmatch(r"itr\w{14}/rec\w{14}", page["offset"])
    assert set(page["records"][0]) == {"id", "createdTime", "fields"}
    assert following[0] == following[1] != page


def test_a_listing_keeps_its_members_and_shows_values_of_now(connected, customers):
    path, table = customers
    ids = [record["id"] for record in connected.read_all(path, pageSize=100)]
    first = connected.api(path).data
    connected.order("records/create", table=table["id"], fields={"Name": "New"})
    connected.order("records/edit", id=ids[100], fields={"Name": "Changed"})
    connected.order("records/delete", id=ids[101])

    second = connected.api(path, offset=first["offset"]).data["records"]

    assert second[0]["fields"]["Name"] == "Changed"
    assert [record["id"] for record in second] == [ids[100], *ids[102:200]]


def test_a_listing_that_paused_too_long_must_start_again(connected, orders, customers):
    offset = connected.api(orders).data["offset"]
    elsewhere = connected.api(customers[0], offset=offset)
    statuses = []
    for pause in (299, 300):
        connected.clock.now += pause
        statuses.append(connected.api(orders, offset=offset))

    # An offset belongs to its table.
    assert get_error(elsewhere) == (422, "INVALID_OFFSET_VALUE")
    assert (statuses[0].status, get_error(statuses[1])) == (200, GONE)


def test_a_listing_can_be_made_to_die_once_or_always_on_one_page(connected, orders):
    connected.fault("iterator_gone", "list", skip=1, count=1)
    second = connected.api(orders).data["offset"]
    assert get_error(connected.api(orders, offset=second)) == GONE
    third = connected.api(orders, offset=second).data["offset"]
    connected.switch("iterator_dies_on_page", 3)

    assert get_error(connected.api(orders, offset=third)) == GONE
    assert connected.api(orders, offset=second).status == 422
    assert connected.api(orders).status == 200

"""Check how a listing goes from page to page."""

import re

import pytest

from tests.sandbox.airtable.airtable_client import get_error

GONE = (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")


@pytest.fixture
def orders(connected):
    return connected.find_table("Orders")[0]


def test_a_listing_by_pages_holds_every_record_once(connected):
    path, table = connected.find_table("Orders")

    records = connected.read_all(path, pageSize=90)
    page = connected.api(path).data
    following = [connected.api(path, offset=page["offset"]).data for _ in range(2)]

    found = connected.ask("inventory", with_ids=1)["bases"]
    tables = {t["id"]: t for base in found for t in base["tables"]}
    assert sorted(r["id"] for r in records) == tables[table["id"]]["id_list"]
    assert len(records) > 500
    assert len(page["records"]) == 100
    assert re.fullmatch(r"itr\w{14}/rec\w{14}", page["offset"])
    assert set(page["records"][0]) == {"id", "createdTime", "fields"}
    assert following[0] == following[1] != page


def test_a_listing_keeps_its_members_and_shows_values_of_now(connected):
    path, table = connected.find_table("Customers")
    ids = [record["id"] for record in connected.read_all(path, pageSize=100)]
    first = connected.api(path).data
    connected.order("records/create", table=table["id"], fields={"Name": "New"})
    connected.order("records/edit", id=ids[100], fields={"Name": "Changed"})
    connected.order("records/delete", id=ids[101])

    second = connected.api(path, offset=first["offset"]).data["records"]

    assert second[0]["fields"]["Name"] == "Changed"
    assert second[1]["id"] == ids[102]
    assert len(second) == 99


def test_a_listing_that_paused_too_long_must_start_again(connected, orders):
    offset = connected.api(orders).data["offset"]
    customers, _ = connected.find_table("Customers")
    elsewhere = connected.api(customers, offset=offset)
    connected.clock.now += 299
    in_time = connected.api(orders, offset=offset)
    connected.clock.now += 300

    # An offset belongs to its table.
    assert get_error(elsewhere) == (422, "INVALID_OFFSET_VALUE")
    assert in_time.status == 200
    assert get_error(connected.api(orders, offset=offset)) == GONE


def test_every_listing_can_be_made_to_die_on_one_page(connected, orders):
    connected.order("switches/set", name="iterator_dies_on_page", value=3)
    second = connected.api(orders).data["offset"]
    third = connected.api(orders, offset=second).data["offset"]

    assert get_error(connected.api(orders, offset=third)) == GONE
    assert connected.api(orders, offset=second).status == 422
    assert connected.api(orders).status == 200


def test_one_listing_can_be_made_to_die_once(connected, orders):
    fault = {"kind": "iterator_gone", "family": "list", "skip": 1, "count": 1}
    connected.order("faults/add", **fault)
    offset = connected.api(orders).data["offset"]

    statuses = [connected.api(orders, offset=offset).status for _ in range(2)]

    assert statuses == [422, 200]

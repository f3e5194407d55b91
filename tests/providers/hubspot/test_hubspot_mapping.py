"""HubSpot's records become items, whatever is odd about them."""

from datetime import UTC, datetime

import pytest

from integrations.providers.hubspot.mapping.items import (
    CUT_MARK,
    MAX_VALUE,
    is_hubspot_host,
    merged_away,
    merged_into,
    to_item,
)
from integrations.providers.listing import map_rows


def contact(**changes):
    properties = {"email": "zoe@example.com", "firstname": "Zoë", "lastname": "Okafor"}
    return {
        "id": "9001",
        "properties": properties,
        "createdAt": "2026-01-02T03:04:05Z",
        "updatedAt": "2026-11-20T10:00:00.123Z",
        "archived": False,
        **changes,
    }


def test_a_contact_has_all_that_the_seed_names(hubspot):
    item = to_item(contact(), hubspot.context())

    assert (item.id, item.type, item.name) == ("9001", "contact", "Zoë Okafor")
    assert item.creation_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert item.last_modified_time == datetime(
        2026, 11, 20, 10, 0, 0, 123000, tzinfo=UTC
    )
    assert item.visibility is True
    assert item.properties["email"] == "zoe@example.com"
    assert item.url == ("https://app-eu1.hubspot.com/contacts/555111/record/0-1/9001")


@pytest.mark.parametrize(
    ("properties", "name"),
    [
        ({"firstname": "Zoë", "lastname": None}, "Zoë"),
        ({"firstname": "  ", "lastname": "Okafor"}, "Okafor"),
        ({"firstname": "Zoë\n", "lastname": "\tOkafor"}, "Zoë Okafor"),
        ({"email": "zoe@example.com"}, "zoe@example.com"),
        ({"company": "Example Trading"}, "Example Trading"),
        ({"firstname": ""}, "Contact 9001"),
        ({}, "Contact 9001"),
        ({"firstname": "x" * 9000}, "x" * 499 + "…"),
        ({"firstname": "x" * 300, "lastname": "y" * 300}, f"{'x' * 300} {'y' * 198}…"),
    ],
)
def test_a_contact_always_has_a_name(hubspot, properties, name):
    assert to_item(contact(properties=properties), hubspot.context()).name == name


@pytest.mark.parametrize(
    ("remote_id", "properties", "name"),
    [
        (
            "companies",
            {"name": "Example Trading", "domain": "e.example"},
            "Example Trading",
        ),
        ("companies", {"name": None, "domain": "e.example"}, "e.example"),
        ("companies", {}, "Company 9001"),
        ("deals", {"dealname": "Shelves"}, "Shelves"),
        ("deals", {"dealname": ""}, "Deal 9001"),
    ],
)
def test_companies_and_deals_always_have_a_name(hubspot, remote_id, properties, name):
    collection = hubspot.context(remote_id=remote_id)

    assert to_item(contact(properties=properties), collection).name == name


@pytest.mark.parametrize("date", [None, "", "yesterday", 5, "9999-99-99T00:00:00Z"])
def test_a_bad_date_is_no_date(hubspot, date):
    item = to_item(contact(createdAt=date, updatedAt=date), hubspot.context())

    assert item.creation_time is None
    assert item.last_modified_time is None


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {"properties": {}},
        {"id": "", "properties": {}},
        {"id": "x" * 65, "properties": {}},
        {"id": True, "properties": {}},
        {"id": "1"},
        {"id": "1", "properties": []},
        {"id": "1", "properties": {"email": {"nested": "object"}}},
        {"id": "1", "properties": {}, "archived": "no"},
    ],
)
def test_what_is_no_record_is_unreadable_and_no_mistake_of_ours(hubspot, row):
    found = map_rows([row], lambda record: to_item(record, hubspot.context()))

    assert (found.mapped, found.unreadable, found.mistakes) == ([], 1, [])


def test_an_id_may_come_as_a_number_beyond_32_bits(hubspot):
    assert to_item(contact(id=180000000123), hubspot.context()).id == "180000000123"


@pytest.mark.parametrize(
    "url",
    [
        "http://app.hubspot.com/contacts/555111/record/0-1/9001",
        "https://app.hubspot.com.evil.example/contacts",
        "https://evil.example/app.hubspot.com",
        "https://hubspot.com@evil.example/",
        "https://evil.example@app.hubspot.com/",
        "https://app.hubspot.com:8443/",
        "https://app.hubspot.com\\@evil.example/",
        "https://[app.hubspot.com/",
        "javascript:alert(1)//app.hubspot.com",
        "https://app.hubspot.com/" + "x" * 1000,
        "",
        7,
    ],
)
def test_a_link_that_leads_elsewhere_is_replaced_by_our_own(hubspot, url):
    item = to_item(contact(url=url), hubspot.context())

    assert item.url == "https://app-eu1.hubspot.com/contacts/555111/record/0-1/9001"


def test_a_records_own_link_is_preferred(hubspot):
    url = "https://app-na2.hubspot.com/contacts/555111/record/0-1/9001"

    assert to_item(contact(url=url), hubspot.context()).url == url


@pytest.mark.parametrize("domain", [None, "", "evil.example", "app.hubspot.com/x?"])
def test_an_unknown_domain_falls_back_to_the_general_one(hubspot, domain):
    account = {"hub_id": "555111", "ui_domain": domain}

    item = to_item(contact(), hubspot.context(account=account, remote_id="deals"))

    assert item.url == "https://app.hubspot.com/contacts/555111/record/0-3/9001"


def test_without_a_portal_there_is_no_link(hubspot):
    assert to_item(contact(), hubspot.context(account={})).url is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("app.hubspot.com", True),
        ("app-eu1.hubspot.com", True),
        ("hubspot.com", False),
        ("evilhubspot.com", False),
        ("app.hubspot.com.evil.example", False),
        ("app..hubspot.com", False),
        ("-app.hubspot.com", False),
        ("äpp.hubspot.com", False),
        ("app.hubspot.com ", False),
        (None, False),
    ],
)
def test_only_names_under_hubspot_are_hubspots(host, expected):
    assert is_hubspot_host(host) is expected


def test_an_archived_record_is_not_visible(hubspot):
    assert to_item(contact(archived=True), hubspot.context()).visibility is False


def test_values_are_kept_as_given_and_huge_ones_are_cut(hubspot):
    properties = {"phone": None, "notes": "x" * (MAX_VALUE + 1), "empty": ""}

    item = to_item(contact(properties=properties), hubspot.context())

    assert item.properties["phone"] is None
    assert item.properties["empty"] == ""
    assert item.properties["notes"] == "x" * MAX_VALUE + CUT_MARK


def test_what_postgresql_cannot_store_does_not_get_in(hubspot):
    body = b'{"results": [{"id": "1", "archived": false, "properties":'
    body += b' {"firstname": "A\\u0000B\\ud800"}}]}'
    hubspot.transport.on("GET /crm/objects/2026-09/contacts", body)

    page = hubspot.connector.fetch_page(hubspot.api, hubspot.context(), cursor=None)

    assert "\x00" not in page.items[0].name
    assert page.items[0].name.encode()


def test_merged_ids_point_to_the_record_they_live_on_in(hubspot):
    properties = {"hs_merged_object_ids": "9004;9005; 9006;;x"}

    gone = merged_away(to_item(contact(properties=properties), hubspot.context()))

    assert gone == dict.fromkeys(("9004", "9005", "9006"), merged_into("9001"))

"""HubSpot's lists: pages, ends, associations, archived and merged records."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import InvalidResponse
from integrations.providers.hubspot.listing.schema import select_properties
from integrations.providers.hubspot.mapping import links
from integrations.providers.hubspot.mapping.items import ARCHIVED, merged_into
from integrations.providers.hubspot.mapping.links import NO_PRIMARY
from integrations.providers.hubspot.objects import CONTACTS, OBJECT_TYPES
from integrations.providers.records import FieldSpec

LIST = "GET /crm/objects/2026-09/contacts"


def fetch_page(hubspot, cursor=None, **context):
    collection = hubspot.context(**context)
    return hubspot.connector.fetch_page(hubspot.api, collection, cursor=cursor)


def links_of(hubspot, item):
    return hubspot.connector.links(item.properties, {}, parent_id=item.parent_id)


def query_of(request):
    return {
        key: value[0] for key, value in parse_qs(urlsplit(request.url).query).items()
    }


def test_a_list_names_its_properties_and_asks_for_full_pages(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    fetch_page(hubspot, cursor="9000")

    query = query_of(hubspot.transport.requests[0])
    assert query["limit"] == "100"
    assert query["after"] == "9000"
    assert query["associations"] == "companies"
    assert {"email", "hs_object_id", "lastmodifieddate"} <= set(
        query["properties"].split(",")
    )


def test_the_end_is_a_missing_next_and_the_link_is_ignored(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))
    hubspot.transport.on(LIST, hubspot.load("contacts_page_2"))

    assert fetch_page(hubspot).next_cursor == "9003"
    assert fetch_page(hubspot, cursor="9003").next_cursor is None


def test_a_list_that_stands_still_is_an_error(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_stuck"))

    with pytest.raises(InvalidResponse):
        fetch_page(hubspot, cursor="9003")


@pytest.mark.parametrize(
    "paging", [[], {"next": {}}, {"next": "x"}, {"next": {"after": ""}}]
)
def test_a_next_page_without_a_cursor_is_not_the_end(hubspot, paging):
    hubspot.transport.on(LIST, {"results": [], "paging": paging})

    with pytest.raises(InvalidResponse):
        fetch_page(hubspot)


def test_odd_rows_are_counted_and_cost_the_others_nothing(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_odd"))

    page = fetch_page(hubspot)

    assert [item.id for item in page.items] == ["9001", "9002"]
    assert page.unreadable == 4


def test_the_primary_company_is_the_parent_and_each_link_counts_once(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    zoe, nameless = fetch_page(hubspot).items

    assert zoe.parent_id == "7002"
    assert zoe.properties["associations.companies"] == ["7001", "7002"]
    assert nameless.parent_id is None
    assert nameless.properties["associations.companies"] == []


def test_of_companies_of_which_none_is_primary_the_first_is_the_parent_alone(hubspot):
    body = hubspot.load("contacts_page_1")
    plain = [
        {"id": n, "type": "contact_to_company_unlabeled"} for n in ("7002", "7001")
    ]
    body["results"][0]["associations"]["companies"]["results"] = plain
    hubspot.transport.on(LIST, body)

    zoe, nameless = fetch_page(hubspot).items

    assert zoe.parent_id == "7001"
    assert [each.is_primary for each in links_of(hubspot, zoe)] == [False, False]
    assert NO_PRIMARY in [
        each.name for each in hubspot.connector.describe_links(zoe.properties)
    ]
    assert NO_PRIMARY not in nameless.properties


def test_a_primary_company_is_told_from_others(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    zoe, _ = fetch_page(hubspot).items

    primary = {each.target_id: each.is_primary for each in links_of(hubspot, zoe)}
    assert primary == {"7001": False, "7002": True}


@pytest.mark.parametrize("cursor", [None, "9000"])
def test_a_page_that_was_sent_for_ahead_is_asked_for_once(hubspot, cursor):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))
    hubspot.api.may_prefetch = True
    collection = hubspot.context()

    for ask in (hubspot.connector.prefetch_page, hubspot.connector.fetch_page):
        assert ask(hubspot.api, collection, cursor=cursor)

    assert len(hubspot.transport.requests) == 1


def test_a_search_is_not_sent_for_ahead(hubspot):
    hubspot.api.may_prefetch = True
    since = datetime(2026, 11, 1, tzinfo=UTC)

    assert not hubspot.connector.prefetch_page(
        hubspot.api, hubspot.context(), cursor=None, since=since
    )

    assert hubspot.transport.requests == []


def test_links_are_not_asked_for_without_the_scope_to_read_them(hubspot):
    account = {**hubspot.script["account"], "scopes": ["crm.objects.contacts.read"]}
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    page = fetch_page(hubspot, account=account)

    assert "associations" not in query_of(hubspot.transport.requests[0])
    assert page.items[0].parent_id is None


def test_a_scope_withdrawn_from_a_living_grant_costs_the_links_only(hubspot):
    hubspot.transport.on(LIST, hubspot.load("error_missing_scopes"), status=403)
    hubspot.transport.on(LIST, hubspot.load("contacts_page_1"))

    page = fetch_page(hubspot)

    assert [item.id for item in page.items] == ["9001", "9002"]
    assert page.items[0].parent_id is None
    assert "associations" not in query_of(hubspot.transport.requests[1])


def test_links_told_in_part_are_asked_for_in_full(hubspot):
    hubspot.transport.on(
        "GET /crm/objects/2026-09/deals", hubspot.load("deals_page_with_many_contacts")
    )
    hubspot.transport.on(
        "GET /crm/objects/2026-09/deals/5001/associations/contacts",
        hubspot.load("deal_contacts_all"),
    )

    (deal,) = fetch_page(hubspot, remote_id="deals").items

    assert deal.parent_id == "7001"
    assert deal.properties["associations.contacts"] == ["9001", "180000000123"]


def test_a_merged_id_is_gone_with_its_successor_named(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_page_2"))

    page = fetch_page(hubspot)

    assert page.deleted == {
        "9004": merged_into("180000000123"),
        "9005": merged_into("180000000123"),
    }


def test_archived_records_are_listed_by_id_only(hubspot):
    hubspot.transport.on(LIST, hubspot.load("contacts_archived"))

    page = hubspot.connector.fetch_deleted(hubspot.api, hubspot.context(), cursor=None)

    assert page.deleted == {"9020": ARCHIVED}
    assert query_of(hubspot.transport.requests[0])["archived"] == "true"


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ({"archived": True}, {"1": ARCHIVED}),
        ({"archived": None}, {"1": ARCHIVED}),
        ({}, {"1": ARCHIVED}),
        ({"archived": False}, {}),
    ],
)
def test_what_says_that_it_is_not_archived_is_not_gone(hubspot, said, gone):
    hubspot.transport.on(LIST, {"results": [{"id": "1", **said}]})

    page = hubspot.connector.fetch_deleted(hubspot.api, hubspot.context(), cursor=None)

    assert page.deleted == gone
    assert page.unreadable == 0


def test_the_version_of_the_operator_is_in_every_path(hubspot):
    hubspot.transport.on(
        "GET /crm/objects/2026-03/contacts", hubspot.load("contacts_page_2")
    )

    fetch_page(hubspot, version="2026-03")

    assert hubspot.transport.left == []


def test_uninstalling_is_one_call(hubspot):
    hubspot.transport.on(
        "DELETE /appinstalls/2026-09/external-install", b"", status=204
    )

    hubspot.connector.uninstall(hubspot.api, hubspot.settings)

    assert hubspot.transport.left == []


@pytest.mark.parametrize("count", [200, 1000])
def test_the_full_address_of_a_list_stays_below_eight_kilobytes(hubspot, count):
    fields = [FieldSpec(name=f"custom_property_{n}", label="x") for n in range(count)]
    chosen = select_properties(fields, CONTACTS)
    hubspot.transport.on(LIST, {"results": []})

    fetch_page(hubspot, cursor="x" * 1000, schema={"requested": chosen})

    assert len(hubspot.transport.requests[0].url) < 8192
    assert hubspot.transport.left == []


def test_each_type_asks_for_its_own_modified_property():
    modified = {kind.remote_id: kind.modified for kind in OBJECT_TYPES.values()}

    assert modified == {
        "contacts": "lastmodifieddate",
        "companies": "hs_lastmodifieddate",
        "deals": "hs_lastmodifieddate",
    }


def test_people_of_one_portal_share_its_limit(hubspot):
    ana = hubspot.connector.limits("555111:4242", hubspot.settings)
    bo = hubspot.connector.limits("555111:4243", hubspot.settings)

    assert ana == bo
    assert ana[0].limit <= 110
    assert ana[0].limit / ana[0].seconds <= 11


def test_links_beyond_the_bound_are_said_to_be_missing(hubspot, monkeypatch):
    monkeypatch.setattr(links, "MAX_LINK_PAGES", 1)
    hubspot.transport.on(
        "GET /crm/objects/2026-09/deals", hubspot.load("deals_page_with_many_contacts")
    )
    whole = hubspot.load("deal_contacts_all")
    whole["paging"] = {"next": {"after": "500"}}
    hubspot.transport.on(
        "GET /crm/objects/2026-09/deals/5001/associations/contacts", whole
    )

    (deal,) = fetch_page(hubspot, remote_id="deals").items

    assert deal.properties["associations.contacts.has_more"] is True

"""Incremental sync: a keyset over ids, fields by batch, what became of the rest."""

import json
from datetime import UTC, datetime

import pytest

from integrations.http.errors import InvalidResponse, NotJson
from integrations.providers.errors import ListingExpiredError
from integrations.providers.hubspot.listing.changes import MAX_PROBES
from integrations.providers.hubspot.mapping.items import ARCHIVED, merged_into

SINCE = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
BASE = "/crm/objects/2026-09/contacts"
SEARCH, BATCH = f"POST {BASE}/search", f"POST {BASE}/batch/read"
LINKS = "POST /crm/associations/2026-09/contacts/companies/batch/read"


def fetch_changes(hubspot, cursor=None, **context):
    return hubspot.connector.fetch_page(
        hubspot.api, hubspot.context(**context), since=SINCE, cursor=cursor
    )


def sent(hubspot, number):
    return json.loads(hubspot.transport.requests[number].body)


def row(remote_id):
    return {"id": str(remote_id), "properties": {}, "archived": False}


def test_a_search_asks_for_ids_behind_the_last_one(hubspot):
    hubspot.play(hubspot.script["changes"][0])
    hubspot.play(hubspot.script["changes"][1])

    first = fetch_changes(hubspot)
    second = fetch_changes(hubspot, cursor=first.next_cursor)

    assert [item.id for item in first.items] == ["9001", "9002"]
    assert [item.id for item in second.items] == ["180000000123"]
    assert second.next_cursor is None
    modified = {
        "propertyName": "lastmodifieddate",
        "operator": "GTE",
        "value": "1795168500000",
    }
    assert sent(hubspot, 0) == {
        "filterGroups": [{"filters": [modified]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": ["hs_object_id"],
        "limit": 200,
    }
    keyset = {"propertyName": "hs_object_id", "operator": "GT", "value": "9002"}
    assert sent(hubspot, 3)["filterGroups"] == [{"filters": [modified, keyset]}]


def test_fields_come_by_batch_with_the_properties_of_the_list(hubspot):
    hubspot.play(hubspot.script["changes"][0])

    fetch_changes(hubspot, schema={"requested": ["email", "crm_key"]})

    assert sent(hubspot, 1) == {
        "properties": ["email", "crm_key"],
        "propertiesWithHistory": [],
        "inputs": [{"id": "9001"}, {"id": "9002"}],
    }


def test_a_search_body_is_short_whatever_the_number_of_properties(hubspot):
    hubspot.play(hubspot.script["changes"][0])

    fetch_changes(hubspot, schema={"requested": [f"property_{n}" for n in range(400)]})

    assert len(hubspot.transport.requests[0].body) < 3000


def test_searches_use_their_own_limit_and_nothing_else_does(hubspot):
    hubspot.play(hubspot.script["changes"][0])

    fetch_changes(hubspot)

    assert hubspot.limiter.asked == [
        ("hubspot:search:555111",),
        ("hubspot:cid:555111",),
        ("hubspot:cid:555111",),
    ]


def test_companies_are_searched_by_their_own_modified_property(hubspot):
    hubspot.play({"POST /crm/objects/2026-09/companies/search": ["search_nothing"]})

    page = fetch_changes(hubspot, remote_id="companies")

    filters = sent(hubspot, 0)["filterGroups"][0]["filters"]
    assert filters[0]["propertyName"] == "hs_lastmodifieddate"
    assert page.items == []
    assert page.next_cursor is None


def test_twenty_thousand_rows_of_one_second_are_all_walked(hubspot):
    everything = list(range(1, 20_001))
    seen, cursor = [], None
    for start in range(0, len(everything), 200):
        ids = everything[start : start + 200]
        answer = {"total": 20_000 - start, "results": [row(i) for i in ids]}
        if ids[-1] != everything[-1]:
            answer["paging"] = {"next": {"after": "200"}}
        hubspot.transport.on(SEARCH, answer)
        for half in (ids[:100], ids[100:]):
            hubspot.transport.on(BATCH, {"results": [row(i) for i in half]})
        hubspot.transport.on(LINKS, {"results": []})

        page = fetch_changes(hubspot, cursor=cursor)

        seen += [int(item.id) for item in page.items]
        cursor = page.next_cursor

    assert cursor is None
    assert seen == everything
    assert all(b"after" not in (r.body or b"") for r in hubspot.transport.requests)


@pytest.mark.parametrize(
    "results",
    [
        [row(9002), row(9001)],
        [row(9001), row(9001)],
        [row(9002), row("abc"), row(9001)],
    ],
)
def test_a_search_out_of_order_is_an_error_and_not_a_loop(hubspot, results):
    hubspot.transport.on(SEARCH, {"total": 2, "results": results})

    with pytest.raises(InvalidResponse):
        fetch_changes(hubspot)


ODD_ROWS = [None, 7, [], {}, {"id": None}, {"id": True}, {"id": "abc"}, {"id": "²"}]


@pytest.mark.parametrize("odd", ODD_ROWS)
def test_a_search_row_without_an_id_costs_the_others_nothing(hubspot, odd):
    answer = {"results": [row(1), odd, row(2)], "paging": {"next": {"after": "200"}}}
    hubspot.transport.on(SEARCH, answer)
    hubspot.transport.on(BATCH, {"results": [row(1), row(2)]})
    hubspot.transport.on(LINKS, {"results": []})

    page = fetch_changes(hubspot)

    assert [item.id for item in page.items] == ["1", "2"]
    assert page.unreadable == 1
    assert sent(hubspot, 1)["inputs"] == [{"id": "1"}, {"id": "2"}]
    assert json.loads(page.next_cursor) == {"after_id": "2"}


def test_a_last_page_without_any_id_is_an_end(hubspot):
    hubspot.transport.on(SEARCH, {"total": 2, "results": ODD_ROWS})

    page = fetch_changes(hubspot, cursor=json.dumps({"after_id": "9002"}))

    assert (page.items, page.unreadable) == ([], len(ODD_ROWS))
    assert page.next_cursor is None


def test_a_page_without_any_id_in_the_middle_is_an_error_and_not_a_loop(hubspot):
    paging = {"next": {"after": "200"}}
    hubspot.transport.on(SEARCH, {"results": ODD_ROWS, "paging": paging})

    with pytest.raises(InvalidResponse):
        fetch_changes(hubspot)


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {}}])
def test_a_search_without_a_list_is_an_error(hubspot, body):
    hubspot.transport.on(SEARCH, body)

    with pytest.raises(InvalidResponse):
        fetch_changes(hubspot)


def test_a_search_that_does_not_move_on_is_an_error(hubspot):
    hubspot.play({SEARCH: ["search_contacts"]})

    with pytest.raises(InvalidResponse):
        fetch_changes(hubspot, cursor=json.dumps({"after_id": "9002"}))


@pytest.mark.parametrize("cursor", ["", "7", "[]", "{}", '{"after_id": "x"}'])
def test_a_cursor_of_another_version_starts_the_listing_again(hubspot, cursor):
    with pytest.raises(ListingExpiredError):
        fetch_changes(hubspot, cursor=cursor)


def test_an_empty_page_in_the_middle_is_an_error(hubspot):
    answer = {"total": 9, "results": [], "paging": {"next": {"after": "200"}}}
    hubspot.transport.on(SEARCH, answer)

    with pytest.raises(InvalidResponse):
        fetch_changes(hubspot)


def test_ids_that_a_batch_does_not_know_are_looked_after_one_by_one(hubspot):
    hubspot.play(
        {
            SEARCH: ["search_with_gone"],
            BATCH: ["batch_contacts_partial"],
            LINKS: ["associations_contacts_companies"],
            f"GET {BASE}/9004": ["contact_merged_into_another"],
        }
    )
    hubspot.transport.on(
        f"GET {BASE}/9020", hubspot.load("error_not_found"), status=404
    )

    page = fetch_changes(hubspot)

    assert [item.id for item in page.items] == ["9001"]
    assert page.deleted == {"9004": merged_into("180000000123"), "9020": ARCHIVED}
    assert page.next_cursor is None


def test_links_refused_in_bulk_cost_the_links_only(hubspot):
    hubspot.play({SEARCH: ["search_contacts_end"], BATCH: ["batch_contacts_end"]})
    hubspot.transport.on(LINKS, hubspot.load("error_missing_scopes"), status=403)

    (item,) = fetch_changes(hubspot).items

    assert item.id == "180000000123"
    assert "associations.companies" not in item.properties


def test_an_id_that_came_back_meanwhile_is_an_item(hubspot):
    hubspot.transport.on(SEARCH, {"total": 1, "results": [row(9001)]})
    hubspot.transport.on(BATCH, {"results": []})
    hubspot.transport.on(
        f"GET {BASE}/9001", hubspot.load("contacts_page_1")["results"][0]
    )

    page = fetch_changes(hubspot)

    assert [(item.id, item.parent_id) for item in page.items] == [("9001", "7002")]
    assert page.deleted == {}


def test_many_missing_ids_are_spread_over_pages_that_can_be_finished(hubspot):
    ids = list(range(1, 101))
    hubspot.transport.on(SEARCH, {"total": 100, "results": [row(i) for i in ids]})
    hubspot.transport.on(BATCH, {"results": []})
    for remote_id in ids[:MAX_PROBES]:
        gone = hubspot.load("error_not_found")
        hubspot.transport.on(f"GET {BASE}/{remote_id}", gone, status=404)

    page = fetch_changes(hubspot)

    assert len(page.deleted) == MAX_PROBES
    assert json.loads(page.next_cursor) == {"after_id": str(MAX_PROBES)}


def test_a_failing_probe_fails_the_page(hubspot):
    hubspot.transport.on(SEARCH, {"total": 1, "results": [row(9001)]})
    hubspot.transport.on(BATCH, {"results": []})
    hubspot.transport.on(f"GET {BASE}/9001", b"<html>")

    with pytest.raises(NotJson):
        fetch_changes(hubspot)


@pytest.mark.parametrize("odd", [{"status": "ok"}, {"id": None}, {"id": ["9001"]}])
def test_an_answer_that_names_no_record_says_nothing_of_one(hubspot, odd):
    hubspot.transport.on(SEARCH, {"total": 1, "results": [row(9001)]})
    hubspot.transport.on(BATCH, {"results": []})
    hubspot.transport.on(f"GET {BASE}/9001", odd)

    with pytest.raises(InvalidResponse):
        fetch_changes(hubspot)


def test_the_count_is_the_search_total(hubspot):
    hubspot.play(hubspot.script["count"])

    assert hubspot.connector.fetch_count(hubspot.api, hubspot.context()) == 20123
    assert sent(hubspot, 0)["limit"] == 1
    assert hubspot.limiter.asked == [("hubspot:search:555111",)]


@pytest.mark.parametrize("total", [None, "7", -1, True])
def test_an_odd_count_is_an_odd_answer(hubspot, total):
    hubspot.transport.on(SEARCH, {"total": total, "results": []})

    with pytest.raises(InvalidResponse):
        hubspot.connector.fetch_count(hubspot.api, hubspot.context())

"""Check that search at the simulated Notion is a hint and never an inventory."""

import pytest

from tests.sandbox.notion_client import API, DROMEDARY, NOUR

SEARCH = f"{API}/search"
NEWEST = {"timestamp": "last_edited_time", "direction": "descending"}


def ids(results):
    return [item["id"] for item in results]


def test_search_leaves_out_some_but_nothing_that_was_picked(lantern):
    found = set(ids(lantern.walk("/search", {})))
    inventory = lantern.ask("inventory", with_ids=1)["types"]
    there = {*inventory["pages"]["id_list"], *inventory["data_sources"]["id_list"]}
    databases = set(inventory["databases"]["id_list"])
    picked = {page for page, is_ticked in lantern.picker().items() if is_ticked}

    assert found < there
    assert 0.05 < len(there - found) / len(there) < 0.15
    assert picked - databases <= found
    assert not databases & found


def test_what_search_leaves_out_is_always_the_same(lantern):
    assert ids(lantern.walk("/search", {})) == ids(lantern.walk("/search", {}))


def test_some_hits_are_shown_in_part(lantern):
    wanted = {"property": "object", "value": "page"}
    hits = list(lantern.walk("/search", {"filter": wanted}))

    partial = [hit for hit in hits if "parent" not in hit]

    assert partial
    assert all(set(hit) == {"object", "id"} for hit in partial)
    assert len(partial) < len(hits) / 10


def test_a_partial_data_source_still_tells_its_properties(lantern):
    lantern.switch("partial_hits", 100)
    wanted = {"filter": {"property": "object", "value": "data_source"}}

    hit = lantern.post(SEARCH, wanted).data["results"][0]

    assert set(hit) == {"object", "id", "properties"}


def test_hits_come_newest_first_with_minute_precision(lantern):
    times = [
        hit["last_edited_time"]
        for hit in lantern.walk("/search", {"sort": NEWEST})
        if "parent" in hit
    ]

    assert times == sorted(times, reverse=True)
    assert all(time.endswith(":00.000Z") for time in times)


def test_search_tells_the_kind_of_its_results(lantern):
    data = lantern.post(SEARCH, {"page_size": 2}).data

    assert data["type"] == "page_or_data_source"
    assert data["page_or_data_source"] == {}
    assert data["has_more"] is True
    assert "request_status" not in data


def test_right_after_consent_search_is_empty(notion):
    notion.connect()
    notion.clock.now -= 2

    assert notion.post(SEARCH, {}).data["results"] == []


def test_a_change_is_found_after_a_while(lantern):
    handbook = lantern.find("Team handbook")
    lantern.clock.now += 600
    lantern.order("records/edit", id=handbook["id"], title="Handbook, second edition")
    body = {"sort": NEWEST, "page_size": 1}

    early = ids(lantern.post(SEARCH, body).data["results"])
    lantern.clock.now += 3
    late = ids(lantern.post(SEARCH, body).data["results"])

    assert early != late == [handbook["id"]]


def test_a_new_page_is_found_after_a_while(lantern):
    above = lantern.find("Team handbook")["id"]
    lantern.switch("search_leaves_out", 0)
    new = lantern.order("records/create", id=above, title="Brand new page")["id"]
    body = {"query": "brand new"}

    early = ids(lantern.post(SEARCH, body).data["results"])
    lantern.clock.now += 3

    assert early == []
    assert ids(lantern.post(SEARCH, body).data["results"]) == [new]


def test_the_trash_is_listed_on_demand(lantern):
    lantern.switch("search_leaves_out", 0)
    kept = lantern.find("Kept")["id"]
    thrown = lantern.find("Thrown away")["id"]
    below = lantern.find("Alive below the trash")["id"]

    trash = set(ids(lantern.walk("/search", {"filter": {"in_trash": True}})))
    rest = set(ids(lantern.walk("/search", {})))

    assert thrown in trash - rest
    assert {kept, below} <= rest - trash


def test_a_data_source_is_found_by_the_title_of_its_database(lantern):
    wanted = {"filter": {"property": "object", "value": "data_source"}}

    by_database = lantern.post(SEARCH, {**wanted, "query": "operations"}).data
    by_own_name = lantern.post(SEARCH, {**wanted, "query": "tasks"}).data

    assert len(by_database["results"]) == 2
    assert by_own_name["results"] == []


def test_a_search_ends_at_its_cap_and_says_so(lantern):
    lantern.switch("search_cap", 150)

    first = lantern.post(SEARCH, {}).data
    second = lantern.post(SEARCH, {"start_cursor": first["next_cursor"]}).data

    assert "request_status" not in first
    assert len(second["results"]) == 50
    assert second["has_more"] is False
    assert second["request_status"]["type"] == "incomplete"


@pytest.mark.parametrize(
    "body",
    [
        {"start_cursor": None},
        {"start_cursor": "7a1f0c52-6d0e-4b7c-9a53-2f1d8f6b4e10"},
        {"page_size": 101},
        {"page_size": 0},
        {"page_size": "10"},
        {"filter": {"property": "object", "value": "database"}},
        {"filter": {}},
        {"sort": {"timestamp": "created_time", "direction": "ascending"}},
        {"sorts": []},
        {"query": 1},
    ],
)
def test_a_body_that_is_not_documented_is_refused(lantern, body):
    answer = lantern.post(SEARCH, body)

    assert answer.status == 400
    assert answer.data["code"] == "validation_error"


def test_a_cursor_belongs_to_one_search(lantern):
    cursor = lantern.post(SEARCH, {"page_size": 1}).data["next_cursor"]
    body = {"start_cursor": cursor, "query": "other"}

    answer = lantern.post(SEARCH, body)

    assert answer.data["code"] == "validation_error"
    assert "start_cursor" in answer.data["message"]


def test_a_body_that_is_no_json_is_refused(lantern):
    assert lantern.post(SEARCH, b"{").data["code"] == "invalid_json"
    assert lantern.post(SEARCH, b"[]").data["code"] == "invalid_json"


def test_workspaces_do_not_see_each_other(notion):
    notion.connect(f"{DROMEDARY}:{NOUR}")

    found = list(notion.walk("/search", {}))
    handbook = notion.find("Team handbook")["id"]

    assert 20 < len(found) < 60
    assert notion.get(f"{API}/pages/{handbook}").status == 404

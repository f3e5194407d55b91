"""Check that search at the simulated Notion is a hint and never an inventory."""

import pytest

from tests.sandbox.notion_client import API, DROMEDARY, NOUR

SEARCH = f"{API}/search"
NEWEST = {"timestamp": "last_edited_time", "direction": "descending"}
PAGES = {"property": "object", "value": "page"}
SOURCES = {"property": "object", "value": "data_source"}


def test_search_leaves_out_always_the_same_but_nothing_that_was_picked(lantern):
    found = lantern.hits()
    inventory = lantern.query("inventory", with_ids=1)["types"]
    lists = {kind: set(told["id_list"]) for kind, told in inventory.items()}
    there = lists["pages"] | lists["data_sources"]
    picked = {page for page, is_ticked in lantern.picker().items() if is_ticked}

    assert picked - lists["databases"] <= set(found) < there
    assert 0.05 < 1 - len(found) / len(there) < 0.15
    assert found == lantern.hits()


def test_hits_come_newest_first_and_some_in_part(lantern):
    hits = list(lantern.walk("/search", {"filter": PAGES, "sort": NEWEST}))

    partial = [hit for hit in hits if "parent" not in hit]
    times = [hit["last_edited_time"] for hit in hits if "parent" in hit]
    assert 0 < len(partial) < len(hits) / 10
    assert {frozenset(hit) for hit in partial} == {frozenset({"object", "id"})}
    assert times == sorted(times, reverse=True)
    assert all(time.endswith(":00.000Z") for time in times)
    lantern.switch("partial_hits", 100)
    source = lantern.post(SEARCH, {"filter": SOURCES}).data["results"][0]
    assert set(source) == {"object", "id", "properties"}


@pytest.mark.parametrize(
    ("order", "title"),
    [("edit", "Handbook, second edition"), ("create", "Brand new page")],
)
def test_a_change_is_found_after_a_while(lantern, order, title):
    handbook, body = lantern.id("Team handbook"), {"sort": NEWEST, "page_size": 1}
    lantern.switch("search_leaves_out", 0)
    lantern.clock.now += 600
    changed = lantern.command(f"records/{order}", id=handbook, title=title)["id"]

    before = lantern.post(SEARCH, body).data["results"]
    lantern.clock.now += 3
    after = lantern.post(SEARCH, body).data["results"]
    assert changed not in {hit["id"] for hit in before}
    assert [hit["id"] for hit in after] == [changed]


def test_the_trash_is_listed_on_demand(lantern):
    lantern.switch("search_leaves_out", 0)
    titles = ("Kept", "Thrown away", "Alive below the trash")
    kept, thrown, below = map(lantern.id, titles)

    trash, rest = set(lantern.hits(filter={"in_trash": True})), set(lantern.hits())

    assert thrown in trash - rest
    assert {kept, below} <= rest - trash
    assert thrown in lantern.hits(filter={**PAGES, "in_trash": True})


REFUSED = [
    {"start_cursor": None},
    {"start_cursor": "7a1f0c52-6d0e-4b7c-9a53-2f1d8f6b4e10"},
    *({"page_size": size} for size in (101, 0, "10", None)),
    *({"filter": given} for given in ({}, None, {**PAGES, "value": "database"})),
    *({"sort": given} for given in (None, {**NEWEST, "timestamp": "created_time"})),
    {"sorts": []},
    {"query": 1},
]


@pytest.mark.parametrize("body", [*REFUSED, b"{", b"[]"])
def test_a_body_that_is_not_documented_is_refused(lantern, body):
    answer = lantern.post(SEARCH, body)

    code = "invalid_json" if isinstance(body, bytes) else "validation_error"
    assert (answer.status, answer.data["code"]) == (400, code)


def test_a_search_ends_at_its_cap_and_its_cursor_belongs_to_it(lantern):
    lantern.switch("search_cap", 150)

    first = lantern.post(SEARCH, {}).data
    following = {"start_cursor": first["next_cursor"]}
    second = lantern.post(SEARCH, following).data
    oldest = {"sort": {**NEWEST, "direction": "ascending"}}
    other = lantern.post(SEARCH, {**following, **oldest}).data

    assert "request_status" not in first
    assert (first["type"], first["page_or_data_source"]) == ("page_or_data_source", {})
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert len(second["results"]) == 50
    assert second["request_status"]["type"] == "incomplete"
    assert other["code"] == "validation_error"
    assert "start_cursor" in other["message"]


def test_search_is_empty_right_after_consent_and_sees_no_other_workspace(notion):
    notion.connect(f"{DROMEDARY}:{NOUR}")
    notion.clock.now -= 2

    assert notion.hits() == []
    notion.clock.now += 2
    assert 20 < len(notion.hits()) < 60
    assert notion.show(notion.id("Team handbook")).status == 404

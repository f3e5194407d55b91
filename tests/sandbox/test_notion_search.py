"""Check that search at the simulated Notion is a hint and never an inventory."""

import pytest

from tests.sandbox.notion_client import API, DROMEDARY, NOUR

SEARCH = f"{API}/search"
NEWEST = {"timestamp": "last_edited_time", "direction": "descending"}
PAGES = {"property": "object", "value": "page"}
SOURCES = {"property": "object", "value": "data_source"}


@pytest.fixture
def search(lantern):
    """Return a function that gives the ids of the first hits of a search."""

    def run(**body):
        return [hit["id"] for hit in lantern.post(SEARCH, body).data["results"]]

    return run


@pytest.fixture
def walk(lantern):
    """Return a function that gives the ids of all hits of a search."""
    return lambda **body: [hit["id"] for hit in lantern.walk("/search", body)]


def test_search_leaves_out_always_the_same_but_nothing_that_was_picked(lantern, walk):
    found = walk()
    inventory = lantern.ask("inventory", with_ids=1)["types"]
    there = {*inventory["pages"]["id_list"], *inventory["data_sources"]["id_list"]}
    databases = set(inventory["databases"]["id_list"])
    picked = {page for page, is_ticked in lantern.picker().items() if is_ticked}

    assert set(found) < there
    assert 0.05 < 1 - len(found) / len(there) < 0.15
    assert picked - databases <= set(found)
    assert not databases & set(found)
    assert found == walk()


def test_hits_come_newest_first_and_some_in_part(lantern):
    hits = list(lantern.walk("/search", {"filter": PAGES, "sort": NEWEST}))

    partial = [hit for hit in hits if "parent" not in hit]
    times = [hit["last_edited_time"] for hit in hits if "parent" in hit]
    assert 0 < len(partial) < len(hits) / 10
    assert all(set(hit) == {"object", "id"} for hit in partial)
    assert times == sorted(times, reverse=True)
    assert all(time.endswith(":00.000Z") for time in times)
    lantern.switch("partial_hits", 100)
    source = lantern.post(SEARCH, {"filter": SOURCES}).data["results"][0]
    assert set(source) == {"object", "id", "properties"}


def test_right_after_consent_search_is_empty(notion):
    notion.connect()
    notion.clock.now -= 2

    assert notion.post(SEARCH, {}).data["results"] == []


@pytest.mark.parametrize(
    ("order", "title", "body"),
    [
        ("edit", "Handbook, second edition", {"sort": NEWEST, "page_size": 1}),
        ("create", "Brand new page", {"query": "brand new"}),
    ],
)
def test_a_change_is_found_after_a_while(lantern, search, order, title, body):
    handbook = lantern.find("Team handbook")["id"]
    lantern.switch("search_leaves_out", 0)
    lantern.clock.now += 600
    changed = lantern.order(f"records/{order}", id=handbook, title=title)["id"]

    assert search(**body) != [changed]
    lantern.clock.now += 3
    assert search(**body) == [changed]


def test_the_trash_is_listed_on_demand(lantern, walk):
    lantern.switch("search_leaves_out", 0)
    titles = ("Kept", "Thrown away", "Alive below the trash")
    kept, thrown, below = (lantern.find(title)["id"] for title in titles)

    trash, rest = set(walk(filter={"in_trash": True})), set(walk())

    assert thrown in trash - rest
    assert {kept, below} <= rest - trash
    assert thrown in walk(filter={**PAGES, "in_trash": True})


def test_a_data_source_is_found_by_the_title_of_its_database(search):
    assert len(search(filter=SOURCES, query="operations")) == 2
    assert search(filter=SOURCES, query="tasks") == []


def test_a_search_ends_at_its_cap_and_says_so(lantern):
    lantern.switch("search_cap", 150)

    first = lantern.post(SEARCH, {}).data
    second = lantern.post(SEARCH, {"start_cursor": first["next_cursor"]}).data

    assert "request_status" not in first
    assert (first["type"], first["page_or_data_source"]) == ("page_or_data_source", {})
    assert first["has_more"] is True
    assert len(second["results"]) == 50
    assert second["has_more"] is False
    assert second["request_status"]["type"] == "incomplete"


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


def test_a_cursor_belongs_to_one_search(lantern):
    cursor = lantern.post(SEARCH, {"page_size": 1}).data["next_cursor"]

    answer = lantern.post(SEARCH, {"start_cursor": cursor, "query": "other"})

    assert answer.data["code"] == "validation_error"
    assert "start_cursor" in answer.data["message"]


def test_workspaces_do_not_see_each_other(notion):
    notion.connect(f"{DROMEDARY}:{NOUR}")

    found = list(notion.walk("/search", {}))
    handbook = notion.find("Team handbook")["id"]

    assert 20 < len(found) < 60
    assert notion.get(f"{API}/pages/{handbook}").status == 404

"""Check databases, data sources and their rows at the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API

OLDEST = {"timestamp": "created_time", "direction": "ascending"}


@pytest.fixture
def sources(lantern):
    found = lantern.ask("records", type="data_sources")["records"]
    return {source["title"]: source for source in found}


def query(source):
    return f"/data_sources/{source['id']}/query"


def test_a_database_is_a_container_and_its_sources_hold_the_columns(lantern, sources):
    database = lantern.get(f"{API}/databases/{sources['Tasks']['container']}").data
    source = lantern.get(f"{API}/data_sources/{sources['Tasks']['id']}").data

    assert "properties" not in database
    assert [s["name"] for s in database["data_sources"]] == ["Tasks", "Clients"]
    assert source["parent"] == {"type": "database_id", "database_id": database["id"]}
    assert source["database_parent"] == database["parent"]
    title = source["properties"]["Task name"]
    assert (title["id"], title["type"], title["title"]) == ("title", "title", {})


def test_ids_of_one_kind_open_nothing_of_another(lantern, sources):
    source, database = sources["Tasks"]["id"], sources["Tasks"]["container"]

    assert lantern.get(f"{API}/databases/{source}").status == 404
    assert lantern.get(f"{API}/data_sources/{database}").status == 404
    assert lantern.get(f"{API}/pages/{database}").status == 404


def test_rows_name_their_source_and_their_database(lantern, sources):
    source = sources["Tasks"]

    rows = list(lantern.walk(query(source), {}))

    assert rows[0]["parent"] == {
        "type": "data_source_id",
        "data_source_id": source["id"],
        "database_id": source["container"],
    }
    assert not any(row["in_trash"] or row["is_archived"] for row in rows)


def test_archived_rows_are_listed_on_demand_and_trashed_ones_never(lantern, sources):
    live = {row["id"] for row in lantern.walk(query(sources["Sendungen"]), {})}
    archived = {
        row["id"]
        for row in lantern.walk(query(sources["Sendungen"]), {"is_archived": True})
    }

    assert archived
    assert not archived & live
    answer = lantern.post(f"{API}{query(sources['Tasks'])}", {"in_trash": True})
    assert answer.data["code"] == "validation_error"


def test_a_query_ends_at_its_cap_and_every_page_says_so(lantern, sources):
    lantern.switch("query_cap", 250)
    pages, cursor = [], None
    while not pages or cursor:
        body = {"sorts": [OLDEST], **({"start_cursor": cursor} if cursor else {})}
        pages.append(lantern.post(f"{API}{query(sources['Sendungen'])}", body).data)
        cursor = pages[-1]["next_cursor"]

    assert [len(page["results"]) for page in pages] == [100, 100, 50]
    assert pages[-1]["has_more"] is False
    for page in pages:
        assert page["request_status"] == {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }


def test_windows_by_creation_reach_every_row(lantern, sources):
    lantern.switch("rate_limits", False)
    expected = {row["id"] for row in lantern.walk(query(sources["Sendungen"]), {})}
    lantern.switch("query_cap", 150)
    found, since = {}, "2020-01-01T00:00:00Z"
    while True:
        window = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
        body = {"filter": window, "sorts": [OLDEST]}
        rows = list(lantern.walk(query(sources["Sendungen"]), body))
        fresh = [row for row in rows if row["id"] not in found]
        found |= {row["id"]: row for row in fresh}
        if not fresh or len(rows) < 150:
            break
        since = rows[-1]["created_time"]

    assert set(found) == expected


def test_a_query_finds_what_changed_since(lantern, sources):
    row = lantern.post(f"{API}{query(sources['Tasks'])}", {}).data["results"][7]
    lantern.clock.now += 90
    lantern.order("records/edit", id=row["id"], title="Changed just now")
    since = {"on_or_after": "2026-11-18T00:00:00Z"}
    body = {"filter": {"timestamp": "last_edited_time", "last_edited_time": since}}

    changed = list(lantern.walk(query(sources["Tasks"]), body))

    assert [item["id"] for item in changed] == [row["id"]]
    assert changed[0]["last_edited_time"].endswith(":00.000Z")


def test_rows_can_be_cut_down_to_their_titles(lantern, sources):
    url = f"{API}{query(sources['Everything'])}?filter_properties[]=title"

    rows = lantern.post(url, {}).data["results"]

    assert {tuple(row["properties"]) for row in rows} == {("Название",)}
    assert lantern.post(f"{url}&filter_properties[]=nope", {}).status == 400


def test_a_page_without_more_has_no_status_field(lantern, sources):
    data = lantern.post(f"{API}{query(sources['Glossary'])}", {}).data

    assert "request_status" not in data
    assert data["has_more"] is False
    assert data["next_cursor"] is None


def test_a_wiki_holds_pages_and_another_data_source(lantern, sources):
    wiki = sources["Company wiki"]

    both = list(lantern.walk(query(wiki), {}))
    others = list(lantern.walk(query(wiki), {"result_type": "data_source"}))
    glossary = lantern.get(f"{API}/databases/{sources['Glossary']['container']}").data

    assert [item["id"] for item in others] == [sources["Glossary"]["id"]]
    assert len(both) == 21
    assert glossary["parent"] == {
        "type": "database_id",
        "database_id": wiki["container"],
    }


def test_every_type_of_property_is_there(lantern, sources):
    source = lantern.get(f"{API}/data_sources/{sources['Everything']['id']}").data
    rows = list(lantern.walk(query(sources["Everything"]), {}))

    types = {column["type"] for column in source["properties"].values()}
    assert len(types) == 23
    for row in rows:
        for name, value in row["properties"].items():
            assert value["type"] == source["properties"][name]["type"]
            assert value["type"] in value
    empty = next(row for row in rows if row["properties"]["Number"]["number"] is None)
    assert empty["properties"]["Verified"]["verification"]["state"] == "unverified"


def test_long_values_are_cut_and_paged(lantern, sources):
    rows = lantern.walk(query(sources["Everything"]), {})
    row = next(r for r in rows if r["properties"]["Relation"]["has_more"])
    page = f"{API}/pages/{row['id']}/properties"

    related = lantern.get(f"{page}/rl%3Dn").data
    first = lantern.get(f"{page}/title", page_size=40).data

    assert len(row["properties"]["Relation"]["relation"]) == 25
    assert len(related["results"]) == 30
    assert related["property_item"]["type"] == "relation"
    assert first["has_more"] is True
    assert first["next_cursor"]
    mentions = [
        piece
        for piece in row["properties"]["Название"]["title"]
        if piece["type"] == "mention"
    ]
    assert len(mentions) == 25


def test_a_short_property_is_one_item(lantern, sources):
    row = lantern.post(f"{API}{query(sources['Sendungen'])}", {}).data["results"][0]
    weight = row["properties"]["Weight"]

    item = lantern.get(f"{API}/pages/{row['id']}/properties/w%3Ag").data

    assert weight["id"] == "w%3Ag"
    assert item["object"] == "property_item"
    assert item["number"] == weight["number"]
    assert lantern.get(f"{API}/pages/{row['id']}/properties/w%253Ag").status == 404


@pytest.mark.parametrize(
    "body",
    [
        {"filter": {"property": "Name", "title": {"equals": "x"}}},
        {"filter": {"timestamp": "created_time", "created_time": {"after": "2026"}}},
        {"filter": []},
        {"sorts": [{"property": "Name", "direction": "ascending"}]},
        {"sorts": OLDEST},
        {"result_type": "database"},
        {"is_archived": "yes"},
    ],
)
def test_queries_that_are_not_simulated_are_refused(lantern, sources, body):
    answer = lantern.post(f"{API}{query(sources['Tasks'])}", body)

    assert answer.data["code"] == "validation_error"

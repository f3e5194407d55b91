"""Check databases, data sources and their rows at the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API

OLDEST = {"timestamp": "created_time", "direction": "ascending"}


class Sources(dict):
    """Hold the seeded data sources by title, and query them."""

    client = None

    def url(self, title):
        return f"/data_sources/{self[title]['id']}/query"

    def rows(self, title, **body):
        return list(self.client.walk(self.url(title), body))

    def query(self, title, body, fields=""):
        return self.client.post(f"{API}{self.url(title)}{fields}", body)


@pytest.fixture
def sources(lantern):
    found = lantern.ask("records", type="data_sources")["records"]
    sources = Sources({source["title"]: source for source in found})
    sources.client = lantern
    return sources


def ids(items):
    return {item["id"] for item in items}


def test_a_database_is_a_container_and_its_sources_hold_the_columns(lantern, sources):
    database = lantern.get(f"{API}/databases/{sources['Tasks']['container']}").data
    source = lantern.get(f"{API}/data_sources/{sources['Tasks']['id']}").data
    columns, clients = source["properties"], sources["Clients"]

    assert "properties" not in database
    assert [s["name"] for s in database["data_sources"]] == ["Tasks", "Clients"]
    assert source["parent"] == {"type": "database_id", "database_id": database["id"]}
    assert source["database_parent"] == database["parent"]
    title, relation = columns["Task name"], columns["Client"]["relation"]
    assert (title["id"], title["type"], title["title"]) == ("title", "title", {})
    assert relation["data_source_id"] == clients["id"]
    assert relation["database_id"] == clients["container"]
    options = columns["Status"]["status"]["options"]
    assert {option["description"] for option in options} == {None}


@pytest.mark.parametrize(
    ("path", "of"),
    [("databases", "id"), ("data_sources", "container"), ("pages", "container")],
)
def test_ids_of_one_kind_open_nothing_of_another(lantern, sources, path, of):
    assert lantern.get(f"{API}/{path}/{sources['Tasks'][of]}").status == 404


def test_archived_rows_are_listed_on_demand_and_trashed_ones_never(sources):
    source, rows = sources["Sendungen"], sources.rows("Sendungen")
    archived = ids(sources.rows("Sendungen", is_archived=True))

    assert rows[0]["parent"] == {
        "type": "data_source_id",
        "data_source_id": source["id"],
        "database_id": source["container"],
    }
    assert not any(row["in_trash"] or row["is_archived"] for row in rows)
    assert archived
    assert not archived & ids(rows)
    refused = sources.query("Tasks", {"in_trash": True})
    assert refused.data["code"] == "validation_error"


def test_a_query_ends_at_its_cap_and_every_page_says_so(lantern, sources):
    lantern.switch("query_cap", 250)
    pages, more = [], {}
    while not pages or more["start_cursor"]:
        pages.append(sources.query("Sendungen", {"sorts": [OLDEST], **more}).data)
        more = {"start_cursor": pages[-1]["next_cursor"]}

    assert [len(page["results"]) for page in pages] == [100, 100, 50]
    assert pages[-1]["has_more"] is False
    cut = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    assert all(page["request_status"] == cut for page in pages)


def test_windows_by_creation_reach_every_row(lantern, sources):
    lantern.switch("rate_limits", False)
    expected = ids(sources.rows("Sendungen"))
    lantern.switch("query_cap", 150)
    found, since = set(), "2020-01-01T00:00:00Z"
    while True:
        window = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
        rows = sources.rows("Sendungen", filter=window, sorts=[OLDEST])
        if ids(rows) <= found:
            break
        found |= ids(rows)
        since = rows[-1]["created_time"]

    assert found == expected


def test_a_query_finds_what_changed_since(lantern, sources):
    row = sources.query("Tasks", {}).data["results"][7]
    lantern.clock.now += 90
    lantern.order("records/edit", id=row["id"], title="Changed just now")
    since = {"on_or_after": "2026-11-18T00:00:00Z"}
    window = {"timestamp": "last_edited_time", "last_edited_time": since}

    changed = sources.rows("Tasks", filter=window)

    assert ids(changed) == {row["id"]}
    assert changed[0]["last_edited_time"].endswith(":00.000Z")


def test_rows_can_be_cut_down_to_their_titles(sources):
    fields = "?filter_properties[]=title"

    rows = sources.query("Everything", {}, fields).data["results"]

    assert {tuple(row["properties"]) for row in rows} == {("Название",)}
    unknown = f"{fields}&filter_properties[]=nope"
    assert sources.query("Everything", {}, unknown).status == 400


def test_a_wiki_holds_pages_and_another_data_source(lantern, sources):
    wiki, glossary = sources["Company wiki"], sources["Glossary"]

    data = sources.query("Company wiki", {"result_type": "data_source"}).data
    parent = lantern.get(f"{API}/databases/{glossary['container']}").data["parent"]

    assert ids(data["results"]) == {glossary["id"]}
    assert "request_status" not in data
    assert (data["has_more"], data["next_cursor"]) == (False, None)
    assert len(sources.rows("Company wiki")) == 21
    assert parent == {"type": "database_id", "database_id": wiki["container"]}


def test_every_type_of_property_is_there(lantern, sources):
    source = lantern.get(f"{API}/data_sources/{sources['Everything']['id']}").data
    columns = source["properties"]

    rows = sources.rows("Everything")

    assert len({column["type"] for column in columns.values()}) == 23
    for row in rows:
        for name, value in row["properties"].items():
            assert value["type"] == columns[name]["type"]
            assert value["type"] in value
    empty = next(row for row in rows if row["properties"]["Number"]["number"] is None)
    assert empty["properties"]["Verified"]["verification"]["state"] == "unverified"
    for name, kind in (("Rollup", "rollup"), ("Formula", "formula")):
        assert empty["properties"][name][kind]["type"] == "number"


def test_long_values_are_cut_and_paged(lantern, sources):
    rows = sources.rows("Everything")
    row = next(r for r in rows if r["properties"]["Relation"]["has_more"])
    page = f"{API}/pages/{row['id']}/properties"

    related = lantern.get(f"{page}/rl%3Dn").data
    first = lantern.get(f"{page}/title", page_size=40).data
    short = lantern.get(f"{page}/cb%3Ax").data

    assert len(row["properties"]["Relation"]["relation"]) == 25
    assert len(related["results"]) == 30
    assert related["property_item"]["type"] == "relation"
    assert first["has_more"] is True
    assert first["next_cursor"]
    pieces = row["properties"]["Название"]["title"]
    assert [piece["type"] for piece in pieces].count("mention") == 25
    assert short["object"] == "property_item"
    assert {**short, **row["properties"]["Checkbox"]} == short
    assert lantern.get(f"{page}/cb%253Ax").status == 404


CREATED = {"timestamp": "created_time"}
REFUSED = [
    {"filter": {"property": "Name", "title": {"equals": "x"}}},
    {"filter": {**CREATED, "created_time": {"after": "2026"}}},
    {"filter": {**CREATED, "created_time": {"on_or_after": "x"}}},
    *({"filter": given} for given in ([], None)),
    {"sorts": [{"property": "Name", "direction": "ascending"}]},
    {"sorts": OLDEST},
    {"result_type": "database"},
    {"is_archived": "yes"},
]


@pytest.mark.parametrize("body", REFUSED)
def test_queries_that_are_not_simulated_are_refused(sources, body):
    assert sources.query("Tasks", body).data["code"] == "validation_error"

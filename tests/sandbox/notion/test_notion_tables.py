"""Check databases, data sources and their rows at the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API

OLDEST = {"timestamp": "created_time", "direction": "ascending"}


@pytest.fixture
def sources(lantern):
    """Return the data sources that were seeded, by title."""
    found = lantern.query("records", type="data_sources")["records"]
    return {source["title"]: source for source in found}


@pytest.fixture
def query(lantern, sources):
    """Return a function that queries a data source for one page of rows."""

    def run(title, body=None):
        url = f"{API}/data_sources/{sources[title]['id']}/query"
        return lantern.post(url, body or {})

    return run


@pytest.fixture
def rows(lantern, sources):
    """Return a function that queries a data source for all of its rows."""

    def walk(title, **body):
        url = f"/data_sources/{sources[title]['id']}/query"
        return {row["id"]: row for row in lantern.walk(url, body)}

    return walk


def test_a_database_is_a_container_and_its_sources_hold_the_columns(lantern, sources):
    database = lantern.show(sources["Tasks"]["container"], "databases").data
    source = lantern.show(sources["Tasks"]["id"], "data_sources").data
    columns, clients = source["properties"], sources["Clients"]

    assert "properties" not in database
    assert [s["name"] for s in database["data_sources"]] == ["Tasks", "Clients"]
    assert source["parent"] == {"type": "database_id", "database_id": database["id"]}
    assert source["database_parent"] == database["parent"]
    title = {"id": "title", "type": "title", "title": {}}
    assert columns["Task name"].items() >= title.items()
    other = {"data_source_id": clients["id"], "database_id": clients["container"]}
    assert columns["Client"]["relation"].items() >= other.items()
    options = columns["Status"]["status"]["options"]
    assert {option["description"] for option in options} == {None}
    # IDs of one kind open nothing of another.
    for path, of in (("databases", "id"), ("data_sources", "container")):
        assert lantern.show(sources["Tasks"][of], path).status == 404
    assert lantern.show(database["id"]).status == 404


def test_archived_rows_are_listed_on_demand_and_trashed_ones_never(
    sources, query, rows
):
    source, found = sources["Sendungen"], rows("Sendungen")
    archived = rows("Sendungen", is_archived=True)

    parent = {"type": "data_source_id", "data_source_id": source["id"]}
    parent["database_id"] = source["container"]
    told = {"parent": parent, "in_trash": False, "is_archived": False}
    assert all({name: row[name] for name in told} == told for row in found.values())
    assert archived
    assert not archived.keys() & found.keys()
    assert query("Tasks", {"in_trash": True}).data["code"] == "validation_error"


def test_a_query_ends_at_its_cap_and_every_page_says_so(lantern, query):
    lantern.switch("query_cap", 250)
    pages, more = [], {}
    while not pages or more["start_cursor"]:
        pages.append(query("Sendungen", {"sorts": [OLDEST], **more}).data)
        more = {"start_cursor": pages[-1]["next_cursor"]}

    assert [len(page["results"]) for page in pages] == [100, 100, 50]
    assert pages[-1]["has_more"] is False
    cut = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    assert all(page["request_status"] == cut for page in pages)


def test_a_row_is_created_edited_archived_and_moved_out(lantern):
    source = lantern.id("Glossary", type="data_sources")
    new = lantern.command("records/create", id=source, title="Zebra")["id"]
    lantern.command("records/edit", id=new, title="Zebra crossing", icon="🦓")
    edited = lantern.show(new).data
    lantern.command("records/archive", id=new)
    archived = lantern.show(new).data
    lantern.command("records/unarchive", id=new)
    lantern.command("records/move", id=new, to=lantern.id("Team handbook"))
    moved = lantern.show(new).data

    assert edited["parent"]["data_source_id"] == source
    assert edited["properties"]["Term"]["title"][0]["plain_text"] == "Zebra crossing"
    assert edited["icon"] == {"type": "emoji", "emoji": "🦓"}
    assert (archived["is_archived"], moved["is_archived"]) == (True, False)
    assert [*moved["properties"]] == ["title"]


def test_a_query_finds_what_changed_since(lantern, query, rows):
    row = query("Tasks").data["results"][7]["id"]
    lantern.clock.now += 90
    lantern.command("records/edit", id=row, title="Changed just now")
    since = {"on_or_after": "2026-11-18T00:00:00Z"}

    window = {"timestamp": "last_edited_time", "last_edited_time": since}
    made = {"timestamp": "created_time", "created_time": since}
    changed = rows("Tasks", filter=window)

    assert [*changed] == [row]
    # Filters can be joined: of these rows none is new as well.
    assert rows("Tasks", filter={"and": [window, made]}) == {}
    assert [*rows("Tasks", filter={"and": [window, window]})] == [row]
    assert changed[row]["last_edited_time"].endswith(":00.000Z")


def test_a_wiki_holds_pages_and_another_data_source(lantern, sources, query, rows):
    wiki, glossary = sources["Company wiki"], sources["Glossary"]

    data, found = query("Company wiki").data, rows("Company wiki")
    parent = lantern.show(glossary["container"], "databases").data["parent"]

    others = [key for key, hit in found.items() if hit["object"] != "page"]
    assert others == [glossary["id"]]
    assert "request_status" not in data
    assert (data["has_more"], data["next_cursor"]) == (False, None)
    assert len(found) == 21
    assert parent == {"type": "database_id", "database_id": wiki["container"]}


def test_every_type_of_property_is_there(lantern, sources, rows):
    source = lantern.show(sources["Everything"]["id"], "data_sources").data
    types = {name: column["type"] for name, column in source["properties"].items()}

    shown = [row["properties"] for row in rows("Everything").values()]

    assert len(set(types.values())) == 23
    for properties in shown:
        assert {name: value["type"] for name, value in properties.items()} == types
        assert all(value["type"] in value for value in properties.values())
    empty = next(found for found in shown if found["Number"]["number"] is None)
    assert empty["Verified"]["verification"]["state"] == "unverified"
    for name, kind in (("Rollup", "rollup"), ("Formula", "formula")):
        assert empty[name][kind]["type"] == "number"


def test_long_values_are_cut_and_paged(lantern, rows):
    found = rows("Everything").items()
    row, shown = next(
        (key, row["properties"])
        for key, row in found
        if row["properties"]["Relation"]["has_more"]
    )

    related = lantern.show(f"{row}/properties/rl%3Dn").data
    first = lantern.show(f"{row}/properties/title", page_size="40").data
    short = lantern.show(f"{row}/properties/cb%3Ax").data

    assert len(shown["Relation"]["relation"]) == 25
    assert len(related["results"]) == 30
    assert related["property_item"]["type"] == "relation"
    assert (first["has_more"], bool(first["next_cursor"])) == (True, True)
    pieces = [piece["type"] for piece in shown["Название"]["title"]]
    assert pieces.count("mention") == 25
    assert short["object"] == "property_item"
    assert {**short, **shown["Checkbox"]} == short
    assert lantern.show(f"{row}/properties/cb%253Ax").status == 404


CREATED = {"timestamp": "created_time"}
REFUSED = [
    {"filter": {"property": "Name", "title": {"equals": "x"}}},
    {"filter": {**CREATED, "created_time": {"after": "2026"}}},
    {"filter": {**CREATED, "created_time": {"on_or_after": "x"}}},
    *({"filter": given} for given in ([], None, {"and": [{}]})),
    {"sorts": [{"property": "Name", "direction": "ascending"}]},
    {"sorts": OLDEST},
    {"result_type": "database"},
    {"is_archived": "yes"},
]


@pytest.mark.parametrize("body", REFUSED)
def test_queries_that_are_not_simulated_are_refused(query, body):
    assert query("Tasks", body).data["code"] == "validation_error"

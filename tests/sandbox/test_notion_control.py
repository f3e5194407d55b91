"""Check what commands do to the simulated Notion, and what its inventory tells."""

import hashlib

from tests.sandbox.notion_client import API, INES, LANTERN, TOMASZ


def crawl(client):
    """Collect everything from what was picked down, as no search can."""
    client.switch("rate_limits", False)
    found = {"page": set(), "database": set(), "data_source": set()}
    waiting = [page for page, ticked in client.picker().items() if ticked]
    while waiting:
        block = client.get(f"{API}/blocks/{waiting.pop()}").data
        if block["type"] == "child_database":
            waiting += crawl_database(client, block["id"], found)
        elif block["type"] == "child_page":
            found["page"].add(block["id"])
        if block["has_children"]:
            children = client.walk(f"/blocks/{block['id']}/children")
            waiting += [child["id"] for child in children]
    return found


def crawl_database(client, database, found):
    """Collect one database; linked views open nothing."""
    answer = client.get(f"{API}/databases/{database}")
    if answer.status == 404:
        return []
    found["database"].add(database)
    waiting = []
    for source in answer.data["data_sources"]:
        found["data_source"].add(source["id"])
        for archived in (False, True):
            url = f"/data_sources/{source['id']}/query"
            for row in client.walk(url, {"is_archived": archived}):
                is_page = row["object"] == "page"
                waiting.append(row["id"] if is_page else row["parent"]["database_id"])
    return waiting


def test_the_inventory_is_what_a_patient_crawler_finds(lantern):
    found = crawl(lantern)

    told = lantern.ask("inventory", with_ids=1)["types"]

    below_trash = lantern.find("Alive below the trash")["id"]
    assert found["page"] | {below_trash} == set(told["pages"]["id_list"])
    assert found["database"] == set(told["databases"]["id_list"])
    assert found["data_source"] == set(told["data_sources"]["id_list"])
    digest = hashlib.sha256("\n".join(sorted(told["pages"]["id_list"])).encode())
    assert told["pages"]["ids"] == digest.hexdigest()


def test_the_inventory_is_that_of_one_person(notion):
    notion.connect()
    notion.connect(f"{LANTERN}:{TOMASZ}")
    private = notion.find("Only Tomasz sees this")["id"]

    ines = notion.ask("inventory", user=INES, with_ids=1)["types"]
    newest = notion.ask("inventory", with_ids=1)["types"]

    assert private not in ines["pages"]["id_list"]
    assert private in newest["pages"]["id_list"]


def test_a_row_is_created_edited_archived_and_moved_out(lantern):
    source = lantern.find("Glossary", type="data_sources")["id"]
    new = lantern.order("records/create", id=source, title="Zebra")["id"]
    url = f"{API}/pages/{new}"

    lantern.order("records/edit", id=new, title="Zebra crossing", icon="🦓")
    edited = lantern.get(url).data
    lantern.order("records/archive", id=new)
    archived = lantern.get(url).data
    lantern.order("records/unarchive", id=new)
    lantern.order("records/move", id=new, to=lantern.find("Team handbook")["id"])

    assert edited["parent"]["data_source_id"] == source
    assert edited["properties"]["Term"]["title"][0]["plain_text"] == "Zebra crossing"
    assert edited["icon"] == {"type": "emoji", "emoji": "🦓"}
    assert archived["is_archived"] is True
    assert list(lantern.get(url).data["properties"]) == ["title"]


def test_touching_changes_many_pages_at_one_minute(lantern):
    touched = lantern.order("records/touch", count=30)

    records = {r["id"]: r for r in lantern.ask("records", limit=1000)["records"]}

    times = {records[page]["last_edited_time"] for page in touched["ids"]}
    assert touched["touched"] == 30
    assert len(times) == 1


def test_sharing_more_pages_later_shows_them(notion):
    handbook, projects = (notion.find(t)["id"] for t in ("Team handbook", "Projects"))
    notion.connect(pages=[handbook])
    url = f"{API}/pages/{projects}"
    before = notion.get(url).status

    notion.connect(pages=[handbook, projects])

    assert before == 404
    assert notion.get(url).status == 200

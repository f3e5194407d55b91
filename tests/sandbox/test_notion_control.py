"""Check what commands do to the simulated Notion, and what its inventory tells."""

import hashlib

from tests.sandbox.notion_client import INES, LANTERN, TOMASZ


def test_the_inventory_is_that_of_one_person(notion):
    """What it counts is what a crawler finds: the connector's own tests see to that."""
    notion.connect()
    notion.connect(f"{LANTERN}:{TOMASZ}")
    private = notion.id("Only Tomasz sees this")

    ines = notion.ask("inventory", user=INES, with_ids=1)["types"]
    newest = notion.ask("inventory", with_ids=1)["types"]

    assert private not in ines["pages"]["id_list"]
    assert private in newest["pages"]["id_list"]
    digest = hashlib.sha256("\n".join(ines["pages"]["id_list"]).encode())
    assert ines["pages"]["ids"] == digest.hexdigest()


def test_a_row_is_created_edited_archived_and_moved_out(lantern):
    source = lantern.id("Glossary", type="data_sources")
    new = lantern.order("records/create", id=source, title="Zebra")["id"]
    lantern.order("records/edit", id=new, title="Zebra crossing", icon="🦓")
    edited = lantern.show(new).data
    lantern.order("records/archive", id=new)
    archived = lantern.show(new).data
    lantern.order("records/unarchive", id=new)
    lantern.order("records/move", id=new, to=lantern.id("Team handbook"))
    moved = lantern.show(new).data

    assert edited["parent"]["data_source_id"] == source
    assert edited["properties"]["Term"]["title"][0]["plain_text"] == "Zebra crossing"
    assert edited["icon"] == {"type": "emoji", "emoji": "🦓"}
    assert (archived["is_archived"], moved["is_archived"]) == (True, False)
    assert [*moved["properties"]] == ["title"]


def test_sharing_more_pages_later_shows_them(notion):
    handbook, projects = notion.id("Team handbook"), notion.id("Projects")
    notion.connect(pages=[handbook])
    before = notion.show(projects).status

    notion.connect(pages=[handbook, projects])

    assert (before, notion.show(projects).status) == (404, 200)

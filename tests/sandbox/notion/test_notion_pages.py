"""Check pages, blocks, Markdown and people at the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API, INES, LANTERN


def walk_pages(client, block):
    """Yield the titles of all pages below, as a patient crawler finds them."""
    for child in client.children(block).values():
        if child["type"] == "child_page":
            yield child["child_page"]["title"]
        if child["has_children"]:
            yield from walk_pages(client, child["id"])


def test_pages_hide_six_deep_and_in_every_kind_of_block(lantern):
    titles = list(walk_pages(lantern, lantern.id("Team handbook")))
    hidden = lantern.find("Hidden in a toggle")
    parent = lantern.show(hidden["id"]).data["parent"]
    toggle = lantern.show(parent["block_id"], "blocks").data

    places = ("a column", "a toggle", "a callout", "a synced block", "a list")
    assert {f"Hidden in {place}" for place in places} | {"Recovery codes"} <= {*titles}
    assert len(titles) == 12
    # A page in a toggle names the toggle, and the toggle its page.
    assert (parent["type"], toggle["type"]) == ("block_id", "toggle")
    assert toggle["parent"] == {"type": "page_id", "page_id": hidden["container"]}


def test_a_page_is_shown_by_its_id_with_and_without_hyphens(lantern):
    page = lantern.id("Team handbook")
    plain = page.replace("-", "")

    found = lantern.show(plain).data

    told = {"id": page, "url": f"https://app.notion.com/p/{plain}"}
    told |= {"parent": {"type": "workspace", "workspace": True}, "is_archived": False}
    assert {name: found[name] for name in told} == told
    assert list(found["properties"]) == ["title"]
    assert "archived" not in found
    assert lantern.show("handbook").data["code"] == "validation_error"


def test_an_unshared_parent_is_not_there(lantern):
    agenda = lantern.find("Open agenda")
    parent = lantern.show(agenda["id"]).data["parent"]
    minutes = lantern.show(lantern.id("Minutes for everybody")).data

    above = lantern.show(agenda["container"])
    toggle = lantern.show(minutes["parent"]["block_id"], "blocks")

    assert parent["page_id"] == agenda["container"]
    for answer in (above, toggle):
        assert (answer.status, answer.data["code"]) == (404, "object_not_found")


def test_trash_leaves_what_is_below_and_unsharing_and_deletion_do_not(lantern):
    page, deep = lantern.find("Onboarding"), lantern.id("Recovery codes")
    first, handbook = page["id"], page["container"]

    lantern.command("records/trash", id=first)
    assert lantern.show(first).data["in_trash"] is True
    assert lantern.show(lantern.id("First week")).data["in_trash"] is False
    assert first not in lantern.children(handbook)
    lantern.command("records/restore", id=first)
    assert first in lantern.children(handbook)

    lantern.command("records/unshare", id=first)
    assert lantern.show(deep).status == 404
    assert first not in lantern.children(handbook)
    assert "Onboarding" not in lantern.markdown("Team handbook")
    lantern.command("records/share", id=first)
    assert lantern.show(deep).status == 200

    assert lantern.command("records/delete", id=first)["deleted"] == 6
    assert lantern.query("records", title="Recovery codes")["records"] == []


def test_a_moved_page_names_its_new_parent_or_is_gone(lantern):
    page, place = lantern.id("First week"), lantern.id("Reading room")

    lantern.command("records/move", id=page, to=place)

    assert lantern.show(page).data["parent"] == {"type": "page_id", "page_id": place}
    assert page in lantern.children(place)
    inside = {"provider": "notion", "id": place, "to": page}
    assert lantern.post("/control/api/records/move", inside).status == 400
    lantern.command("records/move", id=page, to=lantern.id("Board (private)"))
    assert lantern.show(page).status == 404


def test_a_linked_view_opens_nothing(lantern):
    page = lantern.find("Every kind of property")
    source = lantern.find("Everything", type="data_sources")
    databases = [*lantern.children(page["id"])][1:]

    text = lantern.markdown(page["title"]).split("\n")

    assert [lantern.show(d, "databases").status for d in databases] == [200, 404]
    url = f"https://app.notion.com/p/{source['container'].replace('-', '')}"
    shown = f'url="{url}" data-source-url="collection://{source["id"]}"'
    lines = [line for line in text if "<database" in line]
    assert lines[0] == f"<database {shown}>Property zoo</database>"
    assert "data-source-url" not in lines[1]


def test_blocks_and_icons_come_in_every_kind(lantern):
    pages = [lantern.id(title) for title in ("Team handbook", "Call of 3 October")]
    blocks = [block for page in pages for block in lantern.children(page).values()]
    kinds = {(hit.get("icon") or {}).get("type") for hit in lantern.walk("/search", {})}

    told = {block["type"]: block[block["type"]] for block in blocks}

    assert told["synced_block"] == {"synced_from": None}
    assert set(told["unsupported"]) == {"block_type"}
    assert told["meeting_notes"]["title"][0]["plain_text"] == "Weekly call"
    assert set(told["meeting_notes"]) == {"title", "status"}
    assert {"emoji", "external", "file", "icon", None} <= kinds


def test_markdown_is_written_in_the_dialect(lantern):
    lines = {
        "#### Heading 4",
        r"2 \* 3 \* 4 = 24, a_b_c, \~not struck\~, \`not code\`",
        "# not a heading",
        'A whole gray paragraph {color="gray"}',
        "<empty-block/>",
        '\t# **not bold**, <page url="x"> and \\* stay as they are',
        "\t1. one in one",
        "- [x] done",
        "\tbelow it",
        '<table header-row="true">',
        "\t\t<td>3 \\< 4</td>",
    }

    assert lines <= set(lantern.markdown("Awkward *Markdown* [page]").split("\n"))


def test_long_pages_are_cut_and_the_rest_is_fetched_by_block(lantern):
    waiting, text = [lantern.id("A page longer than one answer")], ""
    calls = 0
    while waiting:
        data = lantern.show(f"{waiting.pop(0)}/markdown").data
        unknown = data["unknown_block_ids"]
        assert data["truncated"] is bool(unknown)
        tags = [f"#{block.replace('-', '')}" for block in unknown]
        assert all(tag in data["markdown"] for tag in tags)
        waiting, text, calls = waiting + unknown, text + data["markdown"], calls + 1

    assert calls > 10
    assert all(f"Line {section}.39:" in text for section in range(40))


def test_an_edit_bumps_the_minute_and_an_answer_names_a_hundred_blocks_left_out(
    lantern,
):
    page = lantern.id("Nothing in it")
    lantern.command("records/edit", id=page, text="A needle in a page")
    edited, text = lantern.show(page).data, lantern.markdown("Nothing in it")
    for number in range(101):
        lantern.command("records/edit", id=page, text=f"Line {number}")
    lantern.switch("markdown_blocks", 1)

    data = lantern.show(f"{page}/markdown").data

    assert edited["last_edited_time"] == "2026-11-18T11:06:00.000Z"
    assert text == "A needle in a page\n"
    assert data["markdown"].count("<unknown ") == 101
    assert len(data["unknown_block_ids"]) == 100


def test_a_transcript_stands_elsewhere(lantern):
    title = "Call of 3 October"

    text = lantern.markdown(title)
    refused = lantern.show(f"{lantern.id(title)}/markdown", include_transcript="true")

    url = "https://app.notion.com/p/"
    assert f"\t<transcript>\n\t\t[Weekly call]({url}" in text
    assert "Ines: we start.\n" not in text
    assert "\t<summary>\n\t\tThe tariff stays until March.\n" in text
    assert "\t<notes>\n\t\tTomasz asks the \\*harbour\\*.\n" in text
    assert refused.status == 400


@pytest.mark.parametrize(
    ("held", "refused", "allowed"),
    [
        ("read_content", "/users", "/users/me"),
        ("read_users", f"/pages/{LANTERN}", "/users"),
    ],
)
def test_people_have_addresses_and_a_missing_capability_is_refused(
    lantern, held, refused, allowed
):
    users = list(lantern.walk("/users"))
    lantern.switch("capabilities", ["read_content", "read_users"])
    nameless = next(lantern.walk("/users"))
    lantern.switch("capabilities", [held])
    answer = lantern.get(f"{API}{refused}")

    assert [user["type"] for user in users] == ["person", "person", "bot"]
    assert users[0]["person"]["email"].endswith("@lantern-and-reed.example")
    assert (users[0]["id"], nameless["person"]) == (INES, {})
    assert (answer.status, answer.data["code"]) == (403, "restricted_resource")
    assert lantern.get(f"{API}{allowed}").status == 200

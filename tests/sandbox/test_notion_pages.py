"""Check pages, blocks, Markdown and people at the simulated Notion."""

import pytest

from tests.sandbox.notion_client import API, INES


def children(client, block):
    return list(client.walk(f"/blocks/{block}/children"))


def walk_pages(client, block):
    """Return the titles of all pages below, as a patient crawler finds them."""
    found = []
    for child in children(client, block):
        if child["type"] == "child_page":
            found.append(child["child_page"]["title"])
        if child["has_children"]:
            found += walk_pages(client, child["id"])
    return found


def test_pages_hide_six_deep_and_in_every_kind_of_block(lantern):
    handbook = lantern.find("Team handbook")["id"]

    titles = walk_pages(lantern, handbook)

    assert "Recovery codes" in titles
    places = ("a column", "a toggle", "a callout", "a synced block", "a list")
    assert {f"Hidden in {place}" for place in places} <= set(titles)
    assert len(titles) == 12


def test_a_page_in_a_toggle_names_the_toggle_and_the_toggle_its_page(lantern):
    hidden = lantern.find("Hidden in a toggle")

    parent = lantern.get(f"{API}/pages/{hidden['id']}").data["parent"]
    toggle = lantern.get(f"{API}/blocks/{parent['block_id']}").data

    assert parent["type"] == "block_id"
    assert toggle["type"] == "toggle"
    assert toggle["parent"] == {"type": "page_id", "page_id": hidden["container"]}


def test_ids_are_taken_with_and_without_hyphens(lantern):
    page = lantern.find("Team handbook")["id"]

    plain = lantern.get(f"{API}/pages/{page.replace('-', '')}").data

    assert plain["id"] == page
    assert plain["url"] == f"https://app.notion.com/p/{page.replace('-', '')}"
    assert lantern.get(f"{API}/pages/handbook").data["code"] == "validation_error"


def test_a_page_outside_a_data_source_has_a_title_and_nothing_else(lantern):
    page = lantern.get(f"{API}/pages/{lantern.find('Team handbook')['id']}").data

    assert list(page["properties"]) == ["title"]
    assert page["parent"] == {"type": "workspace", "workspace": True}
    assert "archived" not in page
    assert page["is_archived"] is False


def test_an_unshared_parent_is_not_there(lantern):
    agenda = lantern.find("Open agenda")
    minutes = lantern.get(
        f"{API}/pages/{lantern.find('Minutes for everybody')['id']}"
    ).data

    shown = lantern.get(f"{API}/pages/{agenda['id']}")
    above = lantern.get(f"{API}/pages/{agenda['container']}")
    toggle = lantern.get(f"{API}/blocks/{minutes['parent']['block_id']}")

    assert shown.data["parent"]["page_id"] == agenda["container"]
    for answer in (above, toggle):
        assert answer.status == 404
        assert answer.data["code"] == "object_not_found"


def test_an_unshared_subtree_vanishes_without_a_trace(lantern):
    handbook, first = lantern.find("Team handbook")["id"], lantern.find("Onboarding")
    deep = lantern.find("Recovery codes")["id"]

    lantern.order("records/unshare", id=first["id"])

    assert lantern.get(f"{API}/pages/{deep}").status == 404
    assert first["id"] not in [child["id"] for child in children(lantern, handbook)]
    markdown = lantern.get(f"{API}/pages/{handbook}/markdown").data["markdown"]
    assert "Onboarding" not in markdown
    lantern.order("records/share", id=first["id"])
    assert lantern.get(f"{API}/pages/{deep}").status == 200


def test_trash_and_restore(lantern):
    page = lantern.find("Onboarding")

    lantern.order("records/trash", id=page["id"])
    thrown = lantern.get(f"{API}/pages/{page['id']}").data
    below = lantern.get(f"{API}/pages/{lantern.find('First week')['id']}").data
    listed = [child["id"] for child in children(lantern, page["container"])]
    lantern.order("records/restore", id=page["id"])

    assert thrown["in_trash"] is True
    assert below["in_trash"] is False
    assert page["id"] not in listed
    assert page["id"] in [c["id"] for c in children(lantern, page["container"])]


def test_deleting_takes_everything_below_along(lantern):
    page = lantern.find("Onboarding")

    gone = lantern.order("records/delete", id=page["id"])["deleted"]

    assert gone == 6
    assert lantern.ask("records", title="Recovery codes")["records"] == []


def test_a_moved_page_names_its_new_parent(lantern):
    page, place = lantern.find("First week"), lantern.find("Reading room")["id"]

    lantern.order("records/move", id=page["id"], to=place)

    moved = lantern.get(f"{API}/pages/{page['id']}").data
    assert moved["parent"] == {"type": "page_id", "page_id": place}
    assert page["id"] in [child["id"] for child in children(lantern, place)]
    inside = lantern.post(
        "/control/api/records/move",
        {"provider": "notion", "id": place, "to": page["id"]},
    )
    assert inside.status == 400


def test_a_page_moved_out_of_what_is_shared_is_gone(lantern):
    page, board = lantern.find("First week"), lantern.find("Board (private)")["id"]

    lantern.order("records/move", id=page["id"], to=board)

    assert lantern.get(f"{API}/pages/{page['id']}").status == 404


def test_a_linked_view_opens_nothing(lantern):
    page = lantern.find("Every kind of property")["id"]

    databases = [c for c in children(lantern, page) if c["type"] == "child_database"]

    statuses = [lantern.get(f"{API}/databases/{d['id']}").status for d in databases]
    assert statuses == [200, 404]


def test_icons_come_in_every_kind(lantern):
    kinds = {(hit.get("icon") or {}).get("type") for hit in lantern.walk("/search", {})}

    assert {"emoji", "external", "file", "icon", None} <= kinds


def test_markdown_is_written_in_the_dialect(lantern):
    page = lantern.find("Awkward *Markdown* [page]")["id"]

    text = lantern.get(f"{API}/pages/{page}/markdown").data["markdown"]

    for line in (
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
    ):
        assert line in text.split("\n"), line


def test_long_pages_are_cut_and_the_rest_is_fetched_by_block(lantern):
    page = lantern.find("A page longer than one answer")["id"]
    url, waiting, text, calls = f"{API}/pages", [page], "", 0
    while waiting:
        data = lantern.get(f"{url}/{waiting.pop(0)}/markdown").data
        assert data["truncated"] is bool(data["unknown_block_ids"])
        assert all(
            f"#{block.replace('-', '')}" in data["markdown"]
            for block in data["unknown_block_ids"]
        )
        waiting += data["unknown_block_ids"]
        text += data["markdown"]
        calls += 1

    assert calls > 10
    assert all(f"Line {section}.39:" in text for section in range(40))


def test_a_transcript_is_shown_on_demand(lantern):
    url = f"{API}/pages/{lantern.find('Call of 3 October')['id']}/markdown"

    without = lantern.get(url).data["markdown"]
    with_it = lantern.get(url, include_transcript="true").data["markdown"]

    assert "we start" not in without
    assert "](https://app.notion.com/p/" in without
    assert "\t\tInes: we start." in with_it.split("\n")
    assert lantern.get(url, include_transcript="maybe").status == 400


def test_an_edit_bumps_the_page_to_the_minute(lantern):
    page = lantern.find("Nothing in it")["id"]
    lantern.order("records/edit", id=page, text="A needle in a page")

    found = lantern.get(f"{API}/pages/{page}").data
    text = lantern.get(f"{API}/pages/{page}/markdown").data["markdown"]

    assert found["last_edited_time"] == "2026-11-18T11:06:00.000Z"
    assert text == "A needle in a page\n"


def test_people_and_bots_are_listed(lantern):
    users = list(lantern.walk("/users"))

    assert [user["type"] for user in users] == ["person", "person", "bot"]
    assert users[0]["person"]["email"].endswith("@lantern-and-reed.example")
    assert users[0]["id"] == INES


@pytest.mark.parametrize(
    ("held", "path", "status"),
    [
        ("read_content", "/users", 403),
        ("read_content", "/users/me", 200),
        ("read_users", "/pages/7a1f0c52-6d0e-4b7c-9a53-2f1d8f6b4e10", 403),
        ("read_users", "/users", 200),
    ],
)
def test_a_missing_capability_is_refused(lantern, held, path, status):
    lantern.switch("capabilities", [held])

    answer = lantern.get(f"{API}{path}")

    assert answer.status == status
    assert status == 200 or answer.data["code"] == "restricted_resource"


def test_without_the_capability_nobody_has_an_address(lantern):
    lantern.switch("capabilities", ["read_content", "read_users"])

    assert lantern.get(f"{API}/users").data["results"][0]["person"] == {}

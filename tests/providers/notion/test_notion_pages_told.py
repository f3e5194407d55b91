"""A page may be told with its text; what it holds is found all the same."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from integrations.providers.notion.api.content import MOST_FOLLOW_UPS
from integrations.providers.notion.listing.gathering import OUT_OF_REACH
from integrations.providers.notion.listing.walking import MOST_PARTS
from integrations.providers.notion.mapping.items import TRASHED
from tests.providers.notion.invented.workspace import (
    ids,
    in_block,
    in_page,
    uid,
)

LATE = "2026-11-22T09:30:00.000Z"

SINCE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Written:
    """Answer with the Markdown of pages beside what a workspace answers."""

    def __init__(self, workspace, **texts):
        self.texts, self.ordinary = texts, workspace._answer
        workspace._answer = self.answer

    def answer(self, steps, query, body):
        if steps[-1] != "markdown":
            return self.ordinary(steps, query, body)
        told = {"markdown": "", "truncated": False, "unknown_block_ids": []}
        return told | self.texts.get(f"p{int(steps[1][-12:])}", {})


def tag(number, kind="page"):
    address = f"https://app.notion.com/p/Some-title-{uid(number).replace('-', '')}"
    return f'<{kind} url="{address}">Title</{kind}>'


def test_a_page_tells_its_text_and_what_is_inside_it_in_one_call(reading, workspace):
    workspace.page(1)
    workspace.block(50, in_page(1), "toggle")
    workspace.page(2, in_block(50))
    workspace.database(10, [11], in_page(1))
    workspace.hide(2, 11)
    text = f"Hello\n<details>\n<summary>More</summary>\n\t{tag(2)}\n</details>\n"
    Written(workspace, p1={"markdown": text + tag(10, "database")})

    pages = reading.listing("fetch_page", "pages")

    live = reading.store.live()
    assert live.keys() == ids(1, 2, 10, 11)
    assert live[uid(2)].parent_id == uid(1)
    assert workspace.calls("/blocks") == 0
    assert workspace.calls(f"/pages/{uid(1)}/markdown") == 1
    (words,) = [p.contents[uid(1)].text for p in pages if uid(1) in p.contents]
    assert words.startswith("Hello")


def left_out(number, kind):
    address = f"https://app.notion.com/p/x#{uid(number).replace('-', '')}"
    tag = f'<unknown url="{address}" alt="{kind}"/>'
    return {"markdown": tag, "truncated": True, "unknown_block_ids": [uid(number)]}


def test_of_a_long_page_only_the_parts_that_are_left_out_are_walked(reading, workspace):
    workspace.page(1)
    parts = range(50, 70)
    for number in parts:
        workspace.block(number, in_page(1), "toggle")
        workspace.page(number + 50, in_block(number))
        workspace.hide(number + 50)
    told = [left_out(number, "toggle") for number in parts]
    follow_ups = {f"p{n}": {"markdown": tag(n + 50)} for n in parts}
    whole = {
        "markdown": "\n".join(each["markdown"] for each in told),
        "truncated": True,
        "unknown_block_ids": [uid(number) for number in parts],
    }
    Written(workspace, p1=whole, **follow_ups)

    reading.full("pages")

    live = reading.store.live()
    assert live.keys() == ids(1, *(number + 50 for number in parts))
    assert {live[uid(n + 50)].parent_id for n in parts} == {uid(1)}
    assert workspace.calls("/blocks") == len(parts) - MOST_FOLLOW_UPS


@pytest.mark.parametrize(
    "told",
    [
        {"markdown": "<page>Without its address</page>"},
        {"markdown": '<database data-source-url="collection://x">D</database>'},
        {"markdown": "Cut", "truncated": True},
        {"markdown": '<unknown url="x" alt="carousel"/>', "unknown_block_ids": ["b"]},
        {"markdown": None},
        {"markdown": "Cut", "truncated": True, "unknown_block_ids": [uid(50)]},
        left_out(50, "child_page"),
        left_out(50, ""),
    ],
)
def test_where_a_page_does_not_tell_all_its_blocks_are_walked(reading, workspace, told):
    workspace.page(1)
    workspace.block(50, in_page(1), "carousel")
    workspace.page(2, in_block(50))
    workspace.hide(2)
    Written(workspace, p1=told)

    reading.full("pages")

    assert reading.store.live().keys() == ids(1, 2)


def test_a_page_of_many_children_is_read_over_several_steps(reading, workspace):
    workspace.page(1)
    for number in range(100, 140):
        workspace.page(number, in_page(1))
        workspace.hide(number)
    lines = [tag(number) for number in range(100, 140)]
    # Linked views are nothing, and must not be asked for for ever.
    lines += [tag(number, "database") for number in range(200, 230)]
    Written(workspace, p1={"markdown": "\n".join(lines)})

    reading.full("pages")

    assert reading.store.live().keys() == ids(1, *range(100, 140))
    assert all(workspace.asked_for(number) == 1 for number in range(200, 230))


def test_of_very_many_children_the_page_is_walked_and_the_cursor_stays_short(
    reading, workspace
):
    workspace.page_size = 100
    workspace.page(1)
    workspace.block(50, in_page(1), "toggle")
    workspace.page(51, in_block(50))
    pages, databases = range(100, 100 + MOST_PARTS), range(300, 310)
    for number in pages:
        workspace.page(number, in_page(1))
    for number in databases:
        workspace.database(number, [number + 100], in_page(1))
    sources = [number + 100 for number in databases]
    workspace.hide(51, *pages, *sources)
    told = [tag(number) for number in (51, *pages)]
    told += [tag(number, "database") for number in databases]
    Written(workspace, p1={"markdown": "\n".join(told)})

    steps = reading.listing("fetch_page", "pages")

    assert max(len(each.next_cursor or "") for each in steps) < 1000
    live = reading.store.live()
    assert live.keys() == ids(1, 51, *pages, *databases, *sources)


@pytest.mark.parametrize(("count", "pending"), [(100, set()), (150, {OUT_OF_REACH})])
def test_new_children_that_no_walk_can_reach_are_told(
    reading, workspace, count, pending
):
    """The blocks of a page are refused, although its Markdown was answered."""
    workspace.page_size = 100
    workspace.page(1)
    reading.full("pages")
    workspace.things[uid(1)]["last_edited_time"] = LATE
    children = range(100, 100 + count)
    for number in children:
        workspace.page(number, in_page(1))
    workspace.hide(*children)
    Written(workspace, p1={"markdown": "\n".join(tag(each) for each in children)})
    workspace.closed.add(uid(1))

    pages = reading.listing("fetch_page", "pages", since=SINCE)

    assert {page.pending for page in pages if page.pending} == pending
    found = reading.store.live().keys() - ids(1)
    assert found == (set() if pending else ids(*children))


def test_a_child_that_an_edited_page_does_not_tell_any_more_is_asked_for(
    reading, workspace
):
    workspace.page_size = 2
    for number in range(1, 5):
        workspace.page(number)
    workspace.page(9, in_page(1))
    Written(workspace, p1={"markdown": tag(9)})
    reading.full("pages")
    workspace.things[uid(1)]["last_edited_time"] = LATE
    workspace.things[uid(2)]["last_edited_time"] = LATE
    workspace.trash(9)
    Written(workspace)

    reading.changes("pages", SINCE)

    assert reading.store.deleted == {("pages", uid(9)): TRASHED}


def test_a_page_that_is_long_and_full_of_new_children_is_asked_each_thing_once(
    reading, workspace
):
    """Its children take several steps, and none asks again for what it told."""
    workspace.page(1)
    parts, new = range(50, 60), range(100, 140)
    for number in parts:
        workspace.block(number, in_page(1), "toggle")
    for number in new:
        holder = parts[number % len(parts)]
        workspace.page(number, in_block(holder))
        workspace.hide(number)
    inside = {
        f"p{part}": {"markdown": "\n".join(tag(n) for n in new if n % len(parts) == at)}
        for at, part in enumerate(parts)
    }
    whole = {
        "markdown": "\n".join(left_out(part, "toggle")["markdown"] for part in parts),
        "truncated": True,
        "unknown_block_ids": [uid(part) for part in parts],
    }
    Written(workspace, p1=whole, **inside)

    pages = reading.listing("fetch_page", "pages")

    live = reading.store.live()
    assert live.keys() == ids(1, *new)
    assert {live[uid(number)].parent_id for number in new} == {uid(1)}
    texts = [urlsplit(each.url).path for each in workspace.requests]
    told = [each for each in texts if each.endswith("/markdown")]
    assert len(told) == len(set(told)) == 1 + MOST_FOLLOW_UPS + len(new)
    assert all(workspace.calls(f"/pages/{uid(number)}/m") == 1 for number in new)
    assert sum(uid(1) in page.contents for page in pages) == 1

"""Pages and databases are found completely, although search leaves things out."""

from datetime import UTC, datetime

import pytest

from integrations.providers.notion.listing.walking import MAX_DEPTH, is_due
from integrations.providers.notion.mapping.items import NOT_SHOWN, TRASHED
from integrations.providers.stored import StoredItem
from tests.providers.notion.workspace import UNSEEN, in_block, in_page, in_source, uid

LATE = "2026-11-22T09:30:00.000Z"
SINCE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def ids(*numbers):
    return {uid(number) for number in numbers}


def hide(workspace, *numbers):
    workspace.unsearchable |= ids(*numbers)


def test_what_search_leaves_out_is_found_in_the_blocks_of_pages(reading, workspace):
    workspace.page(1)
    workspace.block(50, in_page(1), "column_list")
    workspace.block(51, in_block(50), "column")
    workspace.block(52, in_block(51), "toggle")
    workspace.page(2, in_block(52))
    for number in range(3, 7):
        workspace.page(number, in_page(number - 1))
    hide(workspace, 2, 3, 4, 5, 6)

    reading.full("databases", "pages")

    live = reading.store.live()
    assert live.keys() == ids(1, 2, 3, 4, 5, 6)
    assert live[uid(2)].parent_id == uid(1)
    assert live[uid(6)].parent_id == uid(5)


def test_a_block_around_a_page_is_walked_up_once(reading, workspace):
    workspace.page(1)
    workspace.block(50, in_page(1), "callout")
    workspace.page(2, in_block(50))
    reading.full("pages")
    climbed = workspace.calls(f"/blocks/{uid(50)}")
    before = reading.store.live()

    reading.full("pages")

    assert before[uid(2)].parent_id == uid(1)
    assert reading.store.live() == before
    assert climbed
    alone = [r for r in workspace.requests if r.url.endswith(uid(50))]
    assert len(alone) == 1


def test_many_blocks_are_walked_over_several_steps(reading, workspace):
    workspace.page(1)
    for number in range(100, 130):
        workspace.block(number, in_page(1), "toggle")
        workspace.page(number + 100, in_block(number))
        hide(workspace, number + 100)

    reading.full("pages")

    assert len(reading.store.live()) == 31


def test_both_data_sources_of_a_database_are_found(reading, workspace):
    workspace.page(1)
    workspace.database(10, [11, 12], in_page(1))
    hide(workspace, 12)

    reading.full("databases", "pages")

    live = reading.store.live("databases")
    assert live.keys() == ids(10, 11, 12)
    assert live[uid(10)].children == (uid(11), uid(12))
    assert live[uid(12)].parent_id == uid(10)
    assert reading.store.collections == ids(11, 12)


def test_a_database_that_search_does_not_know_is_found_inside_its_page(
    reading, workspace
):
    workspace.page(1)
    workspace.database(10, [11], in_page(1))
    hide(workspace, 11)

    reading.full("databases", "pages")

    assert reading.store.live("databases").keys() == ids(10, 11)
    assert reading.store.collections == ids(11)


def test_a_linked_view_of_a_database_is_nothing(reading, workspace):
    workspace.page(1)
    workspace.block(60, in_page(1), "child_database")

    reading.full("pages")

    assert reading.store.live().keys() == ids(1)


def test_rows_are_left_to_their_data_source(reading, workspace):
    workspace.database(10, [11])
    workspace.page(20, in_source(11))
    hide(workspace, 11)

    reading.full("databases", "pages")

    assert reading.store.live("pages") == {}
    assert reading.store.live("databases").keys() == ids(10, 11)
    assert reading.store.collections == ids(11)


def test_a_row_that_is_shared_without_its_database_is_a_page(reading, workspace):
    workspace.database(10, [11])
    workspace.page(20, in_source(11))
    workspace.unshared |= ids(10, 11)

    reading.full("databases", "pages")

    assert reading.store.live("pages")[uid(20)].parent_id == uid(11)


def test_pages_inside_rows_are_found(reading, workspace):
    workspace.database(10, [11])
    workspace.page(20, in_source(11))
    workspace.page(21, in_page(20))
    hide(workspace, 21)
    reading.full("databases")
    row = {"results": [workspace.things[uid(20)]], "has_more": False}
    reading.workspace._answer = _answering_rows(workspace, row)
    reading.full(uid(11))

    reading.full("pages")

    assert reading.store.live("pages").keys() == ids(21)


def _answering_rows(workspace, rows):
    ordinary = workspace._answer

    def answer(steps, query, body):
        if steps[-1] == "query":
            is_archived = body.get("is_archived")
            return {"results": [], "has_more": False} if is_archived else rows
        return ordinary(steps, query, body)

    return answer


def test_absence_from_search_hides_nothing(reading, workspace):
    for number in range(1, 6):
        workspace.page(number)
    reading.full("pages")
    hide(workspace, 1, 2, 3, 4, 5)

    reading.full("pages")

    assert len(reading.store.live()) == 5
    assert reading.store.deleted == {}


def test_what_is_neither_listed_nor_answered_is_swept(reading, workspace):
    workspace.page(1)
    workspace.page(2)
    reading.full("pages")
    workspace.unshared |= ids(2)

    reading.full("pages")

    assert reading.store.live().keys() == ids(1)
    assert reading.store.deleted == {("pages", uid(2)): UNSEEN}


def test_a_grant_that_returns_loses_nothing(reading, workspace):
    workspace.page(1)
    workspace.page(2, in_page(1))
    reading.full("pages")
    before = reading.store.live()
    workspace.unshared |= ids(1, 2)
    reading.full("pages")
    workspace.unshared.clear()
    hide(workspace, 2)

    reading.full("pages")

    assert reading.store.live() == before


def test_what_lives_on_below_the_trash_is_kept_and_marked(reading, workspace):
    workspace.page(1)
    workspace.page(2, in_page(1))
    workspace.page(3, in_page(2))
    workspace.page(4, in_page(3))
    reading.full("pages")
    workspace.trash(2)

    reading.full("pages")
    once = dict(reading.store.rows)
    reading.full("pages")

    live = reading.store.live()
    assert live.keys() == ids(1, 3, 4)
    assert reading.store.deleted == {("pages", uid(2)): TRASHED}
    assert live[uid(3)].visibility is False
    assert live[uid(3)].properties["about.buried"] is True
    assert reading.store.rows == once


def test_a_restored_page_comes_back_with_what_it_holds(reading, workspace):
    workspace.page(1)
    workspace.page(2, in_page(1))
    workspace.page(3, in_page(2))
    reading.full("pages")
    before = reading.store.live()
    workspace.trash(2)
    reading.full("pages")
    workspace.things[uid(2)]["in_trash"] = False
    hide(workspace, 2, 3)

    reading.full("pages")

    assert reading.store.live() == before


def test_archived_pages_stay_and_say_so(reading, workspace):
    workspace.page(1, is_archived=True)

    reading.full("pages")

    page = reading.store.live()[uid(1)]
    assert page.visibility is False
    assert page.properties["about.archived"] is True


def test_the_trash_is_noticed_between_full_refreshes(reading, workspace):
    workspace.page(1)
    workspace.page(2)
    workspace.database(10, [11])
    reading.full("databases", "pages")
    workspace.trash(2)
    workspace.trash(11)

    reading.listing("fetch_deleted", "pages")
    reading.listing("fetch_deleted", "databases")

    assert reading.store.deleted == {
        ("pages", uid(2)): TRASHED,
        ("databases", uid(11)): TRASHED,
    }


def test_an_index_of_the_trash_that_lags_hides_nothing(reading, workspace):
    workspace.page(1)
    reading.full("pages")
    stale = {**workspace.things[uid(1)], "in_trash": True}
    workspace._search = lambda body: {"results": [stale], "has_more": False}

    reading.listing("fetch_deleted", "pages")

    assert reading.store.deleted == {}


def test_a_missing_parent_is_looked_for_upwards(reading, workspace):
    workspace.page(1)
    workspace.page(2, in_page(1))
    workspace.page(3, in_page(2))
    workspace.page(4, in_page(1))
    hide(workspace, 1, 2, 4)

    reading.full("pages")

    assert reading.store.live().keys() == ids(1, 2, 3, 4)


def test_an_unshared_parent_is_a_gap_and_not_a_loss(reading, workspace):
    workspace.page(1)
    workspace.page(2, in_page(1))
    workspace.block(50, in_page(1), "toggle")
    workspace.page(3, in_block(50))
    workspace.unshared |= ids(1, 50)

    reading.full("pages")

    live = reading.store.live()
    assert live.keys() == ids(2, 3)
    assert live[uid(2)].parent_id == uid(1)
    assert live[uid(3)].parent_id is None
    assert live[uid(3)].parent_path_or_name == "A page that is not shared"


def test_pages_that_hold_each_other_end_the_search_for_a_parent(reading, workspace):
    workspace.page(1, in_page(2))
    workspace.page(2, in_page(1))

    reading.full("pages")

    assert reading.store.live().keys() == ids(1, 2)


def test_a_partial_hit_is_fetched_in_full(reading, workspace):
    workspace.page(1)
    whole = workspace.things[uid(1)]
    partial = {"object": "page", "id": uid(1).upper().replace("-", "")}
    workspace._search = lambda body: {"results": [partial], "has_more": False}

    reading.full("pages")

    assert whole["parent"]
    assert reading.store.live()[uid(1)].name == "Page 1"


def test_objects_nobody_has_heard_of_are_left_alone(reading, workspace):
    strange = {"object": "hologram", "id": uid(1)}
    workspace._search = lambda body: {"results": [strange, None], "has_more": False}

    (page, *_) = reading.listing("fetch_page", "pages")

    assert page.items == []
    assert page.unreadable == 1


def test_an_increment_ends_where_it_began(reading, workspace):
    for number in range(1, 8):
        workspace.page(number)
    workspace.page(8, last_edited_time=LATE)

    reading.changes("pages", SINCE)

    assert reading.store.live().keys() == ids(8)
    assert workspace.calls("/search") == 1


def test_an_increment_finds_what_an_edited_page_holds(reading, workspace):
    workspace.page(1)
    reading.full("pages")
    workspace.things[uid(1)]["last_edited_time"] = LATE
    workspace.page(2, in_page(1))
    hide(workspace, 2)

    reading.changes("pages", reading.store.now)

    assert reading.store.live().keys() == ids(1, 2)


def test_a_data_source_that_changed_brings_its_database(reading, workspace):
    workspace.database(10, [11])
    reading.full("databases")
    workspace.things[uid(11)]["last_edited_time"] = LATE
    workspace.things[uid(10)]["title"] = [{"plain_text": "Renamed"}]

    reading.changes("databases", SINCE)

    assert reading.store.live()[uid(10)].name == "Renamed"


def test_later_passes_walk_what_changed_and_a_share_of_the_rest(reading, workspace):
    for number in range(1, 31):
        workspace.page(number)
    reading.full("pages")
    first = workspace.calls("/blocks")
    workspace.requests.clear()

    reading.full("pages")

    assert first == 30
    assert 0 < workspace.calls("/blocks") < 15


def test_without_a_view_on_the_store_the_listing_says_that_it_has_gaps(
    notion, workspace
):
    workspace.page(1)
    notion.api.transport = workspace
    context = notion.context(remote_id="pages")

    page = notion.connector.fetch_page(notion.api, context, cursor=None)

    assert page.next_cursor is None
    assert page.incomplete


def pending_of(reading):
    """Read all pages and return what the listing left open."""
    notes = (page.pending for page in reading.listing("fetch_page", "pages"))
    return {note.kind.value for note in notes if note}


def test_a_search_that_is_cut_short_says_that_it_is_not_exhaustive(reading, workspace):
    workspace.page(1)
    assert pending_of(reading) == set()
    workspace.is_capped = True

    assert pending_of(reading) == {"not_exhaustive"}


def test_blocks_that_are_too_deep_for_the_walk_are_told(reading, workspace):
    workspace.page(1)
    workspace.block(100, in_page(1), "toggle")
    for number in range(100, 100 + MAX_DEPTH):
        workspace.block(number + 1, in_block(number), "toggle")

    assert pending_of(reading) == {"not_exhaustive"}


@pytest.mark.parametrize("kind", ["pages", "databases"])
def test_the_unchanged_is_the_same_in_every_pass(reading, workspace, kind):
    workspace.page(1)
    workspace.block(50, in_page(1), "toggle")
    workspace.database(10, [11, 12], in_block(50))
    workspace.page(2, in_block(50))
    reading.full("databases", "pages")
    before = dict(reading.store.rows)

    reading.full("databases", "pages")
    reading.changes(kind, datetime(2026, 1, 1, tzinfo=UTC))

    assert reading.store.rows == before


@pytest.mark.parametrize(
    ("about", "since", "is_walked"),
    [
        ({"collection_id": "pages", "crowd": 90_000, "changed": SINCE}, None, True),
        ({"collection_id": uid(11), "crowd": 900, "changed": SINCE}, None, True),
        ({"collection_id": uid(11), "crowd": 900, "changed": SINCE}, SINCE, True),
        ({"collection_id": uid(11), "crowd": 90_000, "changed": SINCE}, SINCE, False),
        ({"type": "database", "collection_id": "databases"}, None, False),
    ],
)
def test_pages_are_walked_before_the_rows_of_large_tables(
    reading, about, since, is_walked
):
    stored = reading.context("pages").stored
    given = {"id": uid(1), "type": "page", "changed": SINCE, **about}

    assert is_due(StoredItem(**given), stored, since=since) is is_walked


def test_each_row_of_a_large_table_has_its_turn(reading):
    stored = reading.context("pages").stored
    rows = [
        StoredItem(
            id=uid(number),
            type="page",
            collection_id=uid(11),
            crowd=1200,
            changed=SINCE,
        )
        for number in range(1200)
    ]
    walked = []
    for turn in range(3):
        stored.turn = turn
        walked.append({row.id for row in rows if is_due(row, stored, since=None)})

    assert all(len(each) < 600 for each in walked)
    assert len(set.union(*walked)) == 1200


def asked_for(workspace, number):
    """Count the requests that name one thing, whatever they take it for."""
    return sum(1 for request in workspace.requests if uid(number) in request.url)


def test_a_parent_that_is_not_shared_is_asked_for_once(reading, workspace):
    # More than one step can ask for, with several pages inside each.
    for number in range(100, 120):
        workspace.page(number)
        for child in range(number * 10, number * 10 + 3):
            workspace.page(child, in_page(number))
    workspace.page(1)
    workspace.page(2, in_page(1))
    hide(workspace, 1)
    workspace.unshared |= ids(*range(100, 120))

    for _ in range(2):
        workspace.requests.clear()
        reading.full("pages")

        asked = {number: asked_for(workspace, number) for number in range(100, 120)}
        assert set(asked.values()) == {1}
        assert len(reading.store.live()) == 62


def test_a_database_that_is_not_shared_is_asked_for_as_such(reading, workspace):
    workspace.database(10, [11])
    workspace.page(20, in_source(11))
    workspace.page(21, in_source(11))
    workspace.unshared |= ids(10, 11)
    reading.full("databases", "pages")
    workspace.requests.clear()

    reading.full("pages")

    assert workspace.calls(f"/data_sources/{uid(11)}") == 1
    assert asked_for(workspace, 11) == 1
    workspace.unshared.clear()
    reading.full("pages")
    assert reading.store.live("databases").keys() == ids(10, 11)


def test_what_an_incremental_sync_should_have_been_shown_is_asked_for(
    reading, workspace
):
    for number in range(1, 9):
        workspace.page(number)
    reading.full("pages")
    workspace.trash(3)
    workspace.unshared |= ids(5)
    hide(workspace, 7)
    workspace.page_size = 100
    workspace.requests.clear()

    reading.changes("pages", SINCE)

    assert reading.store.deleted == {
        ("pages", uid(3)): TRASHED,
        ("pages", uid(5)): NOT_SHOWN,
    }
    assert workspace.calls("/pages") == 3


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
    hide(workspace, 2, 11)
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


@pytest.mark.parametrize(
    "told",
    [
        {"markdown": "<page>Without its address</page>"},
        {"markdown": '<database data-source-url="collection://x">D</database>'},
        {"markdown": "Cut", "truncated": True},
        {"markdown": '<unknown url="x" alt="carousel"/>', "unknown_block_ids": ["b"]},
        {"markdown": None},
    ],
)
def test_where_a_page_does_not_tell_all_its_blocks_are_walked(reading, workspace, told):
    workspace.page(1)
    workspace.block(50, in_page(1), "carousel")
    workspace.page(2, in_block(50))
    hide(workspace, 2)
    Written(workspace, p1=told)

    reading.full("pages")

    assert reading.store.live().keys() == ids(1, 2)


def test_a_page_of_many_children_is_read_over_several_steps(reading, workspace):
    workspace.page(1)
    for number in range(100, 140):
        workspace.page(number, in_page(1))
        hide(workspace, number)
    lines = [tag(number) for number in range(100, 140)]
    # Linked views are nothing, and must not be asked for for ever.
    lines += [tag(number, "database") for number in range(200, 230)]
    Written(workspace, p1={"markdown": "\n".join(lines)})

    reading.full("pages")

    assert reading.store.live().keys() == ids(1, *range(100, 140))
    assert all(asked_for(workspace, number) == 1 for number in range(200, 230))


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

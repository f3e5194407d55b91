"""Later passes read what changed, and everything else in turn."""

from datetime import UTC, datetime

import pytest

from integrations.providers.notion.listing.walking import MAX_DEPTH, is_due
from integrations.providers.notion.mapping.items import NOT_SHOWN, TRASHED
from integrations.providers.stored import StoredItem
from tests.providers.notion.invented.workspace import (
    ids,
    in_block,
    in_page,
    in_source,
    uid,
)

LATE = "2026-11-22T09:30:00.000Z"

SINCE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


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
    workspace.hide(2)

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


def test_a_parent_that_is_not_shared_is_asked_for_once(reading, workspace):
    # More than one step can ask for, with several pages inside each.
    for number in range(100, 120):
        workspace.page(number)
        for child in range(number * 10, number * 10 + 3):
            workspace.page(child, in_page(number))
    workspace.page(1)
    workspace.page(2, in_page(1))
    workspace.hide(1)
    workspace.unshared |= ids(*range(100, 120))

    for _ in range(2):
        workspace.requests.clear()
        reading.full("pages")

        asked = {number: workspace.asked_for(number) for number in range(100, 120)}
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
    assert workspace.asked_for(11) == 1
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
    workspace.hide(7)
    workspace.page_size = 100
    workspace.requests.clear()

    reading.changes("pages", SINCE)

    assert reading.store.deleted == {
        ("pages", uid(3)): TRASHED,
        ("pages", uid(5)): NOT_SHOWN,
    }
    assert workspace.calls("/pages") == 3

"""What is not found any more is deleted, trashed, archived, or merely not shown."""

from integrations.providers.notion.mapping.items import TRASHED
from tests.providers.notion.invented.workspace import (
    UNSEEN,
    ids,
    in_block,
    in_page,
    uid,
)


def test_absence_from_search_hides_nothing(reading, workspace):
    for number in range(1, 6):
        workspace.page(number)
    reading.full("pages")
    workspace.hide(1, 2, 3, 4, 5)

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
    workspace.hide(2)

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
    workspace.hide(2, 3)

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
    workspace.hide(1, 2, 4)

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

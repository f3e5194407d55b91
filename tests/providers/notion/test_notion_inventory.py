"""Pages and databases are found completely, although search leaves things out."""

from tests.providers.notion.invented.workspace import (
    ids,
    in_block,
    in_page,
    in_source,
    uid,
)


def test_what_search_leaves_out_is_found_in_the_blocks_of_pages(reading, workspace):
    workspace.page(1)
    workspace.block(50, in_page(1), "column_list")
    workspace.block(51, in_block(50), "column")
    workspace.block(52, in_block(51), "toggle")
    workspace.page(2, in_block(52))
    for number in range(3, 7):
        workspace.page(number, in_page(number - 1))
    workspace.hide(2, 3, 4, 5, 6)

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
        workspace.hide(number + 100)

    reading.full("pages")

    assert len(reading.store.live()) == 31


def test_both_data_sources_of_a_database_are_found(reading, workspace):
    workspace.page(1)
    workspace.database(10, [11, 12], in_page(1))
    workspace.hide(12)

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
    workspace.hide(11)

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
    workspace.hide(11)

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
    workspace.hide(21)
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

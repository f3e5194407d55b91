"""Cursors, pages and rows are read by the same rules for every provider."""

import logging

import pytest

from integrations.http.errors import InvalidResponse, Network
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.listing import (
    MAX_CURSOR,
    Rows,
    all_pages,
    expect_cursor,
    first_pages,
    map_rows,
    next_cursor,
    read_rows,
    to_page,
)
from integrations.providers.records import IntegrationItem


def test_a_cursor_is_sent_back_as_it_was_given():
    assert next_cursor({"at": " Ab=/+"}, "at", None) == " Ab=/+"
    assert next_cursor({"at": "x" * MAX_CURSOR}, "at", "y") == "x" * MAX_CURSOR


def test_only_no_cursor_is_the_end():
    assert next_cursor({"at": None}, "at", "1") is None
    assert next_cursor({}, "at", "1") is None
    with pytest.raises(InvalidResponse):
        expect_cursor(None, "1", where="x")


@pytest.mark.parametrize("odd", ["", 0, 1, False, [], {}, "x" * (MAX_CURSOR + 1)])
def test_an_odd_cursor_is_an_error_and_never_the_end(odd):
    with pytest.raises(InvalidResponse):
        next_cursor({"at": odd}, "at", None)


def test_a_cursor_that_stands_still_is_an_error():
    with pytest.raises(InvalidResponse):
        next_cursor({"at": "1"}, "at", "1")


@pytest.mark.parametrize("odd", [None, [], "x", 7])
def test_an_odd_answer_is_an_error_and_never_the_end(odd):
    with pytest.raises(InvalidResponse):
        next_cursor(odd, "at", None)
    with pytest.raises(InvalidResponse):
        read_rows(odd, "rows", lambda row: row["id"])
    with pytest.raises(InvalidResponse):
        read_rows({"rows": odd} if odd != [] else {}, "rows", lambda row: row["id"])


def pages_of(*following):
    """Return what answers with its number and the cursors that follow."""
    asked = []

    def fetch(cursor):
        asked.append(cursor)
        return len(asked), following[len(asked) - 1]

    return fetch, asked


def test_all_pages_are_read_to_their_end():
    fetch, asked = pages_of("a", "b", None)

    assert list(all_pages(fetch, most=3)) == [1, 2, 3]
    assert asked == [None, "a", "b"]


def test_a_listing_without_an_end_is_bounded():
    fetch, _ = pages_of("a", "b", "c")
    with pytest.raises(InvalidResponse):
        list(all_pages(fetch, most=2))

    fetch, _ = pages_of("a", "b", "c")
    assert list(first_pages(fetch, most=2)) == [1, 2]


def test_a_listing_that_goes_round_is_an_error():
    fetch, _ = pages_of("a", "b", "a", "b")

    with pytest.raises(InvalidResponse):
        list(first_pages(fetch, most=50))


@pytest.mark.parametrize(
    "mistake",
    [InvalidResponse("odd"), KeyError("x"), TypeError(), ZeroDivisionError()],
)
def test_an_odd_row_costs_that_row_and_is_named(mistake):
    def to_value(row):
        if row["id"] == "2":
            raise mistake
        return row["id"]

    found = read_rows({"rows": [{"id": "1"}, {"id": "2"}, None]}, "rows", to_value)

    assert (found.mapped, found.unreadable) == (["1"], 2)
    assert found.unreadable_ids == ["2"]


def test_a_mistake_of_ours_is_logged_by_its_place_without_values(caplog):
    def to_value(row):
        raise ValueError("secret of ana@example.com")

    with caplog.at_level(logging.ERROR):
        found = map_rows([{"id": "1"}], to_value)

    assert [mistake.error for mistake in found.mistakes] == ["ValueError"]
    assert "ValueError at tests/providers/shared/test_listing.py:" in caplog.text
    assert "ana@example.com" not in caplog.text


@pytest.mark.parametrize("failure", [Network("read timed out"), OSError(), Exception()])
def test_what_says_nothing_about_the_row_fails_the_page(failure):
    def to_value(row):
        raise failure

    with pytest.raises(type(failure)):
        map_rows([{"id": "1"}], to_value)


def test_what_a_page_lists_is_there_whatever_another_row_says_of_it():
    rows = Rows(
        mapped=[IntegrationItem(id=each, type="contact", name=each) for each in "ab"]
    )
    merged = Deletion(kind=DeletionKind.MERGED, detail="b")

    page = to_page(rows, None, deleted={"a": merged, "c": merged})

    assert page.deleted == {"c": merged}

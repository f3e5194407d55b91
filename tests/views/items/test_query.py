"""The query string of the items list: every odd value is harmless."""

import base64
import json
from uuid import uuid4

import pytest
from django.http import QueryDict
from msgspec.structs import replace

from integrations.http.secrets import Secret
from integrations.services.common.sealing.opaque import to_token
from integrations.services.items.lists.query import ItemQuery, Position
from tests.support.rows import NOON


def parse(text: str) -> ItemQuery:
    return ItemQuery.parse(QueryDict(text))


def test_an_empty_query_string_is_the_default_list():
    assert parse("") == ItemQuery()
    assert ItemQuery().url == "/items/"


def test_a_full_query_string_is_read_and_written_back_the_same():
    pk, position = uuid4(), Position(field="sort_name", value="ada", id=7)
    text = (
        f"q=ada&provider=hubspot&connection={pk}&type=contact&collection={pk}"
        f"&state=deleted&sort=name&size=100&after={position.to_token()}"
    )

    query = parse(text)

    assert query.search == "ada"
    assert query.after == position
    assert query.url == f"/items/?{text}"
    assert parse(query.url.partition("?")[2]) == query


@pytest.mark.parametrize(
    "text",
    [
        "provider=nobody",
        "type=%3Cscript%3E",
        "type=" + "x" * 41,
        "connection=1",
        "collection=odd",
        "parent=1",
        "linked_to=1",
        "state=maybe",
        "news=odd",
        "view=odd",
        "sort=id",
        "sort=--name",
        "size=26",
        "size=-1",
        "size=1e3",
        "amount__gt=3",
        "after=!!!",
        "before=%F0%9F%98%80",
        "after=" + "A" * 5000,
    ],
)
def test_an_odd_value_falls_back_to_its_default_and_is_told(text):
    query = parse(text)

    assert replace(query, left_out=(), look_left_out=()) == ItemQuery()
    assert len([*query.left_out, *query.look_left_out]) == 1


def test_the_end_of_a_long_search_is_told_too():
    assert len(parse("q=" + "x" * 201).left_out) == 1
    assert parse("q=" + "x" * 200).left_out == ()


@pytest.mark.parametrize(
    "text",
    [
        "collection=%00",
        "page=3",
        "q=%00",
        "q=+++",
        "state=",
    ],
)
def test_what_means_nothing_is_no_part_of_a_list(text):
    assert parse(text) == ItemQuery()


POSITION = Position(field="sort_name", value="zoë müller", id=70_123)


def test_a_token_shows_neither_a_name_nor_a_row_number():
    token = POSITION.to_token()
    clear = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))

    assert parse(f"sort=name&after={token}").after == POSITION
    assert b"zo" not in clear
    assert b"sort_name" not in clear
    assert b"70123" not in clear


def test_the_same_position_has_the_same_address():
    assert POSITION.to_token() == POSITION.to_token()


def test_the_token_of_the_longest_name_stands_in_an_address():
    position = replace(POSITION, value="\U0001f600" * 80)
    token = position.to_token()

    assert len(token) < 600
    assert parse(f"sort=name&after={token}").after == position


def test_an_altered_token_is_no_token():
    token = POSITION.to_token()
    altered = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        for at in range(len(token) - 1)
    ]

    for each in [*altered, token[:-2], token[4:], token * 2, token + "AAAA"]:
        assert parse(f"sort=name&after={each}").after is None, each


def test_a_token_of_another_column_or_purpose_is_no_token():
    raw = json.dumps(["sort_name", "ada", 1, 0])

    assert parse(f"sort=created&after={POSITION.to_token()}").after is None
    assert parse(f"sort=name&after={to_token(raw, purpose='other')}").after is None


def test_a_token_outlives_a_new_first_key(settings):
    token = POSITION.to_token()
    new = base64.b64encode(b"n" * 32).decode()
    settings.TOKEN_KEYS = Secret(f"new:{new},{settings.TOKEN_KEYS.reveal()}")

    assert POSITION.to_token() != token
    assert parse(f"sort=name&after={token}").after == POSITION


def test_a_position_keeps_its_microseconds():
    at = NOON.replace(microsecond=123456)
    token = Position(field="remote_updated_at", value=at, id=3).to_token()

    assert parse(f"after={token}").after.value == at


def test_changing_a_filter_starts_at_the_first_page():
    query = ItemQuery(after=Position(field="remote_updated_at", value=NOON, id=3))

    assert query.change(sort="name").after is None
    assert "after" not in query.without("q").url


def test_taking_one_filter_off_keeps_the_others():
    query = parse("q=ada&type=contact&sort=name")

    assert query.without("q").url == "/items/?type=contact&sort=name"


def test_a_long_search_is_cut():
    assert len(parse("q=" + "x" * 5000).search) == 200


@pytest.mark.parametrize(
    "odd",
    ["", "new", "new-", "old-20261101T000000Z", "new-2026", "new-00010101T000000Z"],
)
def test_odd_news_are_no_filter(odd):
    assert ItemQuery.parse({"news": odd}).news is None


def test_news_survive_their_address():
    query = ItemQuery.parse({"news": "changed-20261101T120000Z"})

    assert query.filters == {"news": "changed-20261101T120000Z"}
    assert query.without("news").filters == {}

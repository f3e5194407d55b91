"""The query string of the items list: every odd value is harmless."""

from uuid import uuid4

import pytest
from django.http import QueryDict

from integrations.services.items.query import ItemQuery, Position
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
        "collection=%00",
        "state=maybe",
        "sort=id",
        "sort=--name",
        "size=26",
        "size=-1",
        "size=1e3",
        "after=!!!",
        "before=%F0%9F%98%80",
        "after=" + "A" * 5000,
        "page=3",
        "q=%00",
        "q=+++",
    ],
)
def test_an_odd_value_falls_back_to_its_default(text):
    assert parse(text) == ItemQuery()


@pytest.mark.parametrize(
    "raw",
    [
        '["remote_updated_at","2026-11-01",0]',
        '["remote_updated_at","2026-11-01",9223372036854775808]',
        '["remote_updated_at","2026-11-01",true]',
        '["remote_updated_at","2026-11-01","1"]',
        '["remote_updated_at","0001-01-01T00:00:00+14:00",1]',
        '["remote_updated_at","yesterday",1]',
        '["remote_updated_at",5,1]',
        '["sort_name","ada",1]',
        '["remote_updated_at","2026-11-01"]',
        "{}",
        "[" * 700,
        "null",
    ],
)
def test_a_token_of_something_else_is_no_token(raw):
    import base64

    token = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    assert parse(f"after={token}") == ItemQuery()


def test_a_token_of_half_a_surrogate_is_no_token():
    import base64

    token = base64.urlsafe_b64encode(b'["sort_name","\\ud800",1]').decode()

    assert parse(f"sort=name&after={token}").after is None


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

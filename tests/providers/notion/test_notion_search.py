"""The search for data sources is asked once a run, unless it leads nowhere."""

import pytest

from integrations.http.responses.answers import Answers
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.listing import search
from integrations.providers.notion.mapping.items import DATABASES, PAGES
from integrations.providers.notion.reading.reader import Reader

SEARCH = "POST /v1/search"


def listed(rows, following=None):
    more = {"has_more": following is not None, "next_cursor": following}
    return {"object": "list", "results": rows, **more}


@pytest.fixture
def reader(notion):
    notion.api.answers = Answers()
    return Reader(notion.api, None)


def test_data_sources_are_searched_for_once_and_pages_each_time(notion, reader):
    notion.transport.on(SEARCH, listed([]), times=3)

    for own in (DATABASES, DATABASES, PAGES, PAGES):
        search.search(reader, own, None)

    assert len(notion.transport.requests) == 3


def test_behind_a_forgotten_cursor_the_search_is_asked_from_its_start(notion, reader):
    notion.transport.on(SEARCH, listed([], "c1"))
    notion.transport.on(SEARCH, notion.load("error_cursor"), status=400)
    notion.transport.on(SEARCH, listed([], "c2"))
    following = search.search(reader, DATABASES, None).following

    with pytest.raises(ListingExpiredError):
        search.search(reader, DATABASES, following)

    assert search.search(reader, DATABASES, None).following == "c2"

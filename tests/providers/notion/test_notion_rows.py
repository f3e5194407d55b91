"""Rows of a data source: windows beyond 10,000, incremental syncs, odd rows."""

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from integrations.http.errors import InvalidRequest, InvalidResponse
from integrations.http.sending.transport import Response
from integrations.providers.errors import ListingExpiredError
from integrations.providers.notion.listing.rows import CAPPED
from integrations.providers.notion.mapping.items import MOVED, TRASHED
from integrations.providers.notion.mapping.schema import to_schema

SOURCE = "d1000000-0000-4000-8000-000000000001"
QUERY = f"POST /v1/data_sources/{SOURCE}/query"
GET = f"GET /v1/data_sources/{SOURCE}"
SINCE = datetime(2026, 11, 20, tzinfo=UTC)


def fetch_page(notion, cursor=None):
    return notion.connector.fetch_page(notion.api, notion.context(), cursor=cursor)


def sent(notion, number=-1):
    return json.loads(notion.transport.requests[number].body)


def test_rows_come_in_the_order_of_creation_a_hundred_at_a_time(notion):
    notion.transport.on(QUERY, notion.load("rows_1"))

    page = fetch_page(notion)

    assert sent(notion) == {
        "page_size": 100,
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
    }
    assert [item.parent_id for item in page.items] == [SOURCE, SOURCE]
    assert page.next_cursor


def test_every_call_names_the_version(notion):
    notion.transport.on(QUERY, notion.load("rows_1"))

    fetch_page(notion)

    assert notion.transport.requests[0].headers["Notion-Version"] == "2026-03-11"


def test_a_query_that_is_cut_short_goes_on_at_the_last_time_seen(notion):
    notion.transport.on(QUERY, notion.load("rows_incomplete"))
    notion.transport.on(QUERY, notion.load("rows_2"))
    notion.transport.on(QUERY, notion.load("rows_archived_end"))

    first = fetch_page(notion)
    second = fetch_page(notion, first.next_cursor)
    third = fetch_page(notion, second.next_cursor)

    assert sent(notion, 1)["filter"] == {
        "timestamp": "created_time",
        "created_time": {"on_or_after": "2026-10-02T10:00:00.000Z"},
    }
    assert "start_cursor" not in sent(notion, 1)
    assert third.next_cursor is None
    assert third.incomplete is None


def test_a_crowd_in_one_minute_is_stepped_over_and_told(notion):
    notion.transport.on(QUERY, notion.load("rows_incomplete"))
    notion.transport.on(QUERY, notion.load("rows_incomplete_in_one_minute"))
    for _ in range(2):
        notion.transport.on(QUERY, notion.load("rows_archived_end"))

    pages, cursor = [], None
    for _ in range(4):
        pages.append(fetch_page(notion, cursor))
        cursor = pages[-1].next_cursor

    later = sent(notion, 2)["filter"]["created_time"]["on_or_after"]
    assert later == "2026-10-02T10:01:00.000Z"
    assert cursor is None
    assert pages[-1].incomplete == CAPPED


def test_a_query_that_is_cut_short_without_times_is_an_error(notion):
    cut = {**notion.load("rows_incomplete"), "results": []}
    notion.transport.on(QUERY, cut)

    with pytest.raises(InvalidResponse):
        fetch_page(notion)


def test_an_increment_filters_by_edits_and_still_goes_by_creation(notion):
    notion.transport.on(QUERY, notion.load("rows_incomplete"))
    notion.transport.on(QUERY, notion.load("rows_2"))
    connector, context = notion.connector, notion.context()

    page = connector.fetch_page(notion.api, context, since=SINCE, cursor=None)
    connector.fetch_page(notion.api, context, since=SINCE, cursor=page.next_cursor)

    edited = {
        "timestamp": "last_edited_time",
        "last_edited_time": {"on_or_after": "2026-11-20T00:00:00.000Z"},
    }
    assert sent(notion, 0)["filter"] == edited
    assert sent(notion, 1)["filter"]["and"][0] == edited
    assert sent(notion, 1)["sorts"][0]["timestamp"] == "created_time"
    assert connector.lookback.total_seconds() >= 120


def test_archived_rows_are_listed_after_the_others(notion):
    notion.transport.on(QUERY, notion.load("rows_2"))
    notion.transport.on(QUERY, notion.load("rows_archived_all"))

    first = fetch_page(notion)
    second = fetch_page(notion, first.next_cursor)

    assert "is_archived" not in sent(notion, 0)
    assert sent(notion, 1)["is_archived"] is True
    assert second.next_cursor is None
    (archived,) = second.items
    assert archived.visibility is False
    assert archived.properties["about.archived"] is True


def test_archiving_is_noticed_between_full_refreshes(notion):
    notion.transport.on(QUERY, notion.load("rows_archived"))

    page = notion.connector.fetch_deleted(notion.api, notion.context(), cursor=None)

    assert sent(notion)["is_archived"] is True
    assert [item.visibility for item in page.items] == [False]
    assert page.deleted == {}


def test_odd_rows_are_counted_and_cost_the_others_nothing(notion):
    notion.transport.on(QUERY, notion.load("rows_odd"))

    page = fetch_page(notion)

    assert [item.id[-1] for item in page.items] == ["1"]
    assert page.unreadable == 3
    assert list(page.deleted.values()) == [TRASHED]
    assert list(page.moved.values()) == [MOVED]


def test_a_forgotten_cursor_starts_the_listing_again(notion):
    notion.transport.on(QUERY, notion.load("rows_1"))
    notion.transport.on(QUERY, notion.load("error_cursor"), status=400)
    page = fetch_page(notion)

    with pytest.raises(ListingExpiredError):
        fetch_page(notion, page.next_cursor)


def test_a_refused_first_page_is_no_forgotten_cursor(notion):
    notion.transport.on(QUERY, notion.load("error_cursor"), status=400)

    with pytest.raises(InvalidRequest):
        fetch_page(notion)


class Capped:
    """Be a data source of many rows that gives some to a query, and no more."""

    most = 1_000

    def __init__(self, rows):
        self.rows = rows

    def send(self, request, timeouts, max_bytes):
        body = json.loads(request.body)
        since = body.get("filter", {}).get("created_time", {}).get("on_or_after", "")
        found = [row for row in self.rows if row["created_time"] >= since]
        found = [] if body.get("is_archived") else found
        first = int(body.get("start_cursor", 0))
        last = min(first + body["page_size"], self.most)
        has_more = last < min(len(found), self.most)
        answer = {"results": found[first:last], "has_more": has_more}
        answer["next_cursor"] = str(last) if has_more else None
        if len(found) > self.most:
            answer["request_status"] = {"type": "incomplete"}
        assert urlsplit(request.url).path.endswith("/query")
        return Response(status=200, body=json.dumps(answer).encode())


def test_more_rows_than_a_query_gives_are_read_completely(notion):
    row = notion.load("rows_2")["results"][0]
    notion.api.transport = Capped(
        [
            {
                **row,
                "id": f"a1000000-0000-4000-8000-{number:012d}",
                "created_time": f"2026-10-{1 + number // 1440:02d}"
                f"T{number // 60 % 24:02d}:{number % 60:02d}:00.000Z",
            }
            for number in range(2_500)
        ]
    )
    found, cursor, page = set(), None, None
    for _ in range(200):
        page = fetch_page(notion, cursor)
        found |= {item.id for item in page.items}
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(found) == 2_500
    assert page.incomplete is None


def test_a_wiki_shows_its_data_sources_beside_its_rows(notion):
    source = notion.load("data_source_tasks")
    other = {**source, "id": "d1000000-0000-4000-8000-000000000009"}
    other["parent"] = {"type": "workspace", "workspace": True}
    notion.transport.on(QUERY, {**notion.load("rows_2"), "results": [other]})

    page = notion.connector.fetch_page(
        notion.api, replace(notion.context()), cursor=None
    )

    assert [each.id for each in page.other_collections["databases"].items] == [
        other["id"]
    ]
    assert [each.remote_id for each in page.collections] == [other["id"]]


@pytest.mark.parametrize(
    "properties", [{}, None, {"Cost": {"id": "c", "type": "number", "number": {}}}]
)
def test_a_table_without_a_title_is_no_schema(notion, properties):
    source = {**notion.load("data_source_tasks"), "properties": properties}
    notion.transport.on(GET, source)

    with pytest.raises(InvalidResponse):
        notion.connector.fetch_schema(notion.api, notion.context())


TITLE = {"id": "title", "type": "title", "title": []}


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"Cost": {"id": "c", "type": "number", "number": 1}},
        {"Name": TITLE, "Cost": {"id": "c", "type": "number"}},
    ],
)
def test_a_row_without_its_title_or_values_is_unreadable_and_exists(notion, properties):
    answer = notion.load("rows_1")
    row = answer["results"][0]
    row["properties"] = properties
    notion.transport.on(QUERY, answer)

    page = fetch_page(notion)

    assert (page.unreadable, page.unreadable_ids) == (1, [row["id"]])


def test_a_table_names_the_users_of_its_rows(notion):
    refused = notion.load("error_restricted")
    for answer, status in ((notion.load("users"), 200), (refused, 403)):
        notion.transport.on(GET, notion.load("data_source_tasks"))
        notion.transport.on("GET /v1/users", answer, status=status)

    first, second = (
        notion.connector.fetch_schema(notion.api, context)
        for context in (
            notion.context(),
            replace(notion.context(), schema={"users": {"left": "Bo"}}),
        )
    )

    assert first["users"] == {"33333333-3333-4333-8333-333333333333": "Ana"}
    assert second["users"] == {"left": "Bo"}


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, b"<html>"), (200, b"<html>"), (200, {"status": "ok"}), (503, {})],
)
def test_columns_are_known_without_the_names_of_users(notion, status, body):
    notion.transport.on(GET, notion.load("data_source_tasks"))
    for _ in range(2 if status == 503 else 1):
        notion.transport.on("GET /v1/users", body, status=status)

    schema = notion.connector.fetch_schema(
        notion.api, replace(notion.context(), schema={"users": {"left": "Bo"}})
    )

    assert (schema["users"], schema["refused"]) == ({"left": "Bo"}, ["people"])
    assert schema["ask_again"]
    assert schema["fields"]


@pytest.mark.parametrize(("pages", "told"), [(20, []), (21, ["more_people"])])
def test_people_beyond_those_that_are_read_are_told(notion, pages, told):
    answer = notion.load("users")
    notion.transport.on(GET, notion.load("data_source_tasks"))
    for page in range(min(pages, 20)):
        is_last = page == pages - 1
        more = {"has_more": not is_last, "next_cursor": None if is_last else f"{page}"}
        notion.transport.on("GET /v1/users", {**answer, **more})

    schema = notion.connector.fetch_schema(notion.api, notion.context())

    assert schema["refused"] == told


@pytest.mark.parametrize("beyond", [0, 1])
def test_columns_beyond_those_that_are_kept_are_told(beyond):
    title = {"id": "title", "name": "Name", "type": "title", "title": {}}
    properties = {
        f"C{n}": {"id": f"c{n}", "name": f"C{n}", "type": "checkbox", "checkbox": {}}
        for n in range(500 + beyond)
    }

    schema = to_schema({"properties": {"Name": title, **properties}})

    assert schema["refused"] == ["more_fields"] * beyond

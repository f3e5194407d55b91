"""What a row shows in part is fetched, or said to be there in part."""

import copy

import pytest

from integrations.http.errors import Network
from integrations.providers.kinds import PendingKind
from integrations.providers.notion.reading import rest

SOURCE = "d1000000-0000-4000-8000-000000000001"
QUERY = f"POST /v1/data_sources/{SOURCE}/query"
PAGE = "a1000000-0000-4000-8000-{:012d}"
ROW = PAGE.format(1)
ANA = {"object": "user", "id": PAGE.format(7), "name": "Ana"}


def property_place(name, row=ROW):
    return f"GET /v1/pages/{row}/properties/{name}"


def ids(*numbers):
    return [{"id": PAGE.format(number)} for number in numbers]


def listing(kind, values, *, cursor=None, about=None):
    item = {"object": "property_item", "id": "x", "type": kind}
    return {
        "object": "list",
        "type": "property_item",
        "property_item": {"id": "x", "type": kind, kind: about or {}},
        "results": [{**item, kind: value} for value in values],
        "has_more": cursor is not None,
        "next_cursor": cursor,
    }


def announce(notion, properties, *, rows=1):
    answer = notion.load("rows_archived_end")
    (template, *_) = notion.load("rows_1")["results"]
    for number in range(1, rows + 1):
        row = copy.deepcopy(template)
        row["id"] = PAGE.format(number)
        row["properties"] |= properties
        answer["results"].append(row)
    notion.transport.on(QUERY, answer)


def read(notion, properties):
    announce(notion, properties)
    page = notion.connector.fetch_page(notion.api, notion.context(), cursor=None)
    return page, page.items[0].properties


def relation(count, *, has_more=True):
    return {
        "id": "rl%3DB",
        "type": "relation",
        "relation": ids(*range(count)),
        "has_more": has_more,
    }


def test_the_rest_of_a_relation_is_fetched_page_by_page(notion):
    place = property_place("rl%3DB")
    notion.transport.on(place, listing("relation", ids(*range(100)), cursor="two"))
    notion.transport.on(place, listing("relation", ids(100, 101)))

    page, values = read(notion, {"Tasks": relation(25)})

    assert values["rl%3DB"] == [each["id"] for each in ids(*range(102))]
    assert page.pending is None
    assert "start_cursor=two" in notion.transport.requests[2].url


def test_what_is_whole_costs_no_call(notion):
    page, values = read(
        notion,
        {
            "Tasks": relation(25, has_more=False),
            "Team": {"id": "t", "type": "people", "people": [ANA] * 24},
            "Text": {
                "id": "x",
                "type": "rich_text",
                "rich_text": [{"type": "text", "plain_text": "a"}] * 25,
            },
        },
    )

    assert values["x"] == "a" * 25
    assert (values["t"][-1], values["rl%3DB"][-1]) != ("…", "…")
    assert (len(notion.transport.requests), page.pending) == (1, None)


@pytest.mark.parametrize("count", [25, 26])
def test_people_and_texts_that_may_be_cut_are_asked_for(notion, count):
    mention = {"type": "mention", "plain_text": "a"}
    notion.transport.on(property_place("t"), listing("people", [ANA] * count))
    notion.transport.on(property_place("x"), listing("rich_text", [mention] * count))

    page, values = read(
        notion,
        {
            "Team": {"id": "t", "type": "people", "people": [ANA] * 25},
            "Text": {"id": "x", "type": "rich_text", "rich_text": [mention] * 25},
        },
    )

    assert (len(values["t"]), values["x"]) == (count, "a" * count)
    assert page.pending is None


def test_a_long_title_is_read_whole(notion):
    mention = {"type": "mention", "plain_text": "a"}
    notion.transport.on(property_place("title"), listing("title", [mention] * 30))

    page, _ = read(
        notion,
        {"Aufgabe": {"id": "title", "type": "title", "title": [mention] * 25}},
    )

    assert page.items[0].name == "a" * 30


def test_what_is_rolled_up_over_a_cut_relation_is_asked_for(notion):
    notion.transport.on(property_place("rl%3DB"), listing("relation", ids(1, 2)))
    total = {"type": "number", "number": 60, "function": "sum"}
    numbers = listing("number", [1, 2], about={})
    numbers["property_item"] = {
        "type": "rollup",
        "rollup": {"type": "array", "array": [], "function": "show_original"},
    }
    whole = {"object": "property_item", "id": "s", "type": "rollup", "rollup": total}
    notion.transport.on(property_place("s"), whole)
    notion.transport.on(property_place("o"), numbers)

    _, values = read(
        notion,
        {
            "Tasks": relation(25),
            "Sum": {"id": "s", "type": "rollup", "rollup": {**total, "number": 25}},
            "Original": {
                "id": "o",
                "type": "rollup",
                "rollup": {"type": "incomplete", "incomplete": {}},
            },
        },
    )

    assert (values["s"], values["o"]) == (60, [1, 2])


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_rest_that_is_refused_is_said_to_be_missing(notion, status):
    refusal = {"object": "error", "status": status, "code": "validation_error"}
    notion.transport.on(property_place("rl%3DB"), refusal, status=status)

    page, values = read(notion, {"Tasks": relation(25)})

    assert (len(values["rl%3DB"]), values["rl%3DB"][-1]) == (26, "…")
    assert page.pending.kind is PendingKind.VALUES_IN_PART


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "ok"},
        {"object": "property_item", "type": "relation", "relation": ids(1)[0]},
        {"object": "property_item", "type": "people", "people": []},
        {"object": "list", "results": {}, "has_more": False},
    ],
)
def test_what_is_no_value_of_the_property_is_never_the_whole(notion, odd):
    notion.transport.on(property_place("rl%3DB"), odd)

    page, values = read(notion, {"Tasks": relation(25)})

    assert (len(values["rl%3DB"]), values["rl%3DB"][-1]) == (26, "…")
    assert (page.unreadable, page.pending.kind) == (0, PendingKind.VALUES_IN_PART)


ODD_ROW = {"object": "property_item", "type": "relation"}


@pytest.mark.parametrize(
    ("listed", "odd", "count"),
    [(ids(), [], 25), (ids(1, 2), [], 25), (ids(*range(30)), [ODD_ROW, None], 30)],
)
def test_a_listing_that_tells_less_than_there_is_is_not_the_whole(
    notion, listed, odd, count
):
    answer = listing("relation", listed)
    answer["results"] += odd
    notion.transport.on(property_place("rl%3DB"), answer)

    page, values = read(notion, {"Tasks": relation(25)})

    assert (len(values["rl%3DB"]), values["rl%3DB"][-1]) == (count + 1, "…")
    assert page.pending.kind is PendingKind.VALUES_IN_PART


@pytest.mark.parametrize("count", [0, 24])
def test_a_text_whose_listing_has_fewer_mentions_is_not_the_whole(notion, count):
    mention = {"type": "mention", "plain_text": "a"}
    notion.transport.on(property_place("x"), listing("rich_text", [mention] * count))
    text = {"id": "x", "type": "rich_text", "rich_text": [mention] * 25}

    page, values = read(notion, {"Text": text})

    assert values["x"] == "a" * 25 + "…"
    assert page.pending.kind is PendingKind.VALUES_IN_PART


def test_a_rollup_whose_listing_says_nothing_of_it_is_not_the_whole(notion):
    number = {"type": "number", "number": 1}
    rolled = {"type": "array", "array": [number] * 25, "function": "show_original"}
    notion.transport.on(property_place("o"), listing("number", range(30)))

    page, values = read(
        notion, {"Original": {"id": "o", "type": "rollup", "rollup": rolled}}
    )

    assert (len(values["o"]), values["o"][-1]) == (26, "…")
    assert page.pending.kind is PendingKind.VALUES_IN_PART


def test_a_value_without_end_is_left_in_part(notion):
    for number in range(rest.MOST_PAGES):
        more = listing("relation", ids(number), cursor=f"c{number}")
        notion.transport.on(property_place("rl%3DB"), more)

    page, values = read(notion, {"Tasks": relation(25)})

    assert (len(values["rl%3DB"]), values["rl%3DB"][-1]) == (rest.MOST_PAGES + 1, "…")
    assert page.pending.kind is PendingKind.VALUES_IN_PART


def test_trouble_with_the_rest_is_trouble_with_the_page(notion):
    announce(notion, {"Tasks": relation(25)})
    for _ in range(3):
        notion.transport.on(property_place("rl%3DB"), Network("read timed out"))

    with pytest.raises(Network):
        notion.connector.fetch_page(notion.api, notion.context(), cursor=None)


def test_a_step_that_has_made_its_calls_goes_on_behind_the_last_row(notion):
    for _ in range(2):
        announce(notion, {"Tasks": relation(25)}, rows=15)
    for number in range(1, 16):
        place = property_place("rl%3DB", PAGE.format(number))
        notion.transport.on(place, listing("relation", ids(*range(30))))

    first = notion.connector.fetch_page(notion.api, notion.context(), cursor=None)
    second = notion.connector.fetch_page(
        notion.api, notion.context(), cursor=first.next_cursor
    )

    items = [*first.items, *second.items]
    assert [item.id for item in items] == [PAGE.format(n) for n in range(1, 16)]
    assert {len(item.properties["rl%3DB"]) for item in items} == {30}
    assert first.items
    assert second.items


def test_beyond_its_budget_a_table_is_left_in_part(notion, monkeypatch):
    monkeypatch.setattr("integrations.providers.notion.listing.rows.MOST_REST", 0)

    page, values = read(notion, {"Tasks": relation(25)})

    assert values["rl%3DB"][-1] == "…"
    assert page.pending.kind is PendingKind.VALUES_IN_PART

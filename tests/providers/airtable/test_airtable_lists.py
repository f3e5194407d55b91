"""Airtable's pages of records: what is asked, how it goes on, what counts as one."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.http.errors import InvalidResponse, NotFound
from integrations.providers.airtable.listing.by_id import one_of
from integrations.providers.airtable.listing.records import changed_since

LIST = "GET /v0/appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA1"
TABLES = "GET /v0/meta/bases/appAAAAAAAAAAAAA1/tables"
OFFSET = "itrAAAAAAAAAAAAA1/recAAAAAAAAAAAAA2"
SINCE = datetime(2026, 11, 22, 9, 0, 0, 500_000, tzinfo=UTC)


def fetch_page(airtable, cursor=None, **context):
    collection = airtable.context(**context)
    return airtable.connector.fetch_page(airtable.api, collection, cursor=cursor)


def fetch_changes(airtable, cursor=None):
    return airtable.connector.fetch_page(
        airtable.api, airtable.context(), since=SINCE, cursor=cursor
    )


def query_of(request):
    return {
        key: value[0] for key, value in parse_qs(urlsplit(request.url).query).items()
    }


def test_a_page_is_full_and_keyed_by_what_no_rename_changes(airtable):
    airtable.transport.on(LIST, airtable.load("records_page_1"))

    fetch_page(airtable)

    assert query_of(airtable.transport.requests[0]) == {
        "pageSize": "100",
        "returnFieldsByFieldId": "true",
    }


def test_the_offset_leads_on_until_there_is_none(airtable):
    airtable.transport.on(LIST, airtable.load("records_page_1"))
    airtable.transport.on(LIST, airtable.load("records_page_2"))

    first = fetch_page(airtable)
    second = fetch_page(airtable, cursor=first.next_cursor)

    assert first.next_cursor == OFFSET
    assert query_of(airtable.transport.requests[1])["offset"] == OFFSET
    assert second.next_cursor is None


def test_a_list_that_stands_still_is_an_error(airtable):
    airtable.transport.on(LIST, airtable.load("records_page_stuck"))

    with pytest.raises(InvalidResponse):
        fetch_page(airtable, cursor=OFFSET)


def test_a_page_without_records_is_not_the_end_while_there_is_an_offset(airtable):
    airtable.transport.on(LIST, airtable.load("records_page_stuck"))

    page = fetch_page(airtable)

    assert page.items == []
    assert page.next_cursor == OFFSET


@pytest.mark.parametrize("offset", [7, "", [], {}, "x" * 3000])
def test_an_odd_offset_is_not_the_end(airtable, offset):
    airtable.transport.on(LIST, {"records": [], "offset": offset})

    with pytest.raises(InvalidResponse):
        fetch_page(airtable)


def test_an_empty_table_is_complete(airtable):
    airtable.transport.on(LIST, airtable.load("records_none"))

    page = fetch_page(airtable)

    assert (page.items, page.next_cursor, page.unreadable) == ([], None, 0)


def test_odd_rows_are_refused_and_cost_the_others_nothing(airtable):
    airtable.transport.on(LIST, airtable.load("records_odd"))

    page = fetch_page(airtable)

    assert [item.id for item in page.items] == [
        "recAAAAAAAAAAAAA1",
        "recAAAAAAAAAAAAA5",
    ]
    assert page.unreadable == 4


def row(letter, **fields):
    return {"id": f"recAAAAAAAAAAAAA{letter}", "fields": fields}


def read_schema(airtable):
    airtable.transport.on(TABLES, airtable.load("tables_projects"))
    return airtable.connector.fetch_schema(airtable.api, airtable.context())


def test_rows_of_another_table_are_refused_and_counted(airtable):
    schema = read_schema(airtable)
    own, empty = row("a", fldAAAAAAAAAtitle="Write"), row("b")
    foreign = [row(letter, fldAAAAAAAAAAAwho="Ada") for letter in "cde"]
    airtable.transport.on(LIST, {"records": [own, empty, *foreign]})
    airtable.transport.on(TABLES, airtable.load("tables_projects"))

    page = fetch_page(airtable, schema=schema)

    assert [item.id[-1] for item in page.items] == ["a", "b"]
    assert page.unreadable == 3


def test_a_row_with_nothing_but_a_new_field_is_a_record_of_the_table(airtable):
    schema = read_schema(airtable)
    rows = [row("a", fldAAAAAAAAAfresh="new"), row("b", fldAAAAAAAAAAAwho="Ada")]
    airtable.transport.on(LIST, {"records": rows})
    airtable.transport.on(TABLES, airtable.load("tables_projects_changed"))

    page = fetch_page(airtable, schema=schema)

    assert [item.id[-1] for item in page.items] == ["a"]
    assert page.unreadable == 1


def test_a_row_that_had_to_be_asked_about_is_asked_about_each_time(airtable):
    schema = read_schema(airtable)
    rows = [row("a", fldAAAAAAAAAfresh="new"), row("b", fldAAAAAAAAAtitle="Write")]
    airtable.transport.on(LIST, {"records": rows})
    airtable.transport.on(TABLES, airtable.load("tables_projects_changed"))

    page = fetch_page(airtable, schema=schema, recognize=lambda _sources: {})

    assert [item.id[-1] for item in page.items] == ["a", "b"]
    assert [each[-1] for each in page.sources] == ["b"]


def test_a_new_field_beside_known_ones_costs_no_call(airtable):
    schema = read_schema(airtable)
    known_and_new = row("a", fldAAAAAAAAAtitle="Write", fldAAAAAAAAAfresh="new")
    airtable.transport.on(LIST, {"records": [known_and_new]})

    page = fetch_page(airtable, schema=schema)

    assert (len(page.items), page.unreadable) == (1, 0)


def test_changes_are_what_was_edited_or_made_since(airtable):
    airtable.transport.on(LIST, airtable.load("changes_page_1"))
    airtable.transport.on(LIST, airtable.load("changes_page_2"))

    first = fetch_changes(airtable)
    second = fetch_changes(airtable, cursor=first.next_cursor)

    formula = (
        'OR(IS_AFTER(LAST_MODIFIED_TIME(),DATETIME_PARSE("2026-11-22T09:00:00.499Z")),'
        'IS_AFTER(CREATED_TIME(),DATETIME_PARSE("2026-11-22T09:00:00.499Z")))'
    )
    for request in airtable.transport.requests:
        assert query_of(request)["filterByFormula"] == formula
    assert second.next_cursor is None


def test_the_moment_of_a_change_is_told_in_utc():
    berlin = datetime.fromisoformat("2026-11-22T10:00:00+01:00")

    assert '"2026-11-22T08:59:59.999Z"' in changed_since(berlin)


def test_every_call_for_a_base_asks_for_both_limits(airtable):
    airtable.transport.on(LIST, airtable.load("records_page_1"))

    fetch_page(airtable)

    assert airtable.limiter.asked == [
        ("airtable:cid:usrAAAAAAAAAAAAA1", "airtable:base:appAAAAAAAAAAAAA1")
    ]


def test_a_bases_limit_is_the_same_for_every_connection(airtable):
    airtable.transport.on(LIST, airtable.load("records_page_1"))
    airtable.api.limits = airtable.connector.limits(
        "usrAAAAAAAAAAAAA9", airtable.settings
    )

    fetch_page(airtable)

    assert airtable.limiter.asked[0][1] == "airtable:base:appAAAAAAAAAAAAA1"


def test_deletions_and_counts_cost_no_call_because_nobody_knows_them(airtable):
    collection = airtable.context()

    gone = airtable.connector.fetch_deleted(airtable.api, collection, cursor=None)

    assert (gone.items, gone.deleted, gone.next_cursor) == ((), {}, None)
    assert airtable.connector.fetch_count(airtable.api, collection) is None
    assert airtable.transport.requests == []


@pytest.mark.parametrize("remote_id", ["nothing", "app1/tbl1", "tblAAAAA/appAAAAA"])
def test_a_collection_of_another_kind_is_not_asked_for(airtable, remote_id):
    with pytest.raises(NotFound):
        fetch_page(airtable, remote_id=remote_id)

    assert airtable.transport.requests == []


PROBES = ["recAAAAAAAAAAAAA8", "recAAAAAAAAAAAAA9"]


@pytest.mark.parametrize("cursor", [None, OFFSET])
@pytest.mark.parametrize("since", [None, SINCE])
def test_a_page_that_was_sent_for_ahead_is_asked_for_once(airtable, cursor, since):
    answer = airtable.load("records_page_2")
    answer["records"] += [{"id": each, "fields": {}} for each in PROBES]
    airtable.transport.on(LIST, answer)
    airtable.api.may_prefetch = True
    collection, where = airtable.context(probes=PROBES), {"cursor": cursor}

    for ask in (airtable.connector.prefetch_page, airtable.connector.fetch_page):
        assert ask(airtable.api, collection, since=since, **where)

    assert len(airtable.transport.requests) == 1


@pytest.mark.parametrize(
    ("remote_id", "cursor"),
    [("structure", None), ("appAAAAAAAAAAAAA1/tblAAAAAAAAAAAAA1", "[damaged")],
)
def test_what_is_not_sent_for_ahead_raises_nothing(airtable, remote_id, cursor):
    airtable.api.may_prefetch = True
    collection = airtable.context(remote_id=remote_id)

    assert not airtable.connector.prefetch_page(
        airtable.api, collection, since=SINCE, cursor=cursor
    )

    assert airtable.transport.requests == []


@pytest.mark.parametrize(
    ("name", "status", "deleted"),
    [
        ("none", 200, PROBES),
        ("one", 200, PROBES[1:]),
        ("nameless", 200, []),
        ("offset", 200, []),
        ("odd", 200, []),
        ("error_formula", 422, []),
        ("error_not_shared", 403, []),
    ],
)
def test_what_a_formula_leaves_out_is_deleted_when_it_is_not_there_alone_either(
    airtable, name, status, deleted
):
    alone = {
        "none": {"records": []},
        "one": {"records": [{"id": PROBES[0], "fields": {}}]},
        "nameless": {"records": [{"fields": {}}]},
        "offset": {"records": [], "offset": OFFSET},
        "odd": {"status": "ok"},
    }
    answer = alone[name] if name in alone else airtable.load(name)
    airtable.transport.on(LIST, {"records": []})
    airtable.transport.on(LIST, answer, status=status)

    page = airtable.connector.fetch_page(
        airtable.api, airtable.context(probes=PROBES), since=SINCE, cursor=None
    )

    assert sorted(page.deleted) == deleted
    formula = query_of(airtable.transport.requests[1])["filterByFormula"]
    assert formula == one_of(PROBES)
    assert (page.next_cursor, page.refused) == (None, ())


def test_what_a_formula_does_not_leave_out_costs_no_call(airtable):
    rows = [{"id": each, "fields": {}} for each in PROBES]
    airtable.transport.on(LIST, {"records": rows})

    page = airtable.connector.fetch_page(
        airtable.api, airtable.context(probes=PROBES), since=SINCE, cursor=None
    )

    assert (page.deleted, len(airtable.transport.requests)) == ({}, 1)

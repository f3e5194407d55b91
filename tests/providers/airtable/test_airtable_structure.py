"""Airtable's bases and tables as collections and as items in a tree."""

import pytest

from integrations.http.errors import Forbidden, InvalidResponse, RateLimited
from integrations.http.resilience.limits import LocalLimiter
from integrations.http.responses.answers import Answers
from integrations.providers.airtable.api import bases
from integrations.providers.airtable.listing import structure
from integrations.providers.errors import IncompleteListingError
from integrations.providers.typed.fields import Choice, Text

BASES = "GET /v0/meta/bases"
FIRST, SECOND = "appAAAAAAAAAAAAA1", "appAAAAAAAAAAAAA2"
TABLES = f"GET /v0/meta/bases/{FIRST}/tables"
OTHER_TABLES = f"GET /v0/meta/bases/{SECOND}/tables"


def play(airtable, *, listed="bases"):
    airtable.transport.on(BASES, airtable.load(listed))
    airtable.transport.on(TABLES, airtable.load("tables_projects"))
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))


def list_collections(airtable):
    return airtable.connector.list_collections(airtable.api, account={})


def fetch_page(airtable, cursor=None):
    collection = airtable.context(remote_id="structure", name="Bases and tables")
    return airtable.connector.fetch_page(airtable.api, collection, cursor=cursor)


def many_bases(count):
    return {
        "bases": [
            {"id": f"appAAAAAAAA{n:06d}", "name": f"Base {n}"} for n in range(count)
        ]
    }


def play_tables_of(airtable, listing):
    for number, base in enumerate(listing["bases"]):
        field = {"id": "fldAAAAAAAAAAAAA1", "name": "Name", "type": "singleLineText"}
        told = {"primaryFieldId": field["id"], "fields": [field], "views": []}
        table = {"id": f"tblAAAAAAAA{number:06d}", "name": f"Table {number}", **told}
        airtable.transport.on(
            f"GET /v0/meta/bases/{base['id']}/tables", {"tables": [table]}
        )


def names_of_bases(page):
    return [item.name for item in page.items if item.type == "base"]


def test_the_structure_comes_first_and_then_every_table(airtable):
    play(airtable)

    found = list_collections(airtable)

    assert [c.remote_id for c in found] == [
        "structure",
        f"{FIRST}/tblAAAAAAAAAAAAA1",
        f"{FIRST}/tblAAAAAAAAAAAAA2",
        f"{SECOND}/tblAAAAAAAAAAAAA3",
    ]
    assert [c.item_type for c in found] == ["table", "record", "record", "record"]
    assert found[1].details == {
        "schema_tag": found[1].details["schema_tag"],
        "definitions_tag": found[1].details["definitions_tag"],
        "base_id": FIRST,
        "base_name": "Projects",
        "table_id": "tblAAAAAAAAAAAAA1",
        "table_name": "Tasks",
        "primary_field_id": "fldAAAAAAAAAtitle",
    }


def test_two_bases_and_tables_of_the_same_names_stay_apart(airtable):
    play(airtable)

    found = list_collections(airtable)

    same = [c.remote_id for c in found if c.name == "Projects / Tasks"]
    assert len(same) == len(set(same)) == 2


def test_a_base_that_cannot_be_read_costs_the_others_nothing(airtable):
    airtable.transport.on(BASES, airtable.load("bases"))
    airtable.transport.on(TABLES, airtable.load("error_not_shared"), status=403)
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))

    with pytest.raises(IncompleteListingError) as caught:
        list_collections(airtable)

    assert [c.remote_id for c in caught.value.found] == [
        "structure",
        f"{SECOND}/tblAAAAAAAAAAAAA3",
    ]
    # What is not shared is not there; what only failed may be.
    assert caught.value.is_definite
    assert len(caught.value.parts) == 1


def test_a_used_up_workspace_costs_the_others_nothing(airtable):
    airtable.transport.on(BASES, airtable.load("bases"))
    airtable.transport.on(TABLES, airtable.load("error_quota"), status=429)
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))

    with pytest.raises(IncompleteListingError) as caught:
        list_collections(airtable)

    assert len(caught.value.found) == 2


def test_a_base_that_failed_is_not_taken_for_another_of_the_same_name(airtable):
    """The fixtures' bases have one name; that of the refused one is theirs, too."""
    closed = {"id": "appAAAAAAAAAAAAA3", "name": "Projects"}
    listed = airtable.load("bases")
    airtable.transport.on(BASES, {"bases": [*listed["bases"], closed]})
    for _ in range(2):
        airtable.transport.on(TABLES, {"odd": "answer"})
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))
    airtable.transport.on(
        f"GET /v0/meta/bases/{closed['id']}/tables",
        airtable.load("error_not_shared"),
        status=403,
    )

    with pytest.raises(IncompleteListingError) as caught:
        list_collections(airtable)

    assert not caught.value.is_definite
    told = [(name, type(exc)) for name, exc in caught.value.parts]
    assert told == [("Projects", InvalidResponse), ("Projects", Forbidden)]


def test_the_structure_is_listed_where_every_base_is_closed(airtable):
    airtable.transport.on(BASES, airtable.load("bases"))
    for path in (TABLES, OTHER_TABLES):
        airtable.transport.on(path, airtable.load("error_not_shared"), status=403)

    with pytest.raises(IncompleteListingError) as caught:
        list_collections(airtable)

    assert [c.remote_id for c in caught.value.found] == ["structure"]
    # It may as well be the permission that is missing.
    assert not caught.value.is_definite


def test_a_workspace_used_up_at_the_second_try_costs_the_others_nothing(airtable):
    airtable.transport.on(BASES, airtable.load("bases"))
    airtable.transport.on(TABLES, {"odd": "answer"})
    airtable.transport.on(TABLES, airtable.load("error_quota"), status=429)
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))

    with pytest.raises(IncompleteListingError) as caught:
        list_collections(airtable)

    assert len(caught.value.found) == 2
    assert not caught.value.is_definite


@pytest.mark.parametrize(
    ("listing", "tables"),
    [("bases_page_2", "tables_projects"), ("bases_page_last", "tables_odd")],
)
def test_odd_bases_and_tables_make_the_listing_incomplete(airtable, listing, tables):
    airtable.transport.on(BASES, airtable.load(listing))
    airtable.transport.on(TABLES, airtable.load(tables))

    with pytest.raises(IncompleteListingError) as caught:
        list_collections(airtable)

    assert "structure" in {c.remote_id for c in caught.value.found}


@pytest.mark.parametrize("read", [list_collections, fetch_page])
def test_a_throttled_base_is_no_missing_base_and_no_other_is_asked_again(
    airtable, read
):
    airtable.api.answers = Answers()
    throttled = airtable.load("error_rate_limit")
    airtable.transport.on(BASES, airtable.load("bases"))
    for _ in range(2):
        airtable.transport.on(TABLES, throttled, status=429)
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))

    for _ in range(2):
        with pytest.raises(RateLimited):
            read(airtable)
        airtable.api.limiter = LocalLimiter()

    paths = [request.url.partition("/v0")[2] for request in airtable.transport.requests]
    tables = [f"/meta/bases/{each}/tables" for each in (FIRST, SECOND)]
    assert sorted(paths) == sorted(["/meta/bases", tables[0], *tables])


def test_bases_are_read_page_by_page_and_odd_ones_are_counted(airtable):
    airtable.transport.on(BASES, airtable.load("bases_page_1"))
    airtable.transport.on(BASES, airtable.load("bases_page_2"))

    found = bases.fetch_bases(airtable.api)

    assert [base.id for base in found.known] == [FIRST, SECOND]
    assert found.left_out == 1
    assert "offset=itrAAAAAAAAAAAAA1%2F" in airtable.transport.requests[1].url


def test_an_account_without_bases_is_empty_and_not_broken(airtable):
    airtable.transport.on(BASES, airtable.load("bases_none"))
    airtable.transport.on(BASES, airtable.load("bases_none"))

    assert [c.remote_id for c in list_collections(airtable)] == ["structure"]
    assert fetch_page(airtable).items == []


def test_the_tree_is_base_then_tables_with_their_addresses(airtable):
    play(airtable)

    base, tasks, owners, other_base, other_tasks = fetch_page(airtable).items

    assert (base.type, base.directory, base.parent_id) == ("base", True, None)
    assert base.children == (tasks.id, owners.id)
    assert base.url == f"https://airtable.com/{FIRST}"
    assert (tasks.type, tasks.directory, tasks.parent_id) == ("table", True, FIRST)
    assert tasks.parent_path_or_name == "Projects"
    assert tasks.url == f"https://airtable.com/{FIRST}/tblAAAAAAAAAAAAA1"
    assert other_base.name == base.name
    assert (other_tasks.name, other_tasks.parent_id) == (tasks.name, SECOND)


def test_changes_of_the_structure_are_the_whole_of_it(airtable):
    play(airtable)
    play(airtable)
    collection = airtable.context(remote_id="structure")

    listed = fetch_page(airtable)
    changed = airtable.connector.fetch_page(
        airtable.api, collection, since=None, cursor=None
    )

    assert changed == listed


def test_a_base_that_is_no_longer_shared_is_not_listed_and_the_pass_is_whole(airtable):
    play(airtable)
    airtable.transport.on(BASES, airtable.load("bases_shrunk"))
    airtable.transport.on(TABLES, airtable.load("tables_projects"))

    before, after = fetch_page(airtable), fetch_page(airtable)

    lost = {item.id for item in before.items} - {item.id for item in after.items}
    assert lost == {SECOND, "tblAAAAAAAAAAAAA3"}
    assert (after.next_cursor, after.unreadable) == (None, 0)


def test_a_base_refused_between_two_calls_is_counted_as_not_read(airtable):
    airtable.transport.on(BASES, airtable.load("bases"))
    airtable.transport.on(TABLES, airtable.load("error_not_shared"), status=403)
    airtable.transport.on(OTHER_TABLES, airtable.load("tables_projects_again"))

    page = fetch_page(airtable)

    assert [item.type for item in page.items] == ["base", "base", "table"]
    assert page.unreadable == 1


def test_a_base_that_may_not_be_looked_into_is_shown_and_not_asked_for(airtable):
    closed = {"id": FIRST, "name": "Closed", "permissionLevel": "none"}
    airtable.transport.on(BASES, {"bases": [closed]})
    airtable.transport.on(BASES, {"bases": [closed]})

    page = fetch_page(airtable)

    assert [item.name for item in page.items] == ["Closed"]
    assert (page.unreadable, page.incomplete) == (0, None)
    assert len(list_collections(airtable)) == 1


def test_a_page_of_the_structure_reveals_the_tables_to_read(airtable):
    play(airtable)
    play(airtable)

    page = fetch_page(airtable)

    assert page.collections == list_collections(airtable)[1:]


def test_a_few_bases_are_a_page_and_newcomers_shift_nothing(airtable):
    listing = many_bases(12)
    newcomer = {"id": "appAAAAAAAA000000A", "name": "New"}
    airtable.transport.on(BASES, listing)
    airtable.transport.on(BASES, {"bases": [newcomer, *reversed(listing["bases"])]})
    play_tables_of(airtable, listing)

    first = fetch_page(airtable)
    second = fetch_page(airtable, cursor=first.next_cursor)

    assert names_of_bases(first) == [f"Base {n}" for n in range(10)]
    assert first.next_cursor == "appAAAAAAAA000009"
    assert names_of_bases(second) == ["Base 10", "Base 11"]
    assert second.next_cursor is None
    assert airtable.transport.left == []


def test_too_many_bases_are_left_out_and_said_so(airtable, monkeypatch):
    monkeypatch.setattr(bases, "MAX_BASES", 3)
    airtable.transport.on(BASES, {**many_bases(5), "offset": "itrAAAA/appAAAA"})
    play_tables_of(airtable, many_bases(3))

    page = fetch_page(airtable)

    assert len(names_of_bases(page)) == 3
    assert page.unreadable == 2
    assert page.incomplete


def test_a_listing_of_bases_that_goes_round_in_circles_is_an_error(airtable):
    for offset in ("itrA", "itrB", "itrA"):
        airtable.transport.on(BASES, {**many_bases(2), "offset": offset})

    with pytest.raises(InvalidResponse):
        fetch_page(airtable)

    assert len(airtable.transport.requests) == 3


def test_a_listing_of_bases_without_an_end_is_an_error(airtable):
    for number in range(bases.MAX_PAGES):
        airtable.transport.on(BASES, {"bases": [], "offset": f"itr{number}"})

    with pytest.raises(InvalidResponse):
        list_collections(airtable)


def test_odd_and_too_many_tables_are_left_out_and_said_so(airtable, monkeypatch):
    monkeypatch.setattr(bases, "MAX_TABLES", 1)
    airtable.transport.on(BASES, airtable.load("bases_shrunk"))
    airtable.transport.on(TABLES, airtable.load("tables_projects"))

    assert fetch_page(airtable).unreadable == 1

    airtable.transport.on(BASES, airtable.load("bases_shrunk"))
    airtable.transport.on(TABLES, airtable.load("tables_odd"))

    page = fetch_page(airtable)

    assert [item.name for item in page.items] == ["Projects", "Owners"]
    assert page.unreadable == 1


def test_fields_and_views_of_a_table_can_be_read_and_compared(airtable):
    play(airtable)
    airtable.transport.on(BASES, airtable.load("bases_shrunk"))
    airtable.transport.on(TABLES, airtable.load("tables_projects_changed"))

    before, after = (fetch_page(airtable).items[1] for _ in range(2))

    title = "field.fldAAAAAAAAAtitle"
    assert before.properties[title] == "Title (single line text)"
    assert after.properties[title] == "Headline (single line text)"
    assert after.properties["field.fldAAAAAAAAAnotes"] == "Notes (rich text)"
    assert after.properties["field.fldAAAAAAAAAfresh"] == "Fresh (single line text)"
    assert before.properties["view.viwAAAAAAAAAAAAA1"] == "Grid (grid)"
    assert before.properties["field.fldAAAAAAAAAAAsum"] == "Total (formula: currency)"
    assert (before.id, before.name, after.name) == (after.id, "Tasks", "Jobs")


def test_a_table_is_described_by_its_fields_and_views(airtable):
    play(airtable)
    schema = airtable.connector.fetch_schema(
        airtable.api, airtable.context(remote_id="structure")
    )
    base, table = fetch_page(airtable).items[:2]

    permission = airtable.connector.describe(base.properties, schema, {})
    shown = airtable.connector.describe(table.properties, schema, {})

    told = [(f.label, f.value) for f in shown]
    assert [(f.label, f.value) for f in permission] == [
        ("Your permission", Choice(label="Creator"))
    ]
    assert ("Description", Text(text="What is to do")) in told
    assert ("Primary field", Text(text="Title (single line text)")) in told
    assert ("Field", Text(text="Cost (currency)")) in told
    assert ("View", Text(text="Grid (grid)")) in told


def test_a_table_that_left_its_base_is_no_longer_shared(airtable):
    airtable.transport.on(TABLES, airtable.load("tables_projects_again"))

    with pytest.raises(Forbidden, match="no longer shared"):
        airtable.connector.fetch_schema(airtable.api, airtable.context())


def test_calls_for_bases_share_the_limit_of_the_base(airtable):
    play(airtable)

    structure.fetch_page(airtable.api, after=None)

    connection = "airtable:cid:usrAAAAAAAAAAAAA1"
    assert airtable.limiter.asked == [
        (connection,),
        (connection, f"airtable:base:{FIRST}"),
        (connection, f"airtable:base:{SECOND}"),
    ]

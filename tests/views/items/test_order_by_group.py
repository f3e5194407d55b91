"""The list over everything sorted by type and by connection."""

import json
from itertools import product

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Item
from integrations.services.items.lists import grouped_order, walk
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

HOURS = (3, None, 1, 2, 3, None)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(walk, "PART", 4)
    monkeypatch.setattr("integrations.services.items.lists.query.SIZES", (2, 3, 5, 50))


@pytest.fixture
@kept
def mixed(alice):
    """Return items of three types, and of three connections, two of one name."""
    made = []
    for provider, account, item_type in (
        ("notion", "Zeta", "page"),
        ("hubspot", "Acme", "deal"),
        ("hubspot", "Acme", "contact"),
        ("airtable", "acme", "record"),
    ):
        connection = make_connection(
            alice, provider=provider, account_name=account, remote_id=str(len(made))
        )
        held = make_collection(connection, remote_id=item_type, item_type=item_type)
        for number, hour in enumerate(HOURS):
            at = NOON.replace(hour=hour) if hour else None
            name = f"{item_type} {number}"
            made.append(
                make_item(held, name=name, type=item_type, remote_updated_at=at)
            )
    return made


def expected(items, group_of, *, is_descending):
    """Return all of them sorted by hand: groups, then the latest first."""
    rows = sorted(items, key=lambda item: -item.pk)
    rows.sort(
        key=lambda item: item.remote_updated_at or NOON.replace(year=1), reverse=True
    )
    rows.sort(key=group_of, reverse=is_descending)
    return [item.name for item in rows]


def type_of(item):
    return {"page": "Page", "deal": "Deal", "contact": "Contact", "record": "Record"}[
        item.type
    ]


def connection_of(item):
    return (item.connection.title.casefold(), str(item.connection_id))


GROUPS = {"type": type_of, "connection": connection_of}


@pytest.fixture(params=["type", "-type", "connection", "-connection"])
def order(request, mixed):
    """Return an order, and the names of all items in it."""
    group_of = GROUPS[request.param.removeprefix("-")]
    names = expected(mixed, group_of, is_descending=request.param.startswith("-"))
    return request.param, names


def names_on(page):
    return [item.name for item in page.context["items"]]


@pytest.mark.parametrize(("size", "at_once"), [(3, 40), (5, 1)])
def test_every_page_forth_and_back_has_the_next_rows(
    as_alice, order, monkeypatch, size, at_once
):
    monkeypatch.setattr(grouped_order, "AT_ONCE", at_once)
    sort, names = order
    url, forth = f"/items/?sort={sort}&size={size}", []

    while url:
        page = as_alice.get(url)
        forth.append(names_on(page))
        last, url = page, page.context["next_url"]
    back, url = [names_on(last)], last.context["previous_url"]
    while url:
        page = as_alice.get(url)
        back.append(names_on(page))
        url = page.context["previous_url"]

    assert [name for part in forth for name in part] == names
    assert back[::-1] == forth


def test_a_file_and_the_neighbours_follow_the_same_order(as_alice, order):
    sort, names = order
    first = Item.objects.get(name=names[5])
    fields = {"sort": sort, "form": "json", "values": "raw"}

    file = as_alice.post("/items/download/", fields)
    asked = {"in": f"/items/?sort={sort}"}
    onward = as_alice.get(f"/items/{first.uuid}/next/", asked, follow=True)

    rows = json.loads(b"".join(file.streaming_content))
    assert [row["name"] for row in rows] == names
    assert onward.context["item"].name == names[6]


def test_the_heads_of_both_columns_sort_both_ways(as_alice, mixed):
    def head(query, key):
        columns = as_alice.get(f"/items/{query}").context["columns"]
        return next(each for each in columns if each["key"] == key)

    for key in ("type", "connection"):
        assert head("", key)["sort_url"] == f"/items/?sort={key}"
        assert head(f"?sort={key}", key)["direction"] == "ascending"
        assert head(f"?sort={key}", key)["sort_url"] == f"/items/?sort=-{key}"
        assert head(f"?sort=-{key}", key)["direction"] == "descending"


def test_what_is_searched_for_is_not_sorted_so_and_the_list_says_it(as_alice, mixed):
    page = as_alice.get("/items/?q=deal&sort=type")

    assert len(names_on(page)) == len(HOURS)
    assert page.context["query"].sort == "-updated"
    assert page.context["left_out"]
    columns = {each["key"]: each for each in page.context["columns"]}
    assert not columns["type"]["sort_url"]


def test_a_filter_holds_in_the_order(as_alice, mixed):
    page = as_alice.get("/items/?sort=-type&provider=hubspot")

    assert [name.split()[0] for name in names_on(page)] == (
        ["deal"] * len(HOURS) + ["contact"] * len(HOURS)
    )


def test_deleted_items_are_sorted_as_well(as_alice, mixed):
    Item.objects.filter(type="deal").update(deleted_at=NOON)

    page = as_alice.get("/items/?sort=type&state=deleted")

    assert len(names_on(page)) == len(HOURS)


def test_a_position_of_another_order_is_none(as_alice, mixed):
    by_type = as_alice.get("/items/?sort=type&size=2").context["next_url"]

    page = as_alice.get(by_type.replace("sort=type", "sort=connection"))

    assert names_on(page) == names_on(as_alice.get("/items/?sort=connection&size=2"))


def test_however_many_connections_there_are_a_page_asks_as_little(
    as_alice, alice, mixed
):
    def asked():
        as_alice.get("/items/?sort=connection")
        with CaptureQueriesContext(database) as queries:
            as_alice.get("/items/?sort=connection")
        return len(queries.captured_queries)

    few = asked()
    for number in range(20):
        connection = make_connection(alice, remote_id=f"more {number}")
        make_item(make_collection(connection, remote_id="contacts"), name="One")

    assert Collection.objects.count() > 20
    assert asked() == few
    assert few <= 12


def test_only_groups_that_the_filters_let_through_are_read(as_alice, mixed, subtests):
    for sort, (asked, number) in product(
        ("type", "connection"),
        (
            ("", 4),
            ("provider=hubspot&", 2),
            ("provider=notion&", 1),
            ("type=deal&", 1),
            ("connection={}&", 1),
        ),
    ):
        with subtests.test(sort=sort, asked=asked, number=number):
            url = f"/items/?{asked.format(mixed[0].connection_id)}sort={sort}&size=50"

            with CaptureQueriesContext(database) as queries:
                page = as_alice.get(url)

            read = sum(str(each["sql"]).count(" AS part, ") for each in queries)
            # Those with a time and those without are two ranges of an index.
            assert read == number * 2
            assert len(names_on(page)) == number * len(HOURS)

"""Keyset pages: every row exactly once, both ways, from an index, and fast."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.db.models import F, QuerySet

from integrations.models import Collection, Item
from integrations.services.items.lists import counting, listing
from integrations.services.items.lists.query import SORTS, ItemQuery
from integrations.services.items.search import full_text
from integrations.services.items.search.texts import Indexer
from integrations.services.items.search.words import fold
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_item, make_items

# Six pages of twins, whose runs of one name or time go over the ends of pages.
SIZE, TWINS = 8, 46
HITS = 25


def own(collection: Collection) -> QuerySet[Item]:
    return Item.objects.owned_by(collection.connection.owner)


def page_of(collection, query):
    items = listing.select(own(collection), query, [collection])
    owner_id = collection.connection.owner_id
    return listing.fetch_page(items, query, owner_id=owner_id)


def count(items, query, collection):
    """Return what the list says of its length."""
    owner_id = collection.connection.owner_id
    return counting.count(items, query, [collection], owner_id=owner_id)


def walk(collection, query, direction="next"):
    """Yield the pages from one end to the other."""
    while query is not None:
        page = page_of(collection, query)
        yield page
        query = getattr(page, direction)


def start_of(collection, query, direction):
    """Return the query of the second page, from the one end or the other."""
    if direction == "next":
        return page_of(collection, query).next
    return list(walk(collection, query))[-1].previous


@pytest.fixture
@kept
def twins(collection):
    """Make items of which many share their time and their name, or have no time."""
    times = [None, *(NOON - timedelta(minutes=n) for n in range(4))]
    make_items(
        collection,
        [
            {
                "name": f"Twin {n // 12}",
                "remote_updated_at": times[n // 10],
                "remote_created_at": times[n % 5],
            }
            for n in range(TWINS)
        ],
    )
    return collection


def in_order(collection, sort):
    """Return the keys of all items by one column, those without a value last."""
    column = F(sort.field)
    order = column.desc if sort.is_descending else column.asc
    key = "-pk" if sort.is_descending else "pk"
    rows = own(collection).order_by(order(nulls_last=True), key)
    return list(rows.values_list("pk", flat=True))


@pytest.mark.parametrize("sort", SORTS)
def test_walking_forwards_shows_every_row_once_and_in_order(twins, sort):
    query = ItemQuery(sort=sort, size=SIZE)

    pages = list(walk(twins, query))

    shown = [i.pk for page in pages for i in page.items]
    assert shown == in_order(twins, query.order)
    assert pages[0].previous is None
    assert [len(page.items) for page in pages] == [SIZE] * 5 + [6]


@pytest.mark.parametrize("sort", SORTS)
def test_walking_backwards_shows_every_row_once_and_in_order(twins, sort):
    query = ItemQuery(sort=sort, size=SIZE)
    expected = in_order(twins, query.order)
    last = list(walk(twins, query))[-1]

    pages = list(walk(twins, last.previous, "previous"))

    shown = [i.pk for page in reversed(pages) for i in page.items]
    assert shown == expected[: -len(last.items)]
    assert pages[-1].previous is None
    assert all(page.next is not None for page in pages)


def test_a_position_past_the_end_shows_the_first_page(twins):
    first = page_of(twins, ItemQuery(size=SIZE))
    last = list(walk(twins, ItemQuery(size=SIZE)))[-1]
    Item.objects.filter(pk__in=[item.pk for item in last.items]).delete()
    query = ItemQuery(size=SIZE, after=first.next.after)
    before_last = list(walk(twins, query))[-1]

    page = page_of(twins, listing.page_after(query, before_last.items[-1]))

    assert [i.pk for i in page.items] == [i.pk for i in first.items]


@pytest.mark.parametrize("sort", [name for name in SORTS if not SORTS[name].group])
@pytest.mark.parametrize("item_type", ["", "contact"])
@pytest.mark.parametrize("direction", ["next", "previous"])
def test_every_page_comes_straight_from_an_index(twins, sort, item_type, direction):
    query = ItemQuery(sort=sort, size=SIZE, type=item_type)
    start = start_of(twins, query, direction)

    plans = explain(lambda: list(walk(twins, start, direction)))

    field = query.order.field
    ends = {"remote_updated_at": "update", "remote_created_at": "creation"}
    index = "item_by_type_and_" if item_type else "item_by_"
    index += ends.get(field, "name")
    assert all(f"INDEX {index} " in plan for plan in plans)
    assert not any("TEMP B-TREE" in plan for plan in plans)
    assert any(f"AND {field}=? AND id" in plan for plan in plans)
    assert any(f"AND {field}<" in plan or f"AND {field}>" in plan for plan in plans)


@pytest.mark.parametrize("sort", [name for name in SORTS if SORTS[name].group])
@pytest.mark.parametrize("item_type", ["", "contact"])
@pytest.mark.parametrize("direction", ["next", "previous"])
def test_every_part_of_a_grouped_page_comes_straight_from_an_index(
    twins, sort, item_type, direction
):
    full_text.tell_planner()
    query = ItemQuery(sort=sort, size=SIZE, type=item_type)
    start = start_of(twins, query, direction)

    plans = explain(lambda: list(walk(twins, start, direction)))

    indexes = ("item_by_type_and_update", "item_by_connection", "item_by_update")
    assert any("UNION ALL" in plan for plan in plans)
    for plan in plans:
        assert any(f"INDEX {each} " in plan for each in indexes), plan
        # What is left to sort is as much as a page takes, of each part.
        assert plan.count("TEMP B-TREE") <= 1
        assert "SCAN integrations_item" not in plan


def explain(action):
    """Return SQLite's plans for the pages that an action reads."""
    if database.vendor != "sqlite":
        pytest.skip("reads the words of SQLite's planner")
    statements = []

    def note(execute, sql, params, many, context):
        if 'FROM "integrations_item"' in sql and "LIMIT" in sql:
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with database.execute_wrapper(note):
        action()
    plans = []
    with database.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            plans.append("\n".join(row[-1] for row in cursor.fetchall()))
    return plans


def test_a_page_takes_three_queries_whatever_its_size(twins, django_assert_num_queries):
    with django_assert_num_queries(3):
        items = page_of(twins, ItemQuery(size=30)).items
        assert {str(i.connection) + i.collection.name for i in items}


def test_counts_come_from_the_collections(twins, django_assert_num_queries):
    deals = make_collection(
        twins.connection, remote_id="deals", item_type="deal", stored_count=7
    )
    twins.stored_count = 230
    collections = [twins, deals]

    with django_assert_num_queries(0):
        found = {
            text: counting.count(
                Item.objects.all(), query, collections, owner_id=0
            ).number
            for text, query in {
                "all": ItemQuery(),
                "provider": ItemQuery(provider="hubspot"),
                "type": ItemQuery(type="deal"),
                "collection": ItemQuery(collection=twins.pk),
                "connection": ItemQuery(connection=twins.connection_id),
                "nobody's": ItemQuery(connection=deals.pk),
            }.items()
        }

    assert found == {
        "all": 237,
        "provider": 237,
        "type": 7,
        "collection": 230,
        "connection": 237,
        "nobody's": 0,
    }


def test_a_count_stops_at_its_limit(twins):
    assert str(counting.count_up_to(own(twins), 20)) == "more than 20"
    assert str(counting.count_up_to(own(twins), TWINS)) == str(TWINS)


def test_a_search_can_be_sorted(collection):
    for name in ("Ada Lovelace", "Bert", "ada zimmer", "Ada Byron"):
        make_item(collection, name=name)

    page = page_of(collection, ItemQuery(search="ada", sort="name"))

    assert [i.name for i in page.items] == ["Ada Byron", "Ada Lovelace", "ada zimmer"]


def test_deleted_items_are_a_list_of_their_own(collection):
    make_item(collection, name="Here")
    make_item(collection, name="Gone", deleted_at=NOON)

    here = page_of(collection, ItemQuery())
    gone = page_of(collection, ItemQuery(state="deleted"))

    assert [i.name for i in here.items] == ["Here"]
    assert [i.name for i in gone.items] == ["Gone"]


@pytest.fixture
@kept
def fleet(collection):
    """Make items of which every third is a cutter, and some of them are green."""
    kinds = ("Cutter", "Woodcutter", "Ketch")
    rows = [
        {
            "name": ("Green " if n % 15 == 0 else "") + kinds[n % 3],
            "remote_updated_at": NOON - timedelta(minutes=n // 7) if n % 4 else None,
        }
        for n in range(120)
    ]
    make_items(collection, rows)
    indexer = Indexer(collection)
    texts = {
        i.pk: indexer.text(name=i.name, remote_id=i.remote_id, properties={})
        for i in own(collection)
    }
    full_text.index(texts, {})
    return collection


def rank(name, text):
    """Return 0 for a name that is the text, 1 if it begins so, else 2."""
    held, wanted = (" ".join(fold(each)) for each in (name, text))
    if held == wanted:
        return 0
    return 1 if held.startswith(wanted) else 2


# Every two of these meet.
WAYS = [
    ((1, 1), 3, "-updated"),
    ((1, 1), 1000, "name"),
    ((20, 30), 3, "name"),
    ((20, 30), 1000, "-updated"),
    ((50, 60), 3, "-updated"),
    ((50, 60), 1000, "name"),
    ((600, 3000), 3, "name"),
    ((600, 3000), 1000, "-updated"),
]


@pytest.mark.parametrize(("steps", "few", "sort"), WAYS)
def test_a_search_shows_every_hit_once_however_it_is_found(
    fleet, monkeypatch, steps, few, sort
):
    monkeypatch.setattr(full_text, "STEPS", steps)
    monkeypatch.setattr(full_text, "FEW", few)

    for text in ("cutter", "green cut", "Gre", "ketch green", "barge"):
        check_search(fleet, ItemQuery(search=text, sort=sort, size=HITS))


def check_search(fleet, query):
    text = query.search
    names = dict(own(fleet).values_list("pk", "name"))
    hits = [
        pk
        for pk in in_order(fleet, query.order)
        if all(
            any(held.startswith(word) for held in fold(names[pk]))
            for word in fold(text)
        )
    ]
    expected = sorted(hits, key=lambda pk: rank(names[pk], text))

    pages = list(walk(fleet, query))

    assert [i.pk for page in pages for i in page.items] == expected
    way_back = list(walk(fleet, pages[-1].previous, "previous"))
    assert [i.pk for page in way_back[::-1] for i in page.items] == [
        i.pk for page in pages[:-1] for i in page.items
    ]
    number = count(own(fleet), query, fleet)
    assert number.number == len(expected) or (
        number.is_more and 0 < number.number <= len(expected)
    )


@pytest.mark.parametrize("sort", SORTS)
def test_the_way_back_through_what_was_found_is_the_way_there(fleet, sort):
    query = ItemQuery(search="cutter", sort=sort, size=7)

    there = list(walk(fleet, query))
    back = list(walk(fleet, there[-1].previous, "previous"))

    assert len({item.rank for page in there for item in page.items}) == 2
    shown = [[item.pk for item in page.items] for page in there]
    assert [[item.pk for item in page.items] for page in back[::-1]] == shown[:-1]


def test_frequent_words_are_counted_as_far_as_they_were_looked_at(fleet, monkeypatch):
    monkeypatch.setattr(full_text, "STEPS", (60, 60))
    monkeypatch.setattr(full_text, "ENOUGH", 10)
    monkeypatch.setattr(counting, "SMALL", 100)
    fleet.refresh_from_db()
    query = ItemQuery(search="cutter", size=10)

    page = page_of(fleet, query)

    assert str(count(own(fleet), query, fleet)) == "more than 10"
    assert str(count(own(fleet), page.next, fleet)) == "more than 10"


def test_less_frequent_words_are_counted_among_some_hits(fleet, monkeypatch):
    monkeypatch.setattr(full_text, "STEPS", (1, 1))
    monkeypatch.setattr(full_text, "FEW", 30)
    monkeypatch.setattr(counting, "ENOUGH", 10)
    monkeypatch.setattr(counting, "SMALL", 100)
    fleet.refresh_from_db()
    query = ItemQuery(search="cutter", size=10)

    page = page_of(fleet, query)

    for each in (query, page.next):
        assert str(count(own(fleet), each, fleet)) == "more than 10"


@pytest.mark.parametrize(
    ("known", "text"),
    [(1, "at least 1"), (2, "more than 1"), (50, "more than 40"), (51, "more than 50")],
)
def test_more_than_are_known_is_said_of_no_more_than_there_may_be(known, text):
    assert str(counting.Count.more_than(known)) == text


def test_frequent_words_among_few_items_are_counted_to_the_end(fleet, monkeypatch):
    monkeypatch.setattr(full_text, "STEPS", (60, 60))
    monkeypatch.setattr(full_text, "ENOUGH", 10)
    fleet.refresh_from_db()
    query = ItemQuery(search="cutter", size=10)

    assert str(count(own(fleet), query, fleet)) == "40"

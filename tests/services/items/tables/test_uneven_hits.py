"""Words that many items have, and none of a type of many more, walk through no list."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.lists import counting
from integrations.services.items.search import full_text
from integrations.services.items.search.everything import at_once, grouped
from integrations.services.items.storage import store
from tests.support.plans import explain, nodes_of, tell_statistics
from tests.support.rows import NOON, make_collection, make_connection

FOUND, OTHERS = 300, 3000
MOST_QUERIES = 8


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (full_text, "FEW", 60),
        (full_text, "STEPS", (60, 120)),
        (full_text, "ENOUGH", 10),
        (counting, "SMALL", 0),
    ):
        monkeypatch.setattr(module, name, value)


@pytest.fixture
def collections(alice: User) -> list[Collection]:
    """Return deals whose names have a word, and more contacts, none of which has it."""
    connection = make_connection(alice)
    made = []
    for kind, word, number in (("deal", "tide", FOUND), ("contact", "ebb", OTHERS)):
        collection = make_collection(connection, remote_id=f"{kind}s", item_type=kind)
        items = [
            IntegrationItem(id=f"{n}", type=kind, name=f"The {word} {n}")
            for n in range(number)
        ]
        store.store_page(collection, items, run_id=None, now=NOON)
        collection.stored_count = number
        collection.save(update_fields=["stored_count"])
        made.append(collection)
    tell_statistics("whole")
    return made


def search_all(text: str, collections: Sequence[Collection]) -> grouped.GroupedItems:
    """Search everything of the user whose collections these are."""
    owner_id = collections[0].connection.owner_id
    rows = Item.objects.filter(owner=owner_id)
    return grouped.search_by_type(rows, text, collections, owner_id=owner_id)


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL's planner chooses")
def test_the_best_of_each_type_are_found_without_looking_at_all(
    collections: list[Collection],
) -> None:
    with CaptureQueriesContext(database) as queries:
        found = search_all("tide", collections)

    assert [group.type for group in found.groups] == ["deal"]
    asked = [str(query["sql"]) for query in queries]
    best = [sql for sql in asked if f"place <= {grouped.MOST_SHOWN}" in sql]
    walked = [sql for sql in best if max(looked_at(sql)) > FOUND]
    assert best
    assert walked == []


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL's planner chooses")
def test_words_that_none_has_together_are_not_looked_for_in_all_texts(
    collections: list[Collection],
) -> None:
    with CaptureQueriesContext(database) as queries:
        found = search_all("tide ebb", collections)

    assert found.groups == []
    asked = [str(query["sql"]) for query in queries]
    search = 'SELECT item_id FROM "integrations_item_search" WHERE words @@ (SELECT'
    by_index = [sql for sql in asked if search in sql]
    assert by_index
    assert [sql for sql in by_index if max(looked_at(sql)) > FOUND] == []


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL puts all together")
def test_names_with_two_words_are_put_together_once(alice: User) -> None:
    deals = make_collection(make_connection(alice), remote_id="deals", item_type="deal")
    names = [*["tide flow"] * FOUND, *["the tide"] * FOUND, *["flow"] * FOUND]
    items = [
        IntegrationItem(id=f"{n}", type="deal", name=f"{name} {n}")
        for n, name in enumerate(names)
    ]
    store.store_page(deals, items, run_id=None, now=NOON)
    deals.stored_count = len(items)
    tell_statistics("whole")

    with CaptureQueriesContext(database) as queries:
        found = search_all("tide flow", [deals])

    (group,) = found.groups
    assert len(group.items) == grouped.MOST_SHOWN
    asked = [str(query["sql"]) for query in queries]
    scans = [scan for sql in asked for scan in scans_of_words(sql)]
    # Names that hold both words as they are typed, all that is found, names that begin
    # so, and names that hold words which begin so.
    assert [scan["Actual Rows"] for scan in scans] == [FOUND] * 4


def scans_of_words(sql: str) -> list[dict[str, Any]]:
    """Return what a statement asked of the index of words, and how much that told."""
    plan = explain(sql, {"enable_seqscan": "off"}, is_run=True)
    return [
        node
        for node in nodes_of(plan)
        if node.get("Index Name") == "integrations_item_search_vectors"
        and node["Actual Loops"]
        and node["Actual Rows"]
    ]


@pytest.fixture
def are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no more items be looked up than have the word."""
    monkeypatch.setattr(at_once, "MOST_FOUND", FOUND - 1)


@pytest.mark.usefixtures("are_very_many")
def test_of_words_that_very_many_have_so_many_rows_of_a_type_are_looked_at(
    collections: list[Collection],
) -> None:
    with CaptureQueriesContext(database) as queries:
        found = search_all("tide", collections)

    looked = sum(full_text.STEPS)
    assert [(each.type, each.number) for each in found.cut] == [("contact", looked)]
    told = [(each.type, str(each.count)) for each in found.groups]
    assert told == [("deal", f"more than {full_text.STEPS[0] - 10}")]
    if database.vendor == "postgresql":
        asked = [str(query["sql"]) for query in queries]
        assert [sql for sql in asked if max(looked_at(sql)) > FOUND] == []


@pytest.mark.usefixtures("are_very_many")
def test_a_type_of_few_rows_is_looked_through_whatever_else_has_the_words(
    collections: list[Collection],
) -> None:
    deals, _ = collections
    few = make_collection(deals.connection, remote_id="notes", item_type="note")
    told = [("Ebb", sum(full_text.STEPS) - 2), ("Tide", 1)]
    items = [
        IntegrationItem(id=f"{name}{n}", type="note", name=f"{name} {n}")
        for name, number in told
        for n in range(number)
    ]
    store.store_page(few, items, run_id=None, now=NOON)
    few.stored_count = len(items)

    found = search_all("tide", [*collections, few])

    groups = {group.type: group for group in found.groups}
    assert [item.name for item in groups["note"].items] == ["Tide 0"]
    assert str(groups["note"].count) == "1"
    assert [each.type for each in found.cut] == ["contact"]


def test_what_is_linked_to_a_name_is_found_behind_what_is_looked_at(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_once, "MOST_FOUND", 99)
    connection = make_connection(alice)
    told = {
        "contact": [("Tide", {})],
        "company": [("A company", {"description": "tide"})] * 150,
        "deal": [("Linked", {"associations.contacts": ["0"]})] * 3
        + [("Other", {})] * sum(full_text.STEPS),
    }
    collections = []
    for kind, rows in told.items():
        remote_id = {"company": "companies"}.get(kind, f"{kind}s")
        made = make_collection(connection, remote_id=remote_id, item_type=kind)
        items = [
            IntegrationItem(id=f"{n}", type=kind, name=name, properties=properties)
            for n, (name, properties) in enumerate(rows)
        ]
        store.store_page(made, items, run_id=None, now=NOON)
        made.stored_count = len(items)
        collections.append(made)

    found = search_all("tide", collections)

    groups = {group.type: group for group in found.groups}
    assert [item.name for item in groups["deal"].items] == ["Linked"] * 3
    assert str(groups["deal"].count) == "more than 2"
    assert [each.type for each in found.cut] == ["deal"]


@pytest.mark.parametrize("small", [0, 20_000], ids=["large", "small"])
def test_the_best_is_first_whatever_the_first_rows_hold(
    alice: User, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(counting, "SMALL", small)
    monkeypatch.setattr(at_once, "MOST_FOUND", FOUND - 1)
    texts = ["project plan", *["projects planned"] * FOUND]
    deals = make_deals(alice, texts)

    found = search_all("project plan", [deals])

    (group,) = found.groups
    assert group.items[0].name == "Deal 0"
    assert len(group.items) == grouped.MOST_SHOWN
    assert found.cut == []


def test_a_small_account_is_searched_to_its_end_whatever_was_deleted(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = 80
    live, gone = sum(full_text.STEPS) + number + 1, FOUND + 1
    monkeypatch.setattr(counting, "SMALL", live)
    monkeypatch.setattr(full_text, "MANY", FOUND)
    deals = make_deals(alice, ["tide"] * (gone + number) + ["ebb"] * (live - number))
    keys = list(deals.items.order_by("pk").values_list("pk", flat=True)[:gone])
    deals.items.filter(pk__in=keys).update(deleted_at=NOON)
    deals.stored_count = live

    found = search_all("tide", [deals])

    last = gone + number - 1
    (group,) = found.groups
    names = [f"Deal {n}" for n in range(last, last - grouped.MOST_SHOWN, -1)]
    assert [item.name for item in group.items] == names
    assert str(group.count) == str(number)
    assert found.cut == []


def make_deals(owner: User, texts: list[str]) -> Collection:
    """Return stored deals with such texts beside their names, the oldest first."""
    deals = make_collection(make_connection(owner), remote_id="deals", item_type="deal")
    items = [
        IntegrationItem(
            id=f"{n}", type="deal", name=f"Deal {n}", properties={"description": text}
        )
        for n, text in enumerate(texts)
    ]
    store.store_page(deals, items, run_id=None, now=NOON)
    deals.stored_count = len(items)
    return deals


def test_a_page_says_of_what_only_some_rows_were_looked_at(
    client: Client, collections: list[Collection], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(collections[0].connection.owner)
    monkeypatch.setattr(at_once, "MOST_FOUND", FOUND - 1)
    page = client.get("/search/?q=tide").content.decode()
    monkeypatch.setattr(at_once, "MOST_FOUND", FOUND)
    whole = client.get("/search/?q=tide").content.decode()

    assert 'data-code="searched_in_part"' in page
    assert "only the 180 that changed last were looked at" in page
    assert "searched_in_part" not in whole


def test_ranks_of_a_rare_search_are_asked_for_together(
    collections: list[Collection],
) -> None:
    with CaptureQueriesContext(database) as queries:
        found = search_all("tide 77", collections)

    assert found.groups
    assert len(queries) <= MOST_QUERIES


def looked_at(sql: str) -> Iterator[float]:
    """Yield how many rows each step of a statement went through."""
    # Small tables are read whole, unless it is forbidden.
    plan = explain(sql, {"enable_seqscan": "off"}, is_run=True)
    for node in nodes_of(plan):
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        yield rows * node["Actual Loops"]

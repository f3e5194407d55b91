"""Words that many items have, and none of a type of many more, walk through no list."""

import json
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Collection, Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.lists import counting
from integrations.services.items.search import full_text
from integrations.services.items.search.everything import grouped
from integrations.services.items.storage import store
from tests.support.plans import tell_statistics
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
        Collection.objects.filter(pk=collection.pk).update(stored_count=number)
        made.append(collection)
    tell_statistics("whole")
    return made


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL's planner chooses")
def test_the_best_of_each_type_are_found_without_looking_at_all(
    collections: list[Collection],
) -> None:
    owner_id = collections[0].connection.owner_id

    with CaptureQueriesContext(database) as queries:
        found = grouped.search_by_type(
            Item.objects.filter(owner=owner_id),
            "tide",
            collections,
            owner_id=owner_id,
        )

    assert [group.type for group in found.groups] == ["deal"]
    asked = [str(query["sql"]) for query in queries]
    best = [sql for sql in asked if f"LIMIT {grouped.MOST_SHOWN})" in sql]
    walked = [sql for sql in best if max(looked_at(sql)) > FOUND]
    assert best
    assert walked == []


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL's planner chooses")
def test_words_that_none_has_together_are_not_looked_for_in_all_texts(
    collections: list[Collection],
) -> None:
    owner_id = collections[0].connection.owner_id

    with CaptureQueriesContext(database) as queries:
        found = grouped.search_by_type(
            Item.objects.filter(owner=owner_id),
            "tide ebb",
            collections,
            owner_id=owner_id,
        )

    assert found.groups == []
    asked = [str(query["sql"]) for query in queries]
    search = 'SELECT item_id FROM "integrations_item_search" WHERE words @@ (SELECT'
    by_index = [sql for sql in asked if search in sql]
    assert by_index
    assert [sql for sql in by_index if max(looked_at(sql)) > FOUND] == []


def test_ranks_of_a_rare_search_are_asked_for_together(
    collections: list[Collection],
) -> None:
    owner_id = collections[0].connection.owner_id

    with CaptureQueriesContext(database) as queries:
        found = grouped.search_by_type(
            Item.objects.filter(owner=owner_id),
            "tide 77",
            collections,
            owner_id=owner_id,
        )

    assert found.groups
    assert len(queries) <= MOST_QUERIES


def looked_at(sql: str) -> Iterator[float]:
    """Yield how many rows each step of a statement went through."""
    with database.cursor() as cursor:
        # Small tables are read whole, unless it is forbidden.
        cursor.execute("SET enable_seqscan = off")
        statement = sql.replace("%", "%%")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", ())
        ((told,),) = cursor.fetchall()
        cursor.execute("RESET enable_seqscan")
    plans = json.loads(told) if isinstance(told, str) else told
    nodes = [plans[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node[
            "Actual Loops"
        ]

"""A search reads little of the words that PostgreSQL has not sorted in yet."""

import json
from itertools import islice
from random import Random

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import Item
from integrations.providers.records import IntegrationItem
from integrations.services.items.search import full_text
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_collection, make_connection

ROWS, WORDS = 1500, 60
# Of 8 kB each: what may wait, and the way to one word.
MOST_PAGES = 64 + 12


@pytest.mark.skipif(database.vendor == "sqlite", reason="PostgreSQL sorts words later")
def test_a_search_reads_little_of_what_was_just_written(alice: User) -> None:
    collection = make_collection(make_connection(alice))
    items = [
        IntegrationItem(id=f"{n}", type=collection.item_type, name=f"Item {n}")
        for n in range(ROWS)
    ]
    store.store_page(collection, items, run_id=None, now=NOON)
    words, chance = range(10**6), Random(5)
    for keys in batches(list(Item.objects.values_list("pk", flat=True))):
        texts = {
            key: " ".join(f"word{n}" for n in chance.sample(words, WORDS))
            for key in keys
        }
        full_text.index({}, texts)

    assert pages_read("nothing") <= MOST_PAGES


def batches(keys: list[int]) -> list[list[int]]:
    rest = iter(keys)
    return list(iter(lambda: list(islice(rest, 100)), []))


def pages_read(word: str) -> int:
    """Return how many pages of the index one word is looked up in."""
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT item_id"
            " FROM integrations_item_search WHERE words @@ (SELECT %s::tsquery)",
            (word,),
        )
        (told,) = cursor.fetchone()
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert isinstance(read, int)
    return read

"""Fill the items' table and its search table in bulk, past the product."""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction

from integrations.models import Collection, Connection
from integrations.services.items.search.texts import Indexer
from integrations.services.items.storage.rows import sort_name
from tests.bench.support.naive import COLUMNS, to_row

TYPES = {"contacts": "contact", "companies": "company", "deals": "deal"}
FIRST = ("Ada", "Ben", "Chloé", "Dóra", "Emil", "Fatima", "Goro", "Hana", "Ivo", "Jo")
LAST = ("Berg", "Castro", "Diaz", "Endo", "Fischer", "Gupta", "Hansen", "Ito", "Jung")
WORDS = ("tide", "harbour", "sail", "anchor", "mast", "rope", "keel", "buoy", "chart")
CHUNK = 10_000


def fill(user: User, count: int) -> Connection:
    """Give a user one connection with so many items in three collections."""
    connection = Connection.objects.create(
        owner=user, provider="hubspot", remote_id="1:1", account_name="Bench"
    )
    collections = [
        Collection.objects.create(
            connection=connection, remote_id=name, name=name.title(), item_type=kind
        )
        for name, kind in TYPES.items()
    ]
    marks = ", ".join(["%s"] * (len(COLUMNS) + 1))
    insert = (
        f"INSERT INTO integrations_item (id, {', '.join(COLUMNS)}) VALUES ({marks})"
    )
    words = "INSERT INTO integrations_item_search (rowid, text) VALUES (%s, %s)"
    for start in range(1, count + 1, CHUNK):
        end = min(start + CHUNK, count + 1)
        rows = list(_rows(range(start, end), connection, collections))
        with transaction.atomic(), database.cursor() as cursor:
            cursor.executemany(insert, [row for row, _ in rows])
            cursor.executemany(words, [(row[0], f" {text} ") for row, text in rows])
    for collection in collections:
        collection.stored_count = collection.items.count()
        collection.save(update_fields=["stored_count"])
    return connection


def _rows(
    numbers: range, connection: Connection, collections: list[Collection]
) -> Iterator[tuple[tuple[Any, ...], str]]:
    chance = random.Random(numbers.start)
    begin = datetime(2023, 1, 1, tzinfo=UTC)
    indexers = {each.pk: Indexer(each) for each in collections}
    for number in numbers:
        # Eight of ten are contacts, as in most accounts.
        collection = collections[max(0, number % 10 - 7)]
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)} {number}"
        properties = {
            "email": f"person{number}@{chance.choice(WORDS)}.example",
            "jobtitle": " ".join(chance.sample(WORDS, 3)),
            "city": chance.choice(LAST),
            "phone": f"+1 555 {chance.randrange(10**7):07}",
            "lifecyclestage": chance.choice(("lead", "customer", "subscriber")),
            "hs_object_id": str(number),
        }
        at = begin + timedelta(seconds=chance.randrange(90_000_000))
        stamp = str(at.replace(tzinfo=None))
        values = {
            "uuid": uuid.UUID(int=chance.getrandbits(128)).hex,
            "owner_id": connection.owner_id,
            "connection_id": connection.pk.hex,
            "collection_id": collection.pk.hex,
            "provider": "hubspot",
            "remote_id": str(number),
            "first_seen_at": stamp,
            "type": collection.item_type,
            "name": name,
            "sort_name": sort_name(name),
            "is_directory": False,
            "remote_url": "https://app.hubspot.com/",
            "is_visible": True,
            "remote_created_at": stamp,
            "remote_updated_at": stamp,
            "properties": json.dumps(properties),
            "digest": f"{number:032x}",
            "changed_at": stamp,
        }
        row = (number, *to_row(values))
        text = indexers[collection.pk].text(
            name=name, remote_id=str(number), properties=properties
        )
        yield row, text

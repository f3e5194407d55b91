"""The loops a hurried developer would write: what the product is compared with.

Both read page after page with ``requests`` and store what the product stores of a
contact, but no digest, no search words, no checkpoint, no marks and no history.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import requests
from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from integrations.models import Collection, Item
from integrations.services.grants.tokens import token_for
from integrations.services.items.storage.statements import INSERTED, UPDATED

KEYS = ("collection_id", "remote_id")
# What is written is the product's own list of columns.
COLUMNS = INSERTED
EMPTY = {"children": None, "deleted_at": None, "deleted_kind": None}


def pages(collection: Collection) -> Iterator[list[dict[str, Any]]]:
    """Yield the pages of the list, one after the other."""
    configured = settings.PROVIDERS[collection.connection.provider]
    token = token_for(collection.connection_id).secret.reveal()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    url = f"{configured.api_url}/crm/objects/{configured.version}/contacts"
    params = {
        "limit": "100",
        "archived": "false",
        "properties": ",".join(collection.schema["requested"]),
        "associations": "companies",
    }
    while True:
        answer = session.get(url, params=params, timeout=30)
        answer.raise_for_status()
        body = answer.json()
        yield body["results"]
        if "paging" not in body:
            return
        params["after"] = body["paging"]["next"]["after"]


def load_with_sql(collection: Collection) -> int:
    """Write each page with one ``executemany`` in a transaction."""
    names = ", ".join(COLUMNS)
    marks = ", ".join(["%s"] * len(COLUMNS))
    updates = ", ".join(f"{name} = excluded.{name}" for name in UPDATED)
    sql = (
        f"INSERT INTO integrations_item ({names}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET {updates}"
    )
    count = 0
    for page in pages(collection):
        now = timezone.now().replace(tzinfo=None).isoformat(" ")
        rows = [_values(record, collection, now) for record in page]
        with transaction.atomic(), database.cursor() as cursor:
            cursor.executemany(sql, rows)
        count += len(rows)
    return count


def _values(
    record: dict[str, Any], collection: Collection, now: str
) -> tuple[Any, ...]:
    properties = record["properties"]
    name = f"{properties['firstname'] or ''} {properties['lastname'] or ''}".strip()
    values = {
        "uuid": uuid.uuid4().hex,
        "owner_id": collection.connection.owner_id,
        "connection_id": collection.connection_id.hex,
        "collection_id": collection.pk.hex,
        "provider": collection.connection.provider,
        "remote_id": record["id"],
        "first_seen_at": now,
        "type": "contact",
        "name": name,
        "sort_name": name.lower()[:80],
        "is_directory": False,
        "remote_url": record["url"],
        "is_visible": True,
        "remote_created_at": _stamp(record["createdAt"]),
        "remote_updated_at": _stamp(record["updatedAt"]),
        "properties": json.dumps(properties, ensure_ascii=False),
        "changed_at": now,
    }
    return to_row(values)


def to_row(values: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values in the order of the columns; what is not given is empty."""
    return tuple(values.get(column, EMPTY.get(column, "")) for column in COLUMNS)


def _stamp(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z")


def load_with_models(collection: Collection) -> int:
    """Write each page with Django's ``bulk_create(update_conflicts=True)``."""
    count = 0
    for page in pages(collection):
        now = timezone.now()
        items = [_item(record, collection, now) for record in page]
        with transaction.atomic():
            Item.objects.bulk_create(
                items,
                update_conflicts=True,
                unique_fields=["collection", "remote_id"],
                update_fields=list(UPDATED),
            )
        count += len(items)
    return count


def _item(record: dict[str, Any], collection: Collection, now: datetime) -> Item:
    properties = record["properties"]
    name = f"{properties['firstname'] or ''} {properties['lastname'] or ''}".strip()
    return Item(
        owner_id=collection.connection.owner_id,
        connection_id=collection.connection_id,
        collection=collection,
        provider=collection.connection.provider,
        remote_id=record["id"],
        type="contact",
        name=name,
        sort_name=name.lower()[:80],
        remote_url=record["url"],
        remote_created_at=datetime.fromisoformat(record["createdAt"]),
        remote_updated_at=datetime.fromisoformat(record["updatedAt"]),
        properties=properties,
        first_seen_at=now,
        changed_at=now,
    )

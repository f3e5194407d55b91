"""Make rows for tests: a connection, what is in it, and what happened to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from integrations.models import Collection, Connection, Credential, Item, SyncRun
from integrations.oauth.tokens import read_tokens
from integrations.services.grants import credentials
from integrations.services.items.search import full_text, reindex
from integrations.services.items.search.texts import Indexer
from integrations.services.items.storage.rows import sort_name

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
_numbers = count(1)


def make_connection(owner: User, **values: Any) -> Connection:
    """Make a connection to a HubSpot account of its own."""
    number = next(_numbers)
    defaults = {
        "provider": "hubspot",
        "remote_id": f"{number}:1",
        "account_name": f"Portal {number}",
        "last_synced_at": NOON,
    }
    return Connection.objects.create(owner=owner, **{**defaults, **values})


def make_credential(connection: Connection, **values: Any) -> Credential:
    """Make a credential whose tokens are no tokens at all."""
    defaults = {
        "access_token": "v1.k1.c2VhbGVkLWFjY2Vzcy10b2tlbg==",
        "refresh_token": "v1.k1.c2VhbGVkLXJlZnJlc2gtdG9rZW4=",
        "fingerprint": "9f3a11c0",
        "access_expires_at": NOON + timedelta(minutes=30),
    }
    return Credential.objects.create(connection=connection, **{**defaults, **values})


def make_grant(connection: Connection, **values: Any) -> Credential:
    """Make a credential whose tokens this site has sealed, and can open."""
    sealed = credentials.seal_tokens(
        read_tokens({"access_token": "access-1", "refresh_token": "refresh-1"}),
        connection_id=connection.pk,
        generation=connection.generation,
        now=timezone.now(),
    )
    columns = {"generation": connection.generation, **sealed, **values}
    return make_credential(connection, **columns)


def make_collection(connection: Connection, **values: Any) -> Collection:
    """Make a collection of contacts."""
    defaults = {"remote_id": "contacts", "name": "Contacts", "item_type": "contact"}
    made = Collection.objects.create(connection=connection, **{**defaults, **values})
    reindex.note_labels(made)
    return made


def make_deals(connection: Connection, fields: Sequence[Any]) -> Collection:
    """Make a collection of deals with these fields."""
    return make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema={"fields": list(fields)},
    )


def make_item(collection: Collection, **values: Any) -> Item:
    """Make an item, its search text, and its share of the collection's count."""
    number = next(_numbers)
    name = values.pop("name", f"Item {number}")
    defaults = {
        "remote_id": str(number),
        "type": collection.item_type,
        "provider": collection.connection.provider,
        "owner_id": collection.connection.owner_id,
        "remote_updated_at": NOON,
        "digest": "",
        "first_seen_at": NOON,
        "changed_at": NOON,
    }
    facts = {**defaults, **values}
    facts.setdefault("new_at", new_at(collection, facts["first_seen_at"]))
    item = Item.objects.create(
        connection=collection.connection,
        collection=collection,
        name=name,
        sort_name=sort_name(name),
        **facts,
    )
    text = Indexer(collection).text(
        name=name,
        remote_id=item.remote_id,
        properties=item.properties,
        parent_id=item.parent_remote_id,
    )
    full_text.index({item.pk: text}, {})
    if not item.is_deleted:
        Collection.objects.filter(pk=collection.pk).update(
            stored_count=F("stored_count") + 1
        )
    return item


def new_at(collection: Collection, first_seen_at: datetime) -> datetime | None:
    """Return when an item was new, if its collection had been read before that."""
    stored = Collection.objects.only("first_full_refresh_at").get(pk=collection.pk)
    read_at = stored.first_full_refresh_at
    return first_seen_at if read_at and first_seen_at > read_at else None


def make_items(collection: Collection, rows: list[dict[str, Any]]) -> None:
    """Make many items in one statement."""
    items = []
    for values in rows:
        name = values.get("name", "")
        items.append(
            Item(
                **{
                    "owner_id": collection.connection.owner_id,
                    "connection": collection.connection,
                    "collection": collection,
                    "provider": collection.connection.provider,
                    "remote_id": str(next(_numbers)),
                    "type": collection.item_type,
                    "sort_name": sort_name(name),
                    "remote_updated_at": NOON,
                    "digest": "",
                    "first_seen_at": NOON,
                    "changed_at": NOON,
                    **values,
                }
            )
        )
    Item.objects.bulk_create(items, batch_size=500)
    Collection.objects.filter(pk=collection.pk).update(
        stored_count=F("stored_count") + len(items)
    )


def make_run(connection: Connection, **values: Any) -> SyncRun:
    """Make a run that somebody asked for."""
    is_over = values.get("state") == SyncRun.State.FINISHED
    turn_of = None if is_over else connection.owner_id
    return SyncRun.objects.create(
        connection=connection, **{"trigger": "user", "turn_of": turn_of, **values}
    )


def make_finished_run(connection: Connection, **values: Any) -> SyncRun:
    """Make a run that ended well."""
    defaults = {
        "state": SyncRun.State.FINISHED,
        "outcome": SyncRun.Outcome.COMPLETE,
        "started_at": NOON,
        "finished_at": NOON + timedelta(seconds=38),
    }
    return make_run(connection, **{**defaults, **values})

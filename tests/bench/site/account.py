"""Store an account around the deals: companies, contacts, changes, syncs and counts.

The first of them go through the product, page by page as a sync stores them, so that
links, search words, indexes and history are what they are in use. The other contacts
are copies of these, made by PostgreSQL, with another number wherever theirs stands.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from msgspec.structs import asdict, replace

from integrations.models import (
    Collection,
    CollectionCount,
    Connection,
    Item,
    ItemLink,
    PropertyValue,
    SyncRun,
)
from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import COMPANIES, CONTACTS, ObjectType
from integrations.providers.records import IntegrationItem
from integrations.services.items.search import full_text, reindex
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.indexing import indexes
from sandbox.hubspot.seed.definitions import list_definitions
from tests.bench.site.rows import FIRST, LAST, WORDS

PAGE, DEFINITIONS = 500, 60
BEGIN, SECONDS = datetime(2023, 1, 1, tzinfo=UTC), 90_000_000
# The first company has three of a hundred deals and contacts; the others share.
COMPANIES_COUNT, LARGE_SHARE = 20_000, 0.03
# Ids of seven digits, which stand in all that names a contact and in nothing else.
FIRST_CONTACT, STORED = 1_000_000, 20_000
NAMING = ("remote_id", "name", "sort_name", "remote_url")
STAGES = ("lead", "customer", "subscriber")
USED = ("item.name", "lifecyclestage", "city")
CHANGED, DAYS, SYNCS_A_DAY = 20_000, 90, 24


def company_of(chance: random.Random) -> str:
    """Return the id of a company, now and then the large one's."""
    is_large = chance.random() < LARGE_SHARE
    return "c0" if is_large else f"c{chance.randrange(COMPANIES_COUNT)}"


def surround(deals: Collection, contacts: int) -> Collection:
    """Put companies and so many contacts beside the deals; return the contacts.

    These are stored by the thousand and then copied, so many thousands at a time.
    """
    connection = deals.connection
    _store(_collection(connection, COMPANIES), COMPANIES_COUNT, _company)
    collection = _collection(connection, CONTACTS)
    _store(collection, STORED, _contact)
    _index(collection)
    for copy in range(1, contacts // STORED):
        _copy(collection, copy)
    collection.stored_count = collection.items.count()
    collection.save(update_fields=["stored_count"])
    _change(collection, CHANGED)
    _note_syncs(connection)
    return collection


def _collection(connection: Connection, kind: ObjectType) -> Collection:
    told = list_definitions(kind.type_id, DEFINITIONS)
    fields = (to_field(each, kind) for each in told)
    collection = Collection.objects.create(
        connection=connection,
        remote_id=kind.remote_id,
        name=kind.name,
        item_type=kind.item_type,
        schema={"fields": [asdict(field) for field in fields if field is not None]},
    )
    reindex.note_labels(collection)
    return collection


def _store(
    collection: Collection,
    count: int,
    make: Callable[[int, random.Random], IntegrationItem],
) -> None:
    for start in range(0, count, PAGE):
        chance = random.Random(start)
        numbers = range(start, min(start + PAGE, count))
        page = [make(number, chance) for number in numbers]
        with transaction.atomic():
            store.store_page(collection, page, run_id=None, now=timezone.now())
    collection.stored_count = count
    collection.first_full_refresh_at = timezone.now()
    collection.save(update_fields=["stored_count", "first_full_refresh_at"])


def _company(number: int, chance: random.Random) -> IntegrationItem:
    name = f"{chance.choice(LAST)} {chance.choice(WORDS)} Inc {number}"
    told: dict[str, object] = {
        "name": name,
        "domain": f"company{number}.example",
        "industry": chance.choice(WORDS),
        "city": chance.choice(LAST),
        "numberofemployees": str(chance.randrange(5000)),
        "hs_object_id": f"c{number}",
    }
    return _item(f"c{number}", "company", name, told, chance)


def _contact(number: int, chance: random.Random) -> IntegrationItem:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    remote_id, company = str(FIRST_CONTACT + number), company_of(chance)
    name = f"{first} {last} {remote_id}"
    told: dict[str, object] = {
        "firstname": first,
        "lastname": f"{last} {remote_id}",
        "email": f"person{remote_id}@{chance.choice(WORDS)}.example",
        "jobtitle": " ".join(chance.sample(WORDS, 3)),
        "city": chance.choice(LAST),
        "phone": f"+1 555 {chance.randrange(10**7):07}",
        "lifecyclestage": chance.choice(STAGES),
        "hs_object_id": remote_id,
        "associations.companies": [company],
    }
    made = _item(remote_id, "contact", name, told, chance)
    return replace(made, parent_id=company)


def _item(
    remote_id: str,
    kind: str,
    name: str,
    told: dict[str, object],
    chance: random.Random,
) -> IntegrationItem:
    at = BEGIN + timedelta(seconds=chance.randrange(SECONDS))
    return IntegrationItem(
        id=remote_id,
        type=kind,
        name=name,
        creation_time=at,
        last_modified_time=at,
        url=f"https://app.hubspot.com/contacts/1/record/0-1/{remote_id}",
        properties=told,
    )


def _change(contacts: Collection, count: int) -> None:
    """Let runs find that so many contacts have another stage, which is history."""
    for page, numbers in enumerate(_pages(count)):
        chance, now = random.Random(page * PAGE), timezone.now()
        items = [_contact(number, chance) for number in numbers]
        changed = [
            replace(
                each,
                last_modified_time=now,
                properties={**each.properties, "lifecyclestage": "evangelist"},
            )
            for each in items
        ]
        run = _run(contacts.connection, now - timedelta(minutes=page))
        run.changed = len(changed)
        run.save()
        with transaction.atomic():
            store.store_page(contacts, changed, run_id=run.pk, now=now)


def _pages(count: int) -> Iterator[range]:
    return (range(first, first + PAGE) for first in range(0, count, PAGE))


def _run(connection: Connection, at: datetime) -> SyncRun:
    """Return a run that has ended well."""
    return SyncRun(
        connection=connection,
        trigger=SyncRun.Trigger.SCHEDULE,
        state=SyncRun.State.FINISHED,
        outcome=SyncRun.Outcome.COMPLETE,
        queued_at=at,
        started_at=at,
        finished_at=at,
    )


def _note_syncs(connection: Connection) -> None:
    """Note the syncs and the counts of some months, as upkeep keeps them."""
    now = timezone.now()
    hours = range(1, DAYS * SYNCS_A_DAY)
    runs = [_run(connection, now - timedelta(hours=hour)) for hour in hours]
    SyncRun.objects.bulk_create(runs, batch_size=500)
    today = now.astimezone(UTC).date()
    CollectionCount.objects.bulk_create(
        CollectionCount(
            collection=collection,
            day=today - timedelta(days=back),
            number=max(1, collection.stored_count - back * 10),
        )
        for collection in connection.collections.all()
        for back in range(DAYS)
    )


def _copy(collection: Collection, copy: int) -> None:
    """Store once more what the product has stored of its contacts, numbered anew."""
    items = Item._meta.db_table
    low, high = FIRST_CONTACT, FIRST_CONTACT + STORED
    for into, written in _copied(copy).items():
        beside = "" if into == items else f" JOIN {into} b ON b.item_id = i.id"
        with database.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {into} ({', '.join(written)})"
                f" SELECT {', '.join(written.values())} FROM {items} i{beside}"
                " WHERE i.collection_id = %s"
                f" AND i.remote_id BETWEEN '{low}' AND '{high - 1}'",
                [collection.pk],
            )


def _copied(copy: int) -> dict[str, dict[str, str]]:
    """Return what is written of a copy by its table: columns, each with its value.

    The item that is copied is called ``i``, and what else there is of it ``b``.
    """
    number = f"(i.remote_id::bigint + {copy * STORED})::text"
    # Keys of their own, far from those that the sequence gives.
    key = f"i.id + {copy} * 10000000::bigint"

    def anew(column: str) -> str:
        return f"REPLACE({column}::text, i.remote_id, {number})"

    def same(model: type[Model], name: str) -> dict[str, str]:
        fields = [field for field in model._meta.concrete_fields if field.name != "id"]
        return {str(field.column): f"{name}.{field.column}" for field in fields}

    later = f" + {copy} * INTERVAL '37 minutes'"
    item = {
        "id": key,
        "uuid": "GEN_RANDOM_UUID()",
        "properties": f"{anew('i.properties')}::jsonb",
        "digest": f"MD5({number})",
        "remote_updated_at": f"i.remote_updated_at{later}",
        "remote_created_at": f"i.remote_created_at{later}",
        **{name: anew(f"i.{name}") for name in NAMING},
    }
    link, value = same(ItemLink, "b"), same(PropertyValue, "b")
    return {
        Item._meta.db_table: same(Item, "i") | item,
        full_text.TABLE: {"item_id": key, "words": f"{anew('b.words')}::tsvector"},
        ItemLink._meta.db_table: link | {"item_id": key},
        PropertyValue._meta.db_table: value | {"item_id": key, "text": anew("b.text")},
    }


def _index(collection: Collection) -> None:
    columns = columns_of(collection).by_id
    indexes.prepare(collection, [columns[name] for name in USED])
    indexes.build(collection.pk, seconds=3600)

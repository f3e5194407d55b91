"""Fill a collection of deals, page by page as a sync stores them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from msgspec.structs import asdict

from integrations.models import Collection, Connection
from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import DEALS
from integrations.providers.records import IntegrationItem
from integrations.services.items.search import full_text, reindex
from integrations.services.items.storage import store
from integrations.services.items.tables.columns.columns import columns_of
from integrations.services.items.tables.indexing import indexes
from sandbox.hubspot.seed.accounts import DEALS as DEALS_ID
from sandbox.hubspot.seed.definitions import list_definitions
from tests.bench.site.account import FIRST_CONTACT, company_of
from tests.bench.site.rows import FIRST, LAST, WORDS

PAGE, DEFINITIONS, OWNERS = 500, 150, 50
BEGIN = datetime(2023, 1, 1, tzinfo=UTC)
STAGES = ("Appointment", "Qualified", "Presented", "Decided", "Contract", "Won", "Lost")
USED = ("amount", "closedate", "dealstage", "hubspot_owner_id", "item.name", "pipeline")


def fill(user: User, count: int) -> Collection:
    """Give a user so many deals, stored page by page as a sync stores them."""
    collection = make_deals(user)
    for start in range(0, count, PAGE):
        numbers = range(start, min(start + PAGE, count))
        with transaction.atomic():
            page = list(_deals(numbers))
            store.store_page(collection, page, run_id=None, now=timezone.now())
    collection.stored_count = count
    collection.first_full_refresh_at = timezone.now()
    collection.save(update_fields=["stored_count", "first_full_refresh_at"])
    return collection


def make_deals(user: User) -> Collection:
    """Make a collection of deals, without any, with as many fields as are usual."""
    connection = Connection.objects.create(
        owner=user,
        provider="hubspot",
        remote_id="1:1",
        account_name="Bench",
        account={"user_email": "owner7@bench.example", "currency": "USD"},
        last_synced_at=timezone.now(),
    )
    owners = {str(41 + n): f"{FIRST[n % 10]} {LAST[n % 9]} {n}" for n in range(OWNERS)}
    emails = {str(41 + n): f"owner{n}@bench.example" for n in range(OWNERS)}
    fields = (to_field(each, DEALS) for each in list_definitions(DEALS_ID, DEFINITIONS))
    collection = Collection.objects.create(
        connection=connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema={
            "fields": [asdict(field) for field in fields if field is not None],
            "lookups": {
                "stage": {f"s{n}": name for n, name in enumerate(STAGES)},
                "pipeline": {"p0": "Sales", "p1": "Renewals"},
                "owner": owners,
                "owner_email": emails,
            },
        },
    )
    reindex.note_labels(collection)
    return collection


def _deals(numbers: range) -> Iterator[IntegrationItem]:
    chance = random.Random(numbers.start)
    for number in numbers:
        at = BEGIN + timedelta(seconds=chance.randrange(90_000_000))
        closing = at + timedelta(days=chance.randrange(400))
        company = company_of(chance)
        amount = f"{chance.paretovariate(1.2) * 500:.2f}"
        told: dict[str, Any] = {
            "dealname": f"{chance.choice(LAST)} {chance.choice(WORDS)} {number}",
            "amount": amount if chance.random() < 0.9 else None,
            "deal_currency_code": chance.choice(("USD", "USD", "USD", "EUR", "GBP")),
            "dealstage": f"s{int(chance.random() ** 2 * len(STAGES))}",
            "pipeline": chance.choice(("p0", "p0", "p1")),
            "hubspot_owner_id": str(41 + int(chance.random() ** 1.5 * OWNERS)),
            "closedate": closing.isoformat() if chance.random() < 0.8 else None,
            "description": " ".join(chance.choices(WORDS, k=12)),
            "hs_object_id": str(number),
            "createdate": at.isoformat(),
            **{f"custom_string_{n:03}": chance.choice(WORDS) for n in range(30, 90, 5)},
            "associations.companies": [company],
            "associations.contacts": [str(FIRST_CONTACT + chance.randrange(100_000))],
        }
        yield IntegrationItem(
            id=str(number),
            type="deal",
            name=told["dealname"],
            creation_time=at,
            last_modified_time=at,
            url=f"https://app.hubspot.com/contacts/1/record/0-3/{number}",
            parent_id=company,
            properties=told,
        )


def index(collection: Collection) -> None:
    """Build the indexes that the pages use, as a worker does."""
    columns = columns_of(collection).by_id
    indexes.prepare(collection, [columns[name] for name in USED])
    indexes.build(collection.pk, seconds=3600)
    # As every full refresh does at its end.
    full_text.tell_planner()

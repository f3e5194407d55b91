"""Give the tests of past tables deals that changed, and what asks for their past."""

import re
from datetime import timedelta

import pytest

from integrations.models import Item
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.rows import NOON, make_collection
from tests.views.items.tables.test_relation_columns import COMPANIES

FIELDS = [
    {"name": "amount", "label": "Amount", "kind": "number"},
    {"name": "due", "label": "Due", "kind": "date"},
    {
        "name": "stage",
        "label": "Stage",
        "kind": "choice",
        "options": {"new": "New", "won": "Won"},
    },
    {"name": "hot", "label": "Hot", "kind": "boolean"},
]
HOUR = timedelta(hours=1)
WON = {"stage__is": "Won"}
GONE = Deletion(kind=DeletionKind.DELETED)


def put(deals, hours, **rows):
    """Store rows by their ids, each a name, an amount, a stage, and what is more."""
    items = [
        IntegrationItem(
            id=key,
            type="deal",
            name=name,
            properties={"amount": amount, "stage": stage, **more},
        )
        for key, (name, amount, stage, more) in rows.items()
    ]
    store.store_page(deals, items, run_id=None, now=NOON + hours * HOUR)


@pytest.fixture
def deals(connection, time_machine):
    """Return deals of whom some were won, lost, dropped, renamed, or came later."""
    time_machine.move_to(NOON + 10 * HOUR, tick=False)
    companies = make_collection(
        connection, remote_id="companies", name="Companies", item_type="company"
    )
    acme = IntegrationItem(id="9", type="company", name="Acme")
    store.store_page(companies, [acme], run_id=None, now=NOON)
    made = make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema={"fields": FIELDS},
        first_full_refresh_at=NOON,
    )
    put(
        made,
        0,
        a=("Ash", "5", "new", {"due": "2026-11-03", COMPANIES: ["9"]}),
        b=("Birch", "7", "won", {"due": "2026-11-20", "hot": True}),
        c=("Cedar", "3", "won", {COMPANIES: ["9"]}),
        d=("Dogwood", "9", "new", {}),
        e=("Elm", "1", "won", {}),
    )
    put(
        made,
        2,
        a=("Ash", "50", "won", {"due": "2026-12-24"}),
        b=("Birch", "7", "new", {"due": "2026-11-20"}),
        c=("Cypress", "3", "won", {COMPANIES: ["9"]}),
    )
    put(made, 4, f=("Fir", "2", "won", {}))
    gone = {made.items.get(remote_id="e").pk: GONE}
    store.soft_delete(made, gone, run_id=None, now=NOON + 5 * HOUR)
    # What came later was new then, and not only read late.
    Item.objects.update(first_seen_at=NOON)
    came = NOON + 4 * HOUR
    Item.objects.filter(remote_id="f").update(first_seen_at=came, new_at=came)
    made.refresh_from_db()
    return made


def ask(client, deals, start, end=None, **asked):
    told = {"at": (NOON + start * HOUR).isoformat(), **asked}
    if end is not None:
        told["until"] = (NOON + end * HOUR).isoformat()
    page = client.get(f"/collections/{deals.pk}/as-of/", told)
    assert page.status_code == 200
    return page


def codes(page):
    return set(re.findall(r'data-code="(\w+)"', page.content.decode()))

"""When an item was edited is no change, and a new name is told once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, Follow, Item, ItemChange
from integrations.providers.records import FieldSpec, IntegrationItem
from integrations.services.items.storage import store
from integrations.services.items.storage.store import PageCounts
from integrations.services.notices.following import digests
from integrations.services.notices.following.news import Span
from tests.support.rows import NOON, make_collection, make_connection

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
NOTED, PARTS = "Last edited there", ("Title", "Amount")
# Of each provider the type of items, what it names them by, and where it notes edits.
TABLES = {
    "hubspot": ("deal", "dealname", "hs_lastmodifieddate", {}),
    "airtable": (
        "record",
        "fldName",
        "fldEdited",
        {
            "primary": "fldName",
            "formats": {
                "fldName": {"type": "singleLineText"},
                "fldEdited": {"type": "lastModifiedTime"},
            },
        },
    ),
    "notion": ("page", "other", "edited", {}),
}
SLUGS = pytest.mark.parametrize("slug", sorted(TABLES))


def make_table(owner: User, slug: str) -> Collection:
    item_type, naming, noted, schema = TABLES[slug]
    hint = "last edited time" if slug == "notion" else ""
    specs = (
        FieldSpec(name=naming, label="Title"),
        FieldSpec(name="amount", label="Amount", kind="number"),
        FieldSpec(name=noted, label=NOTED, kind="datetime", hint=hint),
    )
    connection = make_connection(owner, provider=slug)
    return make_collection(
        connection,
        remote_id="deals" if slug == "hubspot" else "app1/tbl1",
        item_type=item_type,
        schema={"fields": [spec.to_json() for spec in specs], **schema},
        first_full_refresh_at=NOON - timedelta(days=9),
    )


def put(collection: Collection, at: Any, title: str, **values: Any) -> PageCounts:
    """Store an item as a sync finds it, edited at that time."""
    _, naming, noted, _ = TABLES[collection.connection.provider]
    item = IntegrationItem(
        id="1",
        type=collection.item_type,
        name=title,
        properties={naming: title, noted: at.isoformat(), **values},
        last_modified_time=at,
    )
    return store.store_page(collection, [item], run_id=None, now=at)


def told(client: Client) -> list[tuple[str, str, str]]:
    days = client.get("/changes/").context["days"]
    return [
        (field["label"], field["old"], field["new"])
        for day in days
        for entry in day["entries"]
        for field in entry["fields"]
    ]


def digest_of(user: User) -> list[list[str]]:
    span = Span(since=NOON, until=LATER)
    sections = digests.sections_of(user, span)
    return [list(e.lines) for section in sections for e in section.entries]


@SLUGS
def test_what_changed_is_told_without_the_time_of_its_edit(
    as_alice: Client, alice: User, slug: str
) -> None:
    table = make_table(alice, slug)
    put(table, NOON, "Boats", amount="1")
    Follow.objects.create(owner=alice, item=table.items.get())

    put(table, LATER, "Boats", amount="2")

    assert told(as_alice) == [("Amount", "1", "2")]
    assert digest_of(alice) == [["Amount: 1 → 2"]]
    page = as_alice.get(table.items.get().get_absolute_url())
    assert [f["label"] for f in page.context["changes"][0]["noted"]] == [NOTED]
    assert NOTED in page.content.decode()


@SLUGS
def test_a_new_name_is_one_change(as_alice: Client, alice: User, slug: str) -> None:
    table = make_table(alice, slug)
    put(table, NOON, "Boats")
    Follow.objects.create(owner=alice, item=table.items.get())

    put(table, LATER, "Ships")

    label = "Title" if slug != "notion" else "Name"
    found = [each for each in told(as_alice) if slug != "notion" or each[0] == "Name"]
    assert found == [(label, "Boats", "Ships")]
    assert f"{label}: Boats → Ships" in digest_of(alice)[0]
    assert slug == "notion" or len(digest_of(alice)[0]) == 1


def test_a_contact_with_another_first_name_is_one_change(
    as_alice: Client, alice: User
) -> None:
    connection = make_connection(alice)
    specs = [FieldSpec(name=name, label=name) for name in ("firstname", "lastname")]
    contacts = make_collection(
        connection, schema={"fields": [spec.to_json() for spec in specs]}
    )
    for at, first in ((NOON, "Ana"), (LATER, "Anna")):
        item = IntegrationItem(
            id="1",
            type="contact",
            name=f"{first} Reyes",
            properties={"firstname": first, "lastname": "Reyes"},
        )
        store.store_page(contacts, [item], run_id=None, now=at)

    assert told(as_alice) == [("firstname", "Ana", "Anna")]


@pytest.mark.parametrize("slug", ["airtable", "hubspot"])
def test_an_edit_that_nothing_is_known_of_changes_nothing_here(
    as_alice: Client, alice: User, slug: str
) -> None:
    table = make_table(alice, slug)
    put(table, NOON, "Boats")
    changed_at = table.items.get().changed_at

    counts = put(table, LATER, "Boats")

    assert (counts.changed, counts.unchanged) == (0, 1)
    item = table.items.get()
    assert item.changed_at == changed_at
    assert item.remote_updated_at == LATER
    assert as_alice.get("/changes/?kind=changed").context["days"] == []
    [change] = ItemChange.objects.all()
    assert change.kind == ItemChange.Kind.FOUND
    page = as_alice.get(item.get_absolute_url())
    assert "nothing that is shown changed" in page.content.decode().lower()


def test_an_edit_of_a_text_is_still_told(as_alice: Client, alice: User) -> None:
    table = make_table(alice, "notion")
    put(table, NOON, "Boats")

    counts = put(table, LATER, "Boats")

    assert counts.changed == 1
    [day] = as_alice.get("/changes/?kind=changed").context["days"]
    [entry] = day["entries"]
    assert entry["fields"] == []
    assert entry["why"].startswith("no field changed: its text did")


def test_the_difference_between_two_times_leaves_it_out_too(
    as_alice: Client, alice: User
) -> None:
    table = make_table(alice, "hubspot")
    put(table, NOON, "Boats", amount="1")
    put(table, LATER, "Boats", amount="2")
    Item.objects.update(first_seen_at=NOON - timedelta(hours=3))

    ends = f"at={NOON:%Y-%m-%dT%H:%M}&until={LATER:%Y-%m-%dT%H:%M}"
    page = as_alice.get(f"/collections/{table.pk}/as-of/?{ends}")

    assert page.status_code == 200
    labels = [f["label"] for e in page.context["changed"] for f in e["fields"]]
    assert labels == ["Amount"]


def test_the_field_filter_offers_no_times_of_edits(
    as_alice: Client, alice: User
) -> None:
    table = make_table(alice, "hubspot")
    put(table, NOON, "Boats", amount="1")

    filters = as_alice.get("/changes/").context["filters"]

    offered = [c.label for f in filters for g in f.get("groups", ()) for c in g.choices]
    assert "Amount" in offered
    assert NOTED not in offered

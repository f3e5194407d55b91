"""Whoever pauses or disconnects decides what becomes of changes that wait."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import BulkEdit, Connection, Edit, Import, ImportRow, Item
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]


@pytest.fixture
@kept
def connection(alice: User) -> Connection:
    return make_connection(alice, granted_scopes=SCOPES, is_editing=True)


@pytest.fixture
def edits(connection: Connection) -> list[Edit]:
    """Return what waits: one alone, one of many, and one that a worker reads for."""
    collection = make_collection(connection)
    items: list[Item] = [make_item(collection, name=f"Row {n}") for n in range(3)]
    bulk = BulkEdit.objects.create(
        connection=connection, collection=collection, confirmed_at=NOON
    )
    leased = {"lease_id": bulk.uuid, "lease_until": timezone.now()}
    more: list[dict[str, Any]] = [{}, {"bulk_edit": bulk}, leased]
    return [
        Edit.objects.create(
            connection=connection,
            collection=collection,
            item=item,
            verb="update",
            order_key=str(item.pk),
            **told,
        )
        for item, told in zip(items, more, strict=True)
    ]


def states() -> set[str]:
    return set(Edit.objects.values_list("state", flat=True))


@pytest.mark.parametrize("page", ["connection-pause", "connection-disconnect"])
@pytest.mark.parametrize(
    ("choice", "expected"), [("keep", "waiting"), ("discard", "cancelled")]
)
def test_waiting_changes_are_kept_or_discarded_as_their_user_says(
    as_alice: Client, edits: list[Edit], page: str, choice: str, expected: str
) -> None:
    url = reverse(f"integrations:{page}", args=(edits[0].connection_id,))
    before = Connection.objects.values_list("state", flat=True).get()

    asked = as_alice.post(url, {"items": "keep"})

    assert asked.context["waiting_edits"] == len(edits)
    assert Connection.objects.values_list("state", flat=True).get() == before
    assert as_alice.post(url, {"items": "keep", "edits": choice}).status_code == 302
    assert Connection.objects.values_list("state", flat=True).get() != before
    assert states() == {expected}


@pytest.mark.parametrize(
    "page", ["connection-pause", "connection-disconnect", "connection-discard-edits"]
)
def test_rows_of_an_import_wait_as_well_and_are_discarded_with_it(
    as_alice: Client, connection: Connection, alice: User, page: str
) -> None:
    source = Import.objects.create(
        connection=connection,
        collection=make_collection(connection),
        created_by=alice,
        state="running",
    )
    for number in (2, 3):
        ImportRow.objects.create(source=source, number=number, state="new")
    url = reverse(f"integrations:{page}", args=(connection.pk,))

    shown = as_alice.get(connection.get_absolute_url())
    assert shown.context["waiting_edits"] == 2
    if page != "connection-discard-edits":
        assert as_alice.post(url, {"items": "keep"}).context["waiting_edits"] == 2
    as_alice.post(url, {"items": "keep", "edits": "discard"})

    source.refresh_from_db()
    assert source.state == "cancelling"


def test_nobody_is_asked_where_nothing_waits(
    as_alice: Client, connection: Connection
) -> None:
    as_alice.post(reverse("integrations:connection-pause", args=(connection.pk,)))

    connection.refresh_from_db()
    assert connection.state == "paused"

"""Lists of edits and imports that are cut say so, and lead to the whole list."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.models import BulkEdit, Download, Edit, Import
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]


@pytest.fixture
@kept
def item(alice: User) -> Any:
    connection = make_connection(alice, granted_scopes=SCOPES, is_editing=True)
    schema = {"fields": [{"name": "city", "label": "City"}]}
    return make_item(make_collection(connection, schema=schema))


def make_edits(item: Any, number: int, **values: Any) -> None:
    for n in range(number):
        Edit.objects.create(
            connection=item.connection,
            collection=item.collection,
            item=item,
            verb="update",
            values={"city": "Bonn"},
            order_key=f"{n}",
            created_by=item.connection.owner,
            **values,
        )


def make_bulk_edits(item: Any, number: int) -> None:
    for _ in range(number):
        BulkEdit.objects.create(
            connection=item.connection,
            collection=item.collection,
            field="city",
            confirmed_at=NOON,
        )


def make_imports(item: Any, number: int) -> None:
    for _ in range(number):
        Import.objects.create(
            connection=item.connection,
            collection=item.collection,
            created_by=item.connection.owner,
        )


LISTS = {
    "edits": (make_edits, 5, "connection-detail", "connection-edits", "edits"),
    "edits of an item": (make_edits, 5, "item-detail", "item-edits", "edits"),
    "bulk edits": (
        *(make_bulk_edits, 5, "connection-detail"),
        *("connection-bulk-edits", "bulk_edits"),
    ),
    "imports": (make_imports, 20, "import-create", "import-list", "imports"),
}


def address(name: str, item: Any) -> str:
    keys = {
        "connection": item.connection_id,
        "item": item.uuid,
        "import": item.collection_id,
    }
    return reverse(f"integrations:{name}", args=(keys[name.partition("-")[0]],))


@pytest.mark.parametrize("which", LISTS)
def test_one_more_than_is_shown_leads_to_the_whole_list(
    as_alice: Client, item: Any, which: str
) -> None:
    make, most, page, whole, name = LISTS[which]
    make(item, most)
    assert address(whole, item) not in as_alice.get(address(page, item)).text

    make(item, 1)

    cut = as_alice.get(address(page, item))
    listed = as_alice.get(address(whole, item))
    assert len(cut.context[name]) == most
    assert address(whole, item) in cut.text
    assert len(listed.context[name]) == most + 1


def test_a_whole_list_has_pages(as_alice: Client, item: Any) -> None:
    make_edits(item, 51)

    first = as_alice.get(address("connection-edits", item))
    second = as_alice.get(f"{address('connection-edits', item)}?page=2")

    shown = [row["edit"].pk for row in first.context["edits"]]
    assert "?page=2" in first.text
    assert len(shown) == 50
    assert [row["edit"].pk for row in second.context["edits"]] == [min(shown) - 1]


def test_an_items_list_holds_what_is_saved_as_well(as_alice: Client, item: Any) -> None:
    make_edits(item, 2, state="saved")
    make_edits(item, 1, state="refused")

    assert len(as_alice.get(address("item-edits", item)).context["edits"]) == 3
    of_connection = as_alice.get(address("connection-edits", item))
    assert [row["edit"].state for row in of_connection.context["edits"]] == ["refused"]


def test_every_download_is_listed(as_alice: Client, alice: User) -> None:
    for number in range(51):
        Download.objects.create(
            owner=alice, name=f"D{number}", form="csv", time_zone="UTC", state="failed"
        )

    pages = [as_alice.get(f"/downloads/?page={page}") for page in (1, 2)]

    assert [len(page.context["rows"]) for page in pages] == [50, 1]
    assert "?page=2" in pages[0].text

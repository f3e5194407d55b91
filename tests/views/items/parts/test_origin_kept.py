"""What is done with an item keeps the list that the item was opened from."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Edit, Item
from integrations.services.items.own_columns import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_item

SCOPES = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]
FIELDS = [{"name": "city", "label": "City"}]
TARGET = re.compile(r'(?:href|action)="(/(?:items|edits)/[0-9a-f-]{36}/[^"]*)"')


@pytest.fixture
@kept
def item(alice: User) -> Item:
    connection = make_connection(alice, granted_scopes=SCOPES, is_editing=True)
    contacts = make_collection(connection, schema={"fields": FIELDS})
    for name in ("Ada", "Cleo"):
        make_item(contacts, name=name)
    store.create(alice, contacts, name="Note", kind="text", options=[])
    return make_item(contacts, name="Bea", properties={"city": "Bonn"})


def make_edit(item: Item, **values: Any) -> Edit:
    edit: Edit = Edit.objects.create(
        connection=item.connection,
        collection=item.collection,
        item=item,
        remote_id=item.remote_id,
        order_key=f"{item.collection_id}:{item.remote_id}",
        verb="update",
        values={"city": "Kiel"},
        base={"city": "Bonn"},
        created_by=item.connection.owner,
        **values,
    )
    return edit


def table_of(item: Item) -> str:
    return f"/collections/{item.collection_id}/?sort=item.name"


def open_from_table(client: Client, item: Item) -> Any:
    referrer = {"Referer": f"http://testserver{table_of(item)}"}
    return client.get(item.get_absolute_url(), headers=referrer)


def targets(page: Any, item: Item) -> set[str]:
    """Return where the page's links and forms about the item and its edits lead."""
    found = {unescape(each) for each in TARGET.findall(page.text)}
    return {each for each in found if "/edits/" in each or str(item.uuid) in each}


def is_kept(url: str) -> bool:
    return "in=%2Fcollections%2F" in url


def test_whatever_an_items_page_leads_to_knows_the_list(
    as_alice: Client, item: Item
) -> None:
    make_edit(item, state="refused")
    make_edit(item, state="conflict")
    make_edit(item)

    page = open_from_table(as_alice, item)
    found = targets(page, item)

    for part in ("/follow/", "/own/", "/edit/", "/archive/", "/discard/", "correct="):
        assert any(part in url for url in found), part
    # The form for a past time takes it as a field, as a form by GET has no query.
    assert {url for url in found if not is_kept(url)} == {f"/items/{item.uuid}/as-of/"}
    assert is_kept(page.context["live_url"])


@pytest.mark.parametrize("part", ["edit", "archive", "own", "as-of", "edits", "live"])
def test_every_page_of_an_item_leads_back_into_the_list(
    as_alice: Client, item: Item, part: str
) -> None:
    edit = make_edit(item, state="conflict")
    query = {"in": table_of(item), "at": "2026-01-01T00:00"}

    pages = [as_alice.get(f"/items/{item.uuid}/{part}/", query)]
    if part == "edits":
        pages.append(as_alice.get(edit.get_absolute_url(), query))

    for page in pages:
        found = {url for url in targets(page, item) if str(item.uuid) in url}
        assert found
        assert all(map(is_kept, found - {f"/items/{item.uuid}/as-of/"}))


@pytest.mark.parametrize(
    ("part", "data"),
    [
        ("follow", {"action": "follow"}),
        ("own", {}),
        ("archive", {}),
        ("edit", {"p.city": "Kiel"}),
        ("edit", {}),
    ],
)
def test_after_what_is_done_the_next_item_is_the_lists(
    as_alice: Client, item: Item, part: str, data: dict[str, str]
) -> None:
    urls = targets(open_from_table(as_alice, item), item)
    url = next(url for url in urls if f"/{part}/" in url)
    if part == "edit":
        form = as_alice.get(url).context["form"]
        hidden = {name: form[name].value() for name in ("key", "base")}
        data = {**hidden, "p.city": "Bonn", **data}

    page = as_alice.post(url, data, follow=True)

    assert page.context["back_url"] == table_of(item)
    after = as_alice.get(page.context["beside"]["next"], follow=True)
    assert after.context["item"].name == "Cleo"


@pytest.mark.parametrize("verb", ["discard", "undo", "decide"])
def test_what_is_done_with_an_edit_keeps_the_list(
    as_alice: Client, item: Item, verb: str
) -> None:
    edit = make_edit(item, state="conflict")

    page = as_alice.post(f"/edits/{edit.uuid}/{verb}/?in={table_of(item)}", follow=True)

    assert page.context["item"] == item
    assert page.context["back_url"] == table_of(item)


def test_a_page_of_an_item_is_that_item_for_whatever_is_opened_from_it(
    as_alice: Client, item: Item
) -> None:
    other = Item.objects.exclude(pk=item.pk)[0]
    path = f"/items/{item.uuid}/own/?back=/items/&in=/items/"

    page = as_alice.get(
        other.get_absolute_url(), headers={"Referer": f"http://testserver{path}"}
    )

    assert page.context["back_url"] == f"{item.get_absolute_url()}?in=%2Fitems%2F"

"""From an item to the next and the previous one of the list it was opened from."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from integrations.services.items.tables import indexes
from tests.support.rows import make_collection, make_connection, make_item, make_items


@pytest.fixture
def contacts(connection):
    fields = [{"name": "age", "label": "Age", "kind": "number"}]
    made = make_collection(connection, schema={"fields": fields})
    names = ("Bea", "ada", "Cleo", "Ada", "Dan")
    for number, name in enumerate(names):
        make_item(made, name=name, properties={"age": number % 2})
    return made


def walk(client, item, path, way):
    """Return the names of the items that one comes by, this one first."""
    page = client.get(
        item.get_absolute_url(), headers={"Referer": f"http://testserver{path}"}
    )
    seen = [page.context["item"].name]
    while len(seen) < 20:
        page = client.get(page.context["beside"][way], follow=True)
        name = page.context["item"].name
        if list(page.context["messages"]):
            return seen
        seen.append(name)
    return seen


@pytest.mark.parametrize("query", ["", "sort=name", "sort=-name&size=25", "q=ada"])
def test_one_comes_by_every_item_of_a_list_in_its_order(as_alice, contacts, query):
    path = f"/items/?{query}"
    listed = as_alice.get(path).context["items"]

    names = [item.name for item in listed]
    assert walk(as_alice, listed[0], path, "next") == names
    assert walk(as_alice, listed[-1], path, "previous") == names[::-1]


@pytest.mark.parametrize("query", ["", "?sort=item.name", "?q=ada"])
def test_one_comes_by_every_row_of_a_table(as_alice, contacts, query):
    path = f"/collections/{contacts.pk}/{query}"
    rows = as_alice.get(path).context["rows"]

    names = [row.item.name for row in rows]
    assert walk(as_alice, rows[0].item, path, "next") == names


def test_the_way_back_is_kept_on_the_way(as_alice, contacts):
    item = contacts.items.first()
    carried = urlencode({"in": "/items/?sort=name&after=xyz"})

    page = as_alice.get(f"{item.get_absolute_url()}?{carried}")
    after = as_alice.get(page.context["beside"]["next"], follow=True)

    assert page.context["back_url"] == "/items/?sort=name&after=xyz"
    assert after.context["back_url"] == "/items/?sort=name"


def test_nothing_is_beside_a_row_while_the_order_is_being_prepared(
    as_alice, contacts, monkeypatch
):
    monkeypatch.setattr(indexes, "SMALL", 0)
    item = contacts.items.first()
    carried = urlencode({"in": f"/collections/{contacts.pk}/?sort=age"})

    for way in ("next", "previous"):
        url = reverse(f"integrations:item-{way}", args=(item.uuid,))
        page = as_alice.get(f"{url}?{carried}", follow=True)

        assert page.context["item"] == item
        assert "being prepared" in str(*page.context["messages"])


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/items/",
        "//evil.example/items/",
        "javascript:x",
        "[",
        "/x/",
        f"/collections/{'-' * 36}/",
    ],
)
def test_no_address_leads_elsewhere(as_alice, contacts, text):
    item = contacts.items.first()

    page = as_alice.get(item.get_absolute_url(), {"in": text})

    assert page.context["back_url"].startswith("/items/")
    moved = as_alice.get(f"/items/{item.uuid}/next/", {"in": text})
    assert moved.headers["Location"].startswith("/items/")


def test_nobody_comes_by_anothers_items(as_alice, as_bob, bob, contacts):
    own = make_item(make_collection(make_connection(bob)), name="Own")
    item = contacts.items.first()

    assert as_bob.get(f"/items/{item.uuid}/next/?in=/items/").status_code == 404
    table = urlencode({"in": f"/collections/{contacts.pk}/"})
    assert as_bob.get(f"/items/{own.uuid}/next/?{table}").status_code == 404
    assert walk(as_bob, own, "/items/", "next") == ["Own"]


def test_a_long_address_is_not_carried(as_alice, contacts):
    make_items(contacts, [{"name": "x"}])
    item = contacts.items.first()

    page = as_alice.get(item.get_absolute_url(), {"in": f"/items/?q={'x' * 3000}"})

    assert page.context["beside"] is None

"""From an item to the next and the previous one of the list it was opened from."""

from itertools import product
from urllib.parse import urlencode

import pytest
from django.db import connection as database
from django.urls import reverse

from integrations.models import ItemLink
from integrations.services.items.relations import around
from integrations.services.items.tables.indexing import indexes
from integrations.views.items.parts import beside
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_item, make_items


@pytest.fixture
@kept
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


def test_one_comes_by_every_item_of_a_list_in_its_order(as_alice, contacts, subtests):
    for query in ("", "sort=name", "sort=-name&size=25", "q=ada"):
        with subtests.test(query=query):
            path = f"/items/?{query}"
            listed = as_alice.get(path).context["items"]

            names = [item.name for item in listed]
            assert walk(as_alice, listed[0], path, "next") == names
            assert walk(as_alice, listed[-1], path, "previous") == names[::-1]


def test_one_comes_by_every_row_of_a_table(as_alice, contacts, subtests):
    for query in ("", "?sort=item.name", "?q=ada"):
        with subtests.test(query=query):
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


def test_no_address_leads_elsewhere(as_alice, contacts, subtests):
    item = contacts.items.first()

    for text in (
        "https://evil.example/items/",
        "//evil.example/items/",
        "javascript:x",
        "[",
        "/x/",
        f"/collections/{'-' * 36}/",
    ):
        with subtests.test(text=text):
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


def carried(path):
    return {"Referer": f"http://testserver{path}"}


def test_one_comes_by_what_a_search_found_of_a_type_and_back_to_it(
    as_alice, contacts, alice
):
    deals = make_collection(contacts.connection, remote_id="d", item_type="deal")
    make_item(deals, name="Ada's deal")
    for _ in range(6):
        make_item(contacts, name="Ada too")
    path = "/search/?q=ada"
    groups = as_alice.get(path).context["groups"]
    group = next(each for each in groups if each["type"] == "contact")
    everyone = [item.name for item in as_alice.get(group["url"]).context["items"]]

    seen = walk(as_alice, group["items"][0], path, "next")
    page = as_alice.get(group["items"][0].get_absolute_url(), headers=carried(path))

    assert len(seen) == 8 > len(group["items"])
    assert seen == everyone
    assert (page.context["back_url"], page.context["back_text"]) == (path, "Search")


@pytest.fixture
@kept
def company(contacts):
    companies = make_collection(
        contacts.connection, remote_id="companies", item_type="company"
    )
    acme = make_item(companies, name="Acme", remote_id="7")
    for number, item in enumerate(contacts.items.order_by("pk")):
        ItemLink.objects.create(
            item=item,
            connection=contacts.connection,
            relation="associations.companies",
            target_collection="companies",
            target_remote_id="7",
            position=number,
        )
    return acme


def test_one_comes_by_the_rows_of_a_related_table_and_back_to_its_page(
    as_alice, contacts, company
):
    path = f"{company.get_absolute_url()}?in=%2Fitems%2F%3Fsort%3Dname"
    [table] = as_alice.get(path).context["tables"]
    first = table["rows"][0]["item"]

    seen = walk(as_alice, first, path, "next")
    page = as_alice.get(first.get_absolute_url(), headers=carried(path))
    after = as_alice.get(page.context["beside"]["next"], follow=True)

    assert seen[:5] == [row["item"].name for row in table["rows"]]
    assert len(seen) == contacts.items.count()
    assert (page.context["back_url"], page.context["back_text"]) == (path, "Acme")
    back = as_alice.get(after.context["back_url"])
    assert back.context["item"] == company
    assert back.context["back_url"] == "/items/?sort=name"


def test_one_comes_by_what_an_item_contains(as_alice, alice):
    connection = make_connection(alice, provider="notion")
    pages = make_collection(connection, remote_id="pages", item_type="page")
    make_item(pages, name="Home", remote_id="h")
    for name in ("b", "C", "a"):
        make_item(pages, name=name, remote_id=name, parent_remote_id="h")
    home = pages.items.get(name="Home")
    shown = as_alice.get(home.get_absolute_url()).context["inside"].shown

    seen = walk(as_alice, shown[0].item, home.get_absolute_url(), "next")

    assert seen == [child.item.name for child in shown] == ["a", "b", "C"]


def test_one_comes_by_everything_about_an_address(as_alice, contacts):
    for name in ("Zoe", "Yan"):
        make_item(contacts, name=name, properties={"email": "z@acme.example"})
    path = "/everything/?about=z%40acme.example"
    shown = [each["item"] for each in as_alice.get(path).context["items"]]

    assert walk(as_alice, shown[0], path, "next") == ["Yan", "Zoe"]


def read_from_behind():
    """Have SQLite give what has no order the other way round."""
    with database.cursor() as cursor:
        cursor.execute("PRAGMA reverse_unordered_selects = ON")


@pytest.fixture
def as_stored(db):
    yield
    with database.cursor() as cursor:
        cursor.execute("PRAGMA reverse_unordered_selects = OFF")


@pytest.mark.parametrize(
    "path",
    [
        "/everything/?about=ana%40example.com",
        "/items/?sort=name",
        "/items/?q=ana",
        "/search/?q=ana",
    ],
)
@pytest.mark.skipif(
    database.vendor != "sqlite", reason="only SQLite can be made to read from behind"
)
@pytest.mark.usefixtures("as_stored")
def test_people_of_one_name_follow_each_other_as_their_page_shows_them(
    as_alice, contacts, path
):
    ana = {"name": "Ana Reyes", "properties": {"email": "ana@example.com"}}
    people = [make_item(contacts, **ana) for _ in range(4)]
    context = as_alice.get(path).context
    if "groups" in context and path.startswith("/search"):
        rows = [row for group in context["groups"] for row in group["items"]]
    else:
        rows = [
            row["item"] if isinstance(row, dict) else row for row in context["items"]
        ]
    keys = [row.pk for row in rows if row.name == "Ana Reyes"]
    assert sorted(keys) == sorted(person.pk for person in people)

    read_from_behind()

    seen = keys[:1]
    item = next(person for person in people if person.pk == keys[0])
    page = as_alice.get(item.get_absolute_url(), headers=carried(path))
    while len(seen) < len(keys):
        page = as_alice.get(page.context["beside"]["next"], follow=True)
        seen.append(page.context["item"].pk)
    assert seen == keys


def test_from_a_page_without_it_an_item_leads_back_only(as_alice, contacts):
    one, other = contacts.items.all()[:2]

    page = as_alice.get(
        one.get_absolute_url(), headers=carried(other.get_absolute_url())
    )

    assert page.context["back_url"] == other.get_absolute_url()
    assert page.context["beside"] is None


def test_what_is_done_on_its_page_keeps_the_way_back(as_alice, contacts):
    item = contacts.items.first()
    path = f"{item.get_absolute_url()}?in=%2Fitems%2F%3Fsort%3Dname"

    page = as_alice.get(item.get_absolute_url(), headers=carried(path))

    assert page.context["back_url"] == "/items/?sort=name"


def test_nobody_is_led_to_anothers_item_or_learns_its_name(as_bob, bob, company):
    own = make_item(make_collection(make_connection(bob)), name="Own")
    path = company.get_absolute_url()

    page = as_bob.get(own.get_absolute_url(), headers=carried(path))

    assert page.context["back_url"] == "/items/"
    assert "beside" not in page.context or page.context["beside"] is None
    moved = as_bob.get(f"/items/{own.uuid}/next/", {"in": path})
    assert moved.headers["Location"].startswith(own.get_absolute_url())


def test_pages_opened_from_each_other_carry_no_endless_address(as_alice, company):
    contact = company.collection.connection.items.filter(type="contact").first()
    url = company.get_absolute_url()
    for number in range(12):
        target = (contact, company)[number % 2]
        page = as_alice.get(target.get_absolute_url(), headers=carried(url))
        ways = page.context.get("beside")
        assert ways
        assert len(ways["next"]) < 1700
        # As a link of the page leads on from the address that is shown then.
        moved = as_alice.get(ways["previous"], follow=True)
        url = moved.wsgi_request.get_full_path()


def told(client, item, way, path):
    url = reverse(f"integrations:item-{way}", args=(item.uuid,))
    page = client.get(url, {"in": path} if path else {}, follow=True)
    assert page.context["item"] == item
    return [message.message for message in page.context["messages"]]


def test_without_a_list_nothing_is_its_first_or_last(as_alice, contacts, subtests):
    item = contacts.items.first()

    for way, path in product(("next", "previous"), ("", "/no/list/")):
        with subtests.test(way=way, path=path):
            assert told(as_alice, item, way, path) == [beside.NO_LIST]


def test_an_item_that_its_list_does_not_show_is_not_called_its_first_or_last(
    as_alice, contacts, company, subtests
):
    other = make_item(contacts, name="Linked with nothing")
    path = company.get_absolute_url()

    for way in ("next", "previous"):
        with subtests.test(way=way):
            assert told(as_alice, other, way, path) == [beside.NOT_SHOWN]
            about = "/everything/?about=nobody%40acme.example"
            assert told(as_alice, other, way, about) == [beside.NOT_SHOWN]


@pytest.mark.parametrize("way", ["next", "previous"])
def test_an_item_behind_what_a_page_looks_at_is_not_called_its_first_or_last(
    as_alice, company, monkeypatch, way
):
    monkeypatch.setattr(around, "MOST_LINKS", 2)
    path = company.get_absolute_url()
    [table] = as_alice.get(path).context["tables"]
    shown = [row["item"] for row in table["rows"]]
    behind = company.connection.items.filter(type="contact").exclude(
        pk__in=[item.pk for item in shown]
    )

    assert told(as_alice, behind[0], way, path) == [beside.NOT_SHOWN]


def test_the_ends_of_a_page_are_told_as_such(as_alice, company):
    path = company.get_absolute_url()
    [table] = as_alice.get(path).context["tables"]
    shown = [row["item"] for row in table["rows"]]

    assert told(as_alice, shown[0], "previous", path) == [beside.ENDS[False]]
    assert told(as_alice, shown[-1], "next", path) == [beside.LAST_ON_PAGE]

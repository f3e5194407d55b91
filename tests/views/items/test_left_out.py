"""A list says what of its address it leaves out, and nothing trusts such a list."""

import io
import re
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.http import QueryDict

from integrations.models import Download
from integrations.services.items.downloads import making
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_item

ODD = [
    "provider=hubspott",
    "connection=nonsense",
    "state=gone",
    "amount__gt=3",
]
LOOKS = ["sort=amount", "size=7", "view=odd"]


def codes(page):
    return re.findall(r'data-code="(left_out)"', page.content.decode())


@pytest.fixture
@kept
def item(connection):
    return make_item(make_collection(connection, first_full_refresh_at=NOON))


@pytest.mark.parametrize("query", [*ODD, *LOOKS])
def test_the_list_over_everything_says_it(as_alice, item, query):
    page = as_alice.get(f"/items/?{query}")

    assert list(page.context["items"]) == [item]
    assert codes(page) == ["left_out"]


@pytest.mark.parametrize("query", ODD)
def test_no_file_is_made_of_it(as_alice, alice, item, query):
    told = {**QueryDict(query).dict(), "form": "ndjson", "values": "raw"}
    refused = as_alice.post("/items/download/", told)
    download = Download.objects.create(
        owner=alice,
        name="Items",
        form="csv",
        content="raw",
        time_zone="UTC",
        parameters=query,
    )

    making.make(download.pk)

    assert refused.status_code == 302
    download.refresh_from_db()
    assert download.state == Download.State.FAILED
    with pytest.raises(CommandError):
        call_command(
            "items",
            user=alice.email,
            address=f"/items/?{query}",
            format="ndjson",
            stdout=io.StringIO(),
        )


@pytest.mark.parametrize("query", LOOKS)
def test_a_list_that_only_looks_different_has_its_files(as_alice, alice, item, query):
    told = {**QueryDict(query).dict(), "form": "ndjson", "values": "raw"}
    address = f"/items/?{query}"

    file = as_alice.post("/items/download/", told)
    call_command("items", user=alice.email, address=address, stdout=io.StringIO())

    assert file.status_code == 200
    assert file.getvalue().decode().count("\n") == 1


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("provider=hubspott", 1),
        ("day=2026-13-44&kind=odd", 2),
        ("since=yesterday", 1),
        ("run=1&item=2", 2),
        ("type=%3Cb%3E&connection=1", 2),
        ("since=unseen", 1),
        ("kind=changed&field=properties.a__b", 0),
    ],
)
def test_the_page_of_changes_says_it(as_alice, item, query, number):
    page = as_alice.get(f"/changes/?{query}")

    assert codes(page) == ["left_out"] * number


PLACES = ("after", "before")


@pytest.fixture
@kept
def lists(item):
    """Return the addresses of lists whose pages start at a place."""
    item.properties = {"email": "ana@example.com"}
    item.save()
    make_item(item.collection, name="Other", properties={"email": "ana@example.com"})
    return {
        "list": "/items/?",
        "table": f"/collections/{item.collection_id}/?",
    }


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("kind", ["list", "table"])
def test_a_place_that_cannot_be_read_is_said(as_alice, lists, kind, name):
    page = as_alice.get(f"{lists[kind]}{name}=garbage")

    assert codes(page) == ["left_out"]
    assert codes(as_alice.get(f"{lists[kind]}{name}=")) == []


@pytest.mark.parametrize("kind", ["list", "table"])
def test_a_place_of_another_order_is_said(as_alice, lists, monkeypatch, kind):
    monkeypatch.setattr("integrations.services.items.lists.query.SIZES", (1, 50))
    monkeypatch.setattr("integrations.services.items.tables.table_query.SIZES", (1, 50))
    orders = {"list": ("name", "created"), "table": ("item.name", "-item.name")}[kind]
    first = as_alice.get(f"{lists[kind]}sort={orders[0]}&size=1")
    onward = first.context["next_url"]

    assert codes(as_alice.get(onward)) == []
    page = as_alice.get(onward.replace(f"sort={orders[0]}", f"sort={orders[1]}"))
    assert codes(page) == ["left_out"]


def test_the_pages_of_changes_and_of_a_timeline_say_it(as_alice, lists):
    assert codes(as_alice.get("/changes/?after=garbage")) == ["left_out"]

    page = as_alice.get("/everything/?about=ana@example.com&before=garbage")
    assert codes(page) == ["left_out"]
    assert page.context["is_first_page"]


def test_a_place_among_rows_of_then_is_none_in_the_table(as_alice, item):
    at = f"at={NOON.isoformat()[:16]}"

    for path in (f"/collections/{item.collection_id}/as-of/", "/items/as-of/"):
        assert codes(as_alice.get(f"{path}?{at}&after=7")) == []


def test_a_list_as_it_was_says_it(as_alice, item):
    page = as_alice.get(f"/items/as-of/?at={NOON.isoformat()[:16]}&provider=odd")

    assert codes(page) == ["left_out"]


@pytest.mark.parametrize("query", ["&item.name__is=x", "&q=x", "&gone__is=1", ""])
def test_a_table_as_it_was_says_which_filter_it_lacks(as_alice, item, query):
    path = f"/collections/{item.collection_id}/as-of/"

    page = as_alice.get(f"{path}?at={NOON.isoformat()[:16]}{query}")

    assert codes(page) == (["left_out"] if "gone" in query else [])


def test_from_a_list_that_lacks_a_filter_one_comes_to_a_past_that_says_so(as_alice):
    listed = as_alice.get("/items/?provider=odd")

    at = f"&at={NOON.isoformat()[:16]}"
    page = as_alice.get(f"{listed.context['past_url']}{at}")

    assert codes(page) == ["left_out"]


def test_from_a_filtered_table_one_comes_to_its_past_with_the_filters(as_alice, item):
    filters = "item.name__is=x&item.name__is=y&match=any&sort=item.name"
    table = as_alice.get(f"/collections/{item.collection_id}/?{filters}")

    asked = as_alice.get(table.context["past_url"])
    told = [*asked.context["kept"], ("at", NOON.isoformat()[:16])]
    page = as_alice.get(asked.wsgi_request.path, QueryDict(urlencode(told)))

    assert codes(asked) == codes(page) == []
    assert [each["words"] for each in page.context["conditions"]] == [
        "Name is x",
        "Name is y",
    ]
    assert page.context["now_url"] == table.wsgi_request.get_full_path()

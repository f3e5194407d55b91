"""Texts that are not read yet have a sign where their words are missed."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.models import Collection, Connection, ItemContent
from integrations.services.items import unread_texts
from tests.support.rows import NOON, make_collection, make_connection, make_item

CODE = 'data-code="texts_not_read"'


@pytest.fixture
def pages(alice: User, settings: Any) -> Collection:
    """Return pages of which one has its text and three have none."""
    settings.CONTENT_PAGES_PER_RUN = 200
    connection = make_connection(alice, provider="notion")
    made = make_collection(connection, item_type="page")
    read, *_ = (make_item(made, name="Quagga") for _ in range(4))
    ItemContent.objects.create(item=read, read_for=NOON, read_at=NOON)
    make_item(made, type="database")
    make_item(made, deleted_at=NOON, deleted_kind="deleted")
    return made


def shown(client: Any, address: str, **query: str) -> str:
    html: str = client.get(address, query).content.decode()
    return " ".join(html.split())


@pytest.mark.parametrize("name", ["search", "item-list"])
def test_a_search_says_how_many_texts_it_could_not_look_through(
    as_alice: Any, pages: Collection, name: str
) -> None:
    html = shown(as_alice, reverse(f"integrations:{name}"), q="quagga")

    assert CODE in html
    assert "3 texts are not read yet, so their words are not found yet." in html


def test_a_search_that_finds_nothing_says_so_too(
    as_alice: Any, pages: Collection
) -> None:
    assert CODE in shown(as_alice, reverse("integrations:search"), q="okapi")


def test_the_page_of_the_connection_says_so_as_long_as_it_holds(
    as_alice: Any, pages: Collection
) -> None:
    address = pages.connection.get_absolute_url()

    assert "3 texts are not read yet" in shown(as_alice, address)
    assert CODE in shown(
        as_alice,
        reverse("integrations:connection-progress", args=(pages.connection_id,)),
    )

    for item in pages.items.live().filter(type="page", content=None):
        ItemContent.objects.create(item=item, read_for=NOON, read_at=NOON)
    assert CODE not in shown(as_alice, address)


@pytest.mark.parametrize("state", ["paused", "disconnected"])
def test_what_will_not_be_read_is_not_promised(
    as_alice: Any, pages: Collection, state: str
) -> None:
    Connection.objects.update(state=state)

    html = shown(as_alice, reverse("integrations:search"), q="quagga")

    assert "3 texts were not read, so their words are not found." in html


def test_what_is_not_counted_in_full_says_so(
    as_alice: Any, pages: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread_texts, "MOST_COUNTED", 2)

    html = shown(as_alice, reverse("integrations:search"), q="quagga")

    assert "More than 2 texts are not read yet" in html


def test_another_user_is_told_nothing_of_them(
    as_bob: Any, bob: User, pages: Collection
) -> None:
    make_collection(make_connection(bob, provider="notion"), item_type="page")

    assert CODE not in shown(as_bob, reverse("integrations:search"), q="quagga")


def test_where_no_item_has_a_text_nothing_is_asked(alice: User) -> None:
    made = make_connection(alice)
    make_item(make_collection(made))

    with CaptureQueriesContext(database) as asked:
        count = unread_texts.count_in([made])

    assert count.number == 0
    assert not asked.captured_queries

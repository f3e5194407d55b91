"""An item is found by the names of those that its page says it is linked to."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Collection, Connection, Item
from integrations.providers.kinds import DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_connection, make_item

LINKS = "fldAAAAAAAAAlinks"


def names(client: Client, query: str) -> list[str]:
    return [row.name for row in client.get("/items/", {"q": query}).context["items"]]


def of_hubspot(connection: Connection, kind: str) -> Collection:
    plural = {"company": "companies"}.get(kind, f"{kind}s")
    return make_collection(
        connection, remote_id=plural, name=plural.capitalize(), item_type=kind
    )


@pytest.fixture
@kept
def deal(connection: Connection) -> Item:
    """Return a deal of a company, with two contacts."""
    company, contact, deals = (
        of_hubspot(connection, kind) for kind in ("company", "contact", "deal")
    )
    make_item(company, name="Harbour & Vale", remote_id="77")
    make_item(contact, name="Siân de Souza", remote_id="5")
    make_item(contact, name="Seventy Seven", remote_id="77")
    return make_item(
        deals,
        name="Renewal",
        remote_id="9",
        parent_remote_id="77",
        properties={"associations.contacts": ["5", "6"]},
    )


@pytest.mark.parametrize("query", ["harbour", "Vale renewal", "souza", "sian harb"])
def test_a_deal_is_found_by_its_company_and_its_contacts(
    as_alice: Client, deal: Item, query: str
) -> None:
    assert "Renewal" in names(as_alice, query)


def test_a_company_is_named_as_what_it_is_not_as_a_place(
    as_alice: Client, deal: Item
) -> None:
    page = as_alice.get(deal.get_absolute_url()).content.decode()

    assert 'aria-label="Where it is"' not in page
    head = page.split("<dt>Company</dt>")[1].split("</dd>")[0]
    assert "Harbour &amp; Vale" in head


def test_an_id_means_nothing_without_its_type(as_alice: Client, deal: Item) -> None:
    assert names(as_alice, "seventy") == ["Seventy Seven"]


def test_what_is_linked_by_name_is_marked_and_comes_last(
    as_alice: Client, deal: Item
) -> None:
    make_item(deal.collection, name="Other", properties={"dealname": "For Souza"})

    page = as_alice.get("/items/", {"q": "souza"})

    rows = page.context["items"]
    assert [row.name for row in rows] == ["Siân de Souza", "Other", "Renewal"]
    (passage,) = rows[-1].passages
    assert passage.label == "Contacts"
    assert [piece.text for piece in passage.pieces if piece.is_match] == ["Souza"]
    assert page.context["count_text"] == "3 of 5 items"


def test_a_new_name_is_found_at_once_and_the_old_one_no_more(
    as_alice: Client, deal: Item
) -> None:
    companies = Collection.objects.get(remote_id="companies")
    renamed = IntegrationItem(id="77", type="company", name="Quay Trading")

    store.store_page(companies, [renamed], run_id=None, now=NOON)

    assert names(as_alice, "quay") == ["Quay Trading", "Renewal"]
    assert names(as_alice, "harbour") == []


def test_a_linked_item_that_is_deleted_is_not_shown_nor_found(
    as_alice: Client, deal: Item
) -> None:
    Item.objects.filter(name="Siân de Souza").update(
        deleted_at=NOON, deleted_kind=DeletionKind.DELETED
    )

    assert names(as_alice, "souza") == []


@pytest.mark.parametrize(
    ("provider", "schema", "value"),
    [
        (
            "airtable",
            {"formats": {LINKS: {"type": "multipleRecordLinks", "table": "tblB"}}},
            ["recAAAAAAAAAAAAA1"],
        ),
        ("notion", {}, ["0f4a7c1e-6d1b-4c55-9d2e-8b1f6a3c2d10"]),
    ],
)
def test_linked_records_and_related_pages_are_found_by_title(
    as_alice: Client, alice: User, provider: str, schema: Any, value: list[str]
) -> None:
    connection = make_connection(alice, provider=provider, remote_id=provider)
    field = {"name": LINKS, "label": "Made by", "kind": "relation"}
    first = make_collection(
        connection, remote_id="tblA", name="A", schema={"fields": [field], **schema}
    )
    second = make_collection(connection, remote_id="tblB", name="B")
    make_item(second, name="Ødegård", remote_id=value[0])
    make_item(first, name="Chair", properties={LINKS: value})
    make_item(first, name="Table", properties={LINKS: []})

    assert names(as_alice, "odegard") == ["Ødegård", "Chair"]


@pytest.mark.parametrize(("count", "is_followed"), [(50, True), (51, False)])
def test_a_word_of_too_many_names_is_not_followed_and_the_page_says_so(
    as_alice: Client, deal: Item, count: int, is_followed: bool
) -> None:
    for number in range(count - 1):
        make_item(deal.collection, name=f"Harbour {number}")

    page = as_alice.get("/items/", {"q": "harbour", "size": "100"})

    assert ("Renewal" in [row.name for row in page.context["items"]]) is is_followed
    assert page.context["has_more_links"] is not is_followed
    assert (b"Type more" in page.content) is not is_followed


def test_other_peoples_names_are_found_in_nothing(
    as_bob: Client, deal: Item, bob: User
) -> None:
    theirs = of_hubspot(make_connection(bob, remote_id="2:2"), "deal")
    make_item(theirs, name="Mine", parent_remote_id="77")

    assert names(as_bob, "harbour") == []


def test_a_rename_indexes_nothing_that_is_linked(
    deal: Item, django_assert_max_num_queries: Any
) -> None:
    companies = Collection.objects.get(remote_id="companies")
    for number in range(60):
        make_item(deal.collection, name=f"D{number}", parent_remote_id="77")
    renamed = IntegrationItem(id="77", type="company", name="Quay Trading")

    with django_assert_max_num_queries(14) as found:
        store.store_page(companies, [renamed], run_id=None, now=NOON)

    written = [q["sql"] for q in found if "item_search" in q["sql"]]
    assert len(written) == 1


@pytest.mark.parametrize(("count", "is_followed"), [(50, True), (51, False)])
@pytest.mark.parametrize("page", ["search", "table", "list"])
def test_every_page_that_searches_says_once_that_names_were_not_followed(
    as_alice: Client, deal: Item, page: str, count: int, is_followed: bool
) -> None:
    for number in range(count - 1):
        make_item(deal.collection, name=f"Harbour {number}")
    table = f"/collections/{deal.collection_id}/"
    paths = {"search": "/search/", "table": table, "list": "/items/"}

    answer = as_alice.get(paths[page], {"q": "harbour"})

    told = answer.content.decode()
    assert told.count('data-code="links_not_followed"') == (not is_followed)
    assert told.count("Type more") == (not is_followed)

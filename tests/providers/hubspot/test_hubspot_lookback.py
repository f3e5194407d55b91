"""An incremental sync reaches back, and does not read again what is stored as it is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from msgspec.structs import replace

from integrations.http.responses.shape import expect_object
from integrations.providers.hubspot.listing.changes import MAX_PROBES
from integrations.providers.stored import StoredItem
from integrations.services.items.storage import store
from integrations.services.sync.stored.stored_items import Stored
from tests.support.rows import NOON, make_collection, make_connection, make_item

SINCE = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
TIME = datetime(2026, 11, 20, 10, 0, 0, 123000, tzinfo=UTC)
BASE = "/crm/objects/2026-09/contacts"
SEARCH, BATCH = f"POST {BASE}/search", f"POST {BASE}/batch/read"
LINKS = "POST /crm/associations/2026-09/contacts/companies/batch/read"


class FakeStored:
    """Hold what a test says is stored of the collection."""

    def __init__(self, *stored: StoredItem) -> None:
        self._items = {each.id: each for each in stored}

    def find_own(self, ids):
        """Return the items with these ids."""
        return {key: self._items[key] for key in ids if key in self._items}


def stored(remote_id="1", *, updated=TIME, company="7001"):
    return StoredItem(
        id=remote_id,
        type="contact",
        collection_id="contacts",
        changed=TIME,
        updated=updated,
        parent_id=company,
        properties={"associations.companies": [company] if company else []},
    )


def row(remote_id="1", **changes):
    return {
        "id": remote_id,
        "properties": {},
        "updatedAt": "2026-11-20T10:00:00.123Z",
        "archived": False,
        **changes,
    }


def links_of(*ids, company="7001"):
    target = {
        "toObjectId": company,
        "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 1}],
    }
    return {"results": [{"from": {"id": i}, "to": [target]} for i in ids]}


def fetch_changes(hubspot, *known, cursor=None, **context):
    collection = replace(hubspot.context(**context), stored=FakeStored(*known))
    return hubspot.connector.fetch_page(
        hubspot.api, collection, since=SINCE, cursor=cursor
    )


def asked_of(hubspot, route):
    """Return the ids in the batches sent to a route."""
    path = route.removeprefix("POST ")
    bodies = [
        expect_object(json.loads(request.body), "body")
        for request in hubspot.transport.requests
        if request.url.endswith(path)
    ]
    return [[each["id"] for each in body["inputs"]] for body in bodies]


def test_what_is_stored_as_it_is_now_is_not_read_again(hubspot):
    hubspot.transport.on(SEARCH, {"results": [row("1"), row("2")]})
    hubspot.transport.on(LINKS, links_of("1"))
    hubspot.transport.on(BATCH, {"results": [row("2")]})
    hubspot.transport.on(LINKS, links_of("2"))

    page = fetch_changes(hubspot, stored("1"))

    assert [item.id for item in page.items] == ["2"]
    assert asked_of(hubspot, BATCH) == [["2"]]
    assert (page.deleted, page.unreadable) == ({}, 0)


def test_a_page_of_nothing_new_costs_no_batch_and_goes_on(hubspot):
    more = {"paging": {"next": {"after": "200"}}}
    hubspot.transport.on(SEARCH, {"results": [row("1"), row("2")], **more})
    hubspot.transport.on(LINKS, links_of("1", "2"))

    page = fetch_changes(hubspot, stored("1"), stored("2"))

    assert page.items == []
    assert json.loads(page.next_cursor) == {"after_id": "2"}
    assert asked_of(hubspot, BATCH) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"updatedAt": "2026-11-20T10:00:00.124Z"},
        {"updatedAt": "2026-11-20T09:59:59Z"},
        {"updatedAt": "soon"},
        {"updatedAt": 7},
        {"updatedAt": None},
    ],
)
def test_another_or_an_odd_time_is_read(hubspot, changes):
    hubspot.transport.on(SEARCH, {"results": [row("1", **changes)]})
    hubspot.transport.on(BATCH, {"results": [row("1")]})
    hubspot.transport.on(LINKS, links_of("1"))

    page = fetch_changes(hubspot, stored("1"))

    assert [item.id for item in page.items] == ["1"]


def test_a_row_without_a_time_is_read_whatever_is_stored(hubspot):
    bare = {"id": "1", "properties": {}}
    hubspot.transport.on(SEARCH, {"results": [bare]})
    hubspot.transport.on(BATCH, {"results": [bare]})
    hubspot.transport.on(LINKS, links_of("1"))

    page = fetch_changes(hubspot, stored("1", updated=None))

    assert [item.id for item in page.items] == ["1"]


@pytest.mark.parametrize("company", ["7002", None])
def test_an_association_that_changed_without_the_time_is_read(hubspot, company):
    hubspot.transport.on(SEARCH, {"results": [row("1")]})
    hubspot.transport.on(BATCH, {"results": [row("1")]})
    for _ in range(2):
        hubspot.transport.on(LINKS, links_of("1"))

    page = fetch_changes(hubspot, stored("1", company=company))

    assert [(item.id, item.parent_id) for item in page.items] == [("1", "7001")]


def test_associations_told_in_part_do_not_prove_that_nothing_changed(hubspot):
    told = links_of("1")
    told["results"][0]["paging"] = {"next": {"after": "7002"}}
    hubspot.transport.on(SEARCH, {"results": [row("1")]})
    hubspot.transport.on(BATCH, {"results": [row("1")]})
    for _ in range(2):
        hubspot.transport.on(LINKS, told)
    in_full = {"results": told["results"][0]["to"]}
    hubspot.transport.on(f"GET {BASE}/1/associations/companies", in_full)

    page = fetch_changes(hubspot, stored("1"))

    assert [item.id for item in page.items] == ["1"]


def test_companies_have_no_associations_to_compare(hubspot):
    route = "POST /crm/objects/2026-09/companies/search"
    hubspot.transport.on(route, {"results": [row("1")]})

    page = fetch_changes(
        hubspot, stored("1", company=None), remote_id="companies", name="Companies"
    )

    assert page.items == []
    assert len(hubspot.transport.requests) == 1


def test_a_page_cut_for_its_probes_goes_on_behind_what_it_settled(hubspot):
    ids = [str(n) for n in range(1, 101)]
    hubspot.transport.on(SEARCH, {"results": [row(each) for each in ids]})
    hubspot.transport.on(LINKS, links_of("40", "41"))
    hubspot.transport.on(BATCH, {"results": []})
    for remote_id in ids[: MAX_PROBES + 2]:
        gone = hubspot.load("error_not_found")
        hubspot.transport.on(f"GET {BASE}/{remote_id}", gone, status=404)

    page = fetch_changes(hubspot, stored("40"), stored("41"))

    assert len(page.deleted) == MAX_PROBES
    assert page.deleted.keys().isdisjoint({"40", "41"})
    assert json.loads(page.next_cursor) == {"after_id": "42"}


@pytest.mark.django_db
def test_only_live_items_of_the_collection_itself_are_found():
    connection = make_connection(User.objects.create(username="alice"))
    contacts = make_collection(connection)
    companies = make_collection(connection, remote_id="companies", name="Companies")
    make_item(contacts, remote_id="1", remote_updated_at=TIME)
    make_item(contacts, remote_id="2", deleted_at=NOON)
    make_item(companies, remote_id="1", remote_updated_at=TIME + timedelta(days=1))
    make_item(companies, remote_id="3")

    found = Stored(contacts).find_own(["1", "2", "3"])

    assert {key: item.updated for key, item in found.items()} == {"1": TIME}


@pytest.mark.django_db
def test_what_one_sync_stored_the_next_one_does_not_read(hubspot):
    connection = make_connection(User.objects.create(username="alice"))
    collection = make_collection(connection)
    for _ in range(2):
        hubspot.transport.on(SEARCH, {"results": [row("1")]})
        hubspot.transport.on(LINKS, links_of("1"))
    hubspot.transport.on(BATCH, {"results": [row("1")]})

    pages = []
    for _ in range(2):
        context = replace(hubspot.context(), stored=Stored(collection))
        page = hubspot.connector.fetch_page(
            hubspot.api, context, since=SINCE, cursor=None
        )
        store.store_page(collection, page.items, run_id=None, now=TIME)
        pages.append(page)

    assert [len(page.items) for page in pages] == [1, 0]
    assert hubspot.transport.left == []

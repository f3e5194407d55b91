"""What the filters of the items list offer: sorted, narrowed, counted, told apart."""

import pytest

from integrations.models import Collection
from tests.support.pages.kept_rows import kept
from tests.support.rows import make_collection, make_connection, make_items


@pytest.fixture
@kept
def two_portals(alice):
    """Return two portals of one name, and their contacts."""
    portals = [
        make_connection(
            alice,
            account_name="Lantern & Reed",
            remote_id=f"{hub}:7",
            account={"hub_id": hub, "user_email": "ana@lantern.example"},
        )
        for hub in ("555", "777")
    ]
    return [
        fill(make_collection(portal, name="Contacts"), number)
        for portal, number in zip(portals, (3, 2), strict=True)
    ]


def fill(collection, number):
    make_items(collection, [{"name": f"{collection.pk} {n}"} for n in range(number)])
    Collection.objects.filter(pk=collection.pk).update(stored_count=number)
    collection.refresh_from_db()
    return collection


def offered(page, name):
    return next(f for f in page.context["filters"] if f["name"] == name)


def labels(page, name):
    return [
        choice.text
        for group in offered(page, name)["groups"]
        for choice in group.choices
    ]


def test_two_accounts_of_one_name_are_told_apart(as_alice, two_portals):
    page = as_alice.get("/items/")

    assert labels(page, "connection") == [
        "Any",
        "HubSpot: Lantern & Reed, 555 (3)",
        "HubSpot: Lantern & Reed, 777 (2)",
    ]
    shown = {item.connection.title for item in page.context["items"]}
    assert shown == {"Lantern & Reed"}
    body = page.content.decode()
    assert "Lantern &amp; Reed, 555</bdi><td " in body
    assert "Lantern &amp; Reed, 777</bdi><td " in body


def test_collections_of_one_name_stand_under_their_connection(as_alice, two_portals):
    page = as_alice.get("/items/")

    groups = offered(page, "collection")["groups"]
    assert [(g.label, [c.text for c in g.choices]) for g in groups] == [
        ("", ["Any"]),
        ("HubSpot: Lantern & Reed, 555", ["Contacts (3)"]),
        ("HubSpot: Lantern & Reed, 777", ["Contacts (2)"]),
    ]
    assert page.content.decode().count("<optgroup") == 2


def test_choices_are_sorted_and_narrowed_by_the_other_filters(as_alice, alice):
    portal = make_connection(alice, account_name="Acme", remote_id="1:1")
    bases = make_connection(
        alice, provider="airtable", account_name="Zed", remote_id="usr1"
    )
    fill(make_collection(portal, name="contacts"), 2)
    fill(make_collection(portal, name="Deals", remote_id="d", item_type="deal"), 1)
    fill(make_collection(bases, name="Books", remote_id="t", item_type="record"), 4)

    both = as_alice.get("/items/")
    one = as_alice.get(f"/items/?connection={bases.pk}")
    deals = as_alice.get("/items/?type=deal")

    assert labels(both, "collection") == [
        "Any",
        "Books (4)",
        "contacts (2)",
        "Deals (1)",
    ]
    offers = {f["name"] for f in one.context["filters"]}
    assert offers == {"connection", "state"}
    assert labels(one, "connection") == labels(both, "connection")
    assert labels(deals, "type") == labels(both, "type")


def test_what_is_chosen_is_offered_though_the_others_leave_nothing(as_alice, alice):
    portal = make_connection(alice, account_name="Acme", remote_id="1:1")
    bases = make_connection(alice, provider="airtable", account_name="Zed")
    contacts = fill(make_collection(portal, name="Contacts"), 2)

    page = as_alice.get(f"/items/?connection={bases.pk}&collection={contacts.pk}")

    chosen = {c["label"]: c["value"] for c in page.context["chips"]}
    assert chosen == {"Connection": "Airtable: Zed", "Collection": "Contacts"}


def test_a_search_has_no_counts_at_its_choices(as_alice, two_portals):
    page = as_alice.get("/items/?q=1")

    assert labels(page, "collection") == ["Any", "Contacts", "Contacts"]


def test_the_choices_that_do_not_fit_are_announced(as_alice, alice):
    bases = make_connection(alice, provider="airtable", account_name="Zed")
    for number in range(205):
        fill(make_collection(bases, remote_id=f"t{number}", name=f"T{number:03}"), 1)

    page = as_alice.get("/items/")

    last = offered(page, "collection")["groups"][-1].choices[-1]
    assert last.text == "… and 5 more"
    assert last.disabled


def test_what_nobody_reads_and_is_empty_is_not_offered(as_alice, alice):
    portal = make_connection(alice, account_name="Acme", remote_id="1:1")
    fill(make_collection(portal, name="Contacts"), 2)
    make_collection(portal, name="Deals", remote_id="d", is_selected=False)

    page = as_alice.get("/items/")

    assert "collection" not in {f["name"] for f in page.context["filters"]}

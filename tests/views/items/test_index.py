"""The items list and the item's page, as an owner sees them."""

from datetime import timedelta

import pytest

from integrations.models import Connection, ItemChange
from integrations.models.reasons import Reason, ReasonCode, columns
from integrations.models.sync.progress import CollectionProgress, ProgressState
from integrations.templatetags.mooring import parent_text
from tests.support.pages.shown import in_words, inside
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_item,
    make_items,
)

HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(2)>"""
EVERYWHERE = {"name": HOSTILE, "parent_name": HOSTILE, "remote_url": "javascript:a()"}
WHY = Reason.of(ReasonCode.NOT_FOUND, message=HOSTILE, detail=HOSTILE)


def names(response):
    return [item.name for item in response.context["items"]]


def test_the_list_shows_the_latest_first(as_alice, collection):
    make_item(collection, name="Old", remote_updated_at=NOON - timedelta(days=1))
    make_item(collection, name="New")

    page = as_alice.get("/items/")

    assert names(page) == ["New", "Old"]
    assert page.context["count_text"] == "2 items"


def test_hostile_names_stay_text_on_every_page(as_alice, connection, collection):
    connection.label = connection.account_name = collection.name = HOSTILE[:120]
    connection.save()
    collection.set_reason(WHY)
    collection.save()
    item = make_item(
        collection,
        **EVERYWHERE,
        deleted_kind="unknown",
        deleted_detail=HOSTILE,
        properties={"firstname": HOSTILE, "website": "javascript:alert(3)"},
    )
    entry = CollectionProgress(
        name=HOSTILE, state=ProgressState.FAILED, reason=WHY, error_code=HOSTILE
    )
    run = make_finished_run(
        connection,
        **columns(WHY),
        progress={"1": entry.to_json()},
    )
    ItemChange.objects.create(
        item=item,
        run=run,
        at=NOON,
        kind="changed",
        fields={"name": ["x", HOSTILE], "properties.firstname": [HOSTILE, "y"]},
    )

    paths = ["/", "/connections/", "/items/", "/items/?q=<script>alert(1)</script>"]
    paths += [row.get_absolute_url() for row in (connection, item, run)]
    paths += [f"{connection.get_absolute_url()}{end}/" for end in ("disconnect",)]
    for path in paths:
        page = as_alice.get(path).content.decode()

        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert 'href="javascript:' not in page, path


def test_the_search_box_finds_words(as_alice, collection):
    make_item(collection, name="Ada Lovelace")
    make_item(collection, name="Charles Babbage")

    page = as_alice.get("/items/?q=lov")

    assert names(page) == ["Ada Lovelace"]
    assert page.context["count_text"] == "1 of 2 items"
    assert page.context["chips"] == [
        {"label": "Search", "value": "lov", "remove_url": "/items/"}
    ]


def test_filters_offer_what_there_is_and_remember_the_choice(as_alice, connection):
    make_item(make_collection(connection))
    deals = make_collection(
        connection, remote_id="deals", name="Deals", item_type="deal"
    )
    make_item(deals, name="Big one")

    page = as_alice.get(f"/items/?type=deal&collection={deals.pk}")

    assert names(page) == ["Big one"]
    selected = {
        entry["name"]: choice.label
        for entry in page.context["filters"]
        for group in entry["groups"]
        for choice in group.choices
        if choice.value == entry["chosen"]
    }
    assert selected["collection"] == "Deals"
    assert selected["state"] == "Still there"
    assert len(page.context["chips"]) == 2


def test_pages_are_links_that_work_without_scripts(as_alice, collection):
    make_items(collection, [{"name": f"Item {n:03}"} for n in range(60)])

    first = as_alice.get("/items/?sort=name&size=25")
    second = as_alice.get(first.context["next_url"])
    again = as_alice.get(second.context["previous_url"])

    assert names(first)[0] == "Item 000"
    assert names(second)[0] == "Item 025"
    assert names(again) == names(first)
    assert first.context["previous_url"] == ""
    assert first.context["next_url"] in first.content.decode().replace("&amp;", "&")


def test_a_page_of_items_takes_a_fixed_number_of_queries(
    as_alice, collection, django_assert_max_num_queries
):
    make_items(collection, [{"name": f"Item {n}"} for n in range(100)])
    as_alice.get("/")

    with django_assert_max_num_queries(11):
        as_alice.get("/items/?size=100")


def test_htmx_gets_only_the_table(as_alice, collection):
    make_item(collection, name="Ada")

    part = as_alice.get(
        "/items/", headers={"HX-Request": "true", "HX-Target": "results"}
    )

    assert b"Ada" in part.content
    assert b"<html" not in part.content


@pytest.mark.parametrize(
    ("values", "query", "expected"),
    [
        (None, "", "unconnected"),
        ({"last_synced_at": None}, "", "syncing"),
        ({"last_synced_at": None, "state": "needs_reconnect"}, "", "waiting"),
        ({}, "", "bare"),
        ({}, "?q=nothing", "bare"),
        ({}, "?state=deleted", "deleted"),
    ],
)
def test_every_way_to_be_empty_says_why(as_alice, alice, values, query, expected):
    if values is not None:
        make_connection(alice, **values)

    page = as_alice.get(f"/items/{query}")

    assert page.context["empty"] == expected
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("connection_values", "collection_values", "expected"),
    [
        ({}, {"is_selected": False}, "deselected"),
        ({}, {}, "bare"),
        ({"last_synced_at": None}, {}, "syncing"),
        ({"last_synced_at": None, "state": "paused"}, {}, "waiting"),
        ({"last_synced_at": None}, {"is_selected": False}, "deselected"),
    ],
)
@pytest.mark.parametrize("by", ["connection", "collection", "provider"])
def test_an_empty_account_is_not_a_search_that_failed(
    as_alice, alice, connection_values, collection_values, expected, by
):
    make_item(make_collection(make_connection(alice, provider="airtable")))
    empty = make_connection(alice, **connection_values)
    contacts = make_collection(empty, **collection_values)
    value = {"connection": empty.pk, "collection": contacts.pk, "provider": "hubspot"}

    page = as_alice.get(f"/items/?{by}={value[by]}")
    searched = as_alice.get(f"/items/?{by}={value[by]}&q=ada")

    assert page.context["empty"] == expected
    assert empty.get_absolute_url() in page.content.decode()
    assert searched.context["empty"] == expected


def test_a_full_account_where_a_search_finds_nothing_says_so(as_alice, collection):
    make_item(collection)

    page = as_alice.get(f"/items/?collection={collection.pk}&q=nobody")

    assert page.context["empty"] == "nothing"


def test_an_account_without_any_collection_is_empty_too(as_alice, alice):
    empty = make_connection(alice, provider="airtable")
    make_item(make_collection(make_connection(alice)))

    page = as_alice.get(f"/items/?connection={empty.pk}")

    assert page.context["empty"] == "bare"


def test_items_that_do_not_refresh_are_labelled(as_alice, connection, collection):
    make_item(collection)
    connection.state = Connection.State.NEEDS_RECONNECT
    connection.save()

    page = as_alice.get("/items/")

    assert [entry["since"] for entry in page.context["stale"]] == [NOON]


def test_page_and_fragment_are_told_apart_by_whoever_keeps_them(as_alice, collection):
    answer = as_alice.get("/items/")

    assert {"HX-Request", "HX-Target"} <= set(answer.headers["Vary"].split(", "))


def test_the_same_id_of_another_type_is_neither_parent_nor_child(as_alice, collection):
    connection = collection.connection
    deals = make_collection(connection, remote_id="deals", item_type="deal")
    companies = make_collection(connection, remote_id="companies", item_type="company")
    renewal = make_item(deals, name="Renewal 1927", remote_id="77")
    company = make_item(companies, name="Analytical Engines", remote_id="77")
    twin = make_item(collection, name="Babbage", remote_id="77")
    ada = make_item(collection, name="Ada", parent_remote_id="77")

    shown = as_alice.get(ada.get_absolute_url()).context["breadcrumbs"]
    listed = as_alice.get("/items/?q=ada").context["items"]
    children = [
        inside(as_alice.get(item.get_absolute_url()))
        for item in (renewal, company, twin)
    ]
    under = {
        item.name: list(as_alice.get(f"/items/?parent={item.uuid}").context["items"])
        for item in (renewal, company, twin)
    }

    assert shown == [company]
    assert [parent_text(item) for item in listed] == ["Company: Analytical Engines"]
    assert under == {"Renewal 1927": [], "Analytical Engines": [ada], "Babbage": []}
    # With HubSpot these are told by links alone.
    assert children == [[], [], []]


def test_a_living_parent_is_never_said_to_be_deleted(as_alice, collection):
    companies = make_collection(
        collection.connection, remote_id="companies", item_type="company"
    )
    make_item(companies, name="Vale", remote_id="78")
    twin = make_collection(collection.connection, remote_id="c2", item_type="company")
    make_item(twin, name="Other Vale", remote_id="78")
    ada = make_item(collection, name="Ada", parent_remote_id="78")

    top_name = as_alice.get(ada.get_absolute_url()).context["top_name"]

    assert top_name in ("Vale", "Other Vale")


def test_an_item_shows_its_properties_kin_and_history(as_alice, collection):
    companies = make_collection(
        collection.connection, remote_id="companies", item_type="company"
    )
    company = make_item(companies, name="Analytical Engines", remote_id="77")
    ada = make_item(
        collection,
        name="Ada",
        parent_remote_id="77",
        properties={"firstname": "Ada"},
        remote_url="https://app.hubspot.com/contacts/1/record/0-1/5",
    )
    run = make_finished_run(collection.connection)
    ItemChange.objects.create(
        item=ada,
        run=run,
        at=NOON,
        kind="changed",
        fields={"name": ["Augusta", "Ada"], "properties.firstname": ["Augusta", "Ada"]},
    )

    page = as_alice.get(ada.get_absolute_url())

    assert page.context["breadcrumbs"] == [company]
    assert {p["label"]: p["value"].text for p in page.context["properties"]} == {
        "firstname": "Ada"
    }
    kinds = [change["kind"] for change in page.context["changes"]]
    assert kinds == ["changed", "first_read"]
    assert in_words(page.context["changes"][0]["fields"]) == [
        ("firstname", "Augusta", "Ada"),
    ]
    assert 'href="https://app.hubspot.com/contacts/1/record/0-1/5"' in (
        page.content.decode()
    )


def test_the_history_types_values_like_the_page_and_names_only_what_changed(
    as_alice, connection
):
    fields = [
        {"name": "amount", "label": "Amount", "kind": "money"},
        {"name": "signed_at", "label": "Signed", "kind": "datetime"},
        {"name": "deal_currency_code", "label": "Currency"},
    ]
    fields[0]["options"] = {"currency_property": "deal_currency_code"}
    deals = make_collection(
        connection, remote_id="deals", item_type="deal", schema={"fields": fields}
    )
    deal = make_item(deals, properties={"amount": "9", "deal_currency_code": "SEK"})
    changed = {
        "properties.amount": ["0.0045", "9"],
        "properties.signed_at": [None, "2026-11-20T10:00:00Z"],
    }
    ItemChange.objects.create(item=deal, at=NOON, kind="changed", fields=changed)

    page = as_alice.get(deal.get_absolute_url())

    assert in_words(page.context["changes"][0]["fields"]) == [
        ("Amount", "0.0045 SEK", "9 SEK"),
        ("Signed", "", "20 Nov 2026, 10:00 UTC"),
    ]


def test_the_history_tells_no_box_that_did_not_change(as_alice, alice):
    boxes = [{"name": "fldAAAAAAAAAAAAA1", "label": "Done"}]
    schema = {"fields": boxes, "formats": {"fldAAAAAAAAAAAAA1": {"type": "checkbox"}}}
    table = make_collection(
        make_connection(alice, provider="airtable"), item_type="record", schema=schema
    )
    record = make_item(table, properties={})
    for fields in (
        {"properties.x": [1, 2]},
        {"properties.fldAAAAAAAAAAAAA1": [True, None]},
    ):
        ItemChange.objects.create(item=record, at=NOON, kind="changed", fields=fields)

    page = as_alice.get(record.get_absolute_url())

    assert [p["value"].text for p in page.context["properties"]] == ["No"]
    latest, first = (change["fields"] for change in page.context["changes"][:2])
    assert in_words(latest) == [("Done", "Yes", "No")]
    assert [field["label"] for field in first] == ["X"]


def test_a_remote_id_used_twice_makes_no_false_kin(as_alice, collection):
    deals = make_collection(collection.connection, remote_id="deals", item_type="deal")
    make_item(deals, name="Deal 77", remote_id="77")
    make_item(collection, name="Contact 77", remote_id="77")
    child = make_item(collection, parent_remote_id="77", parent_name="Elsewhere")

    page = as_alice.get(child.get_absolute_url())

    assert page.context["breadcrumbs"] == []
    assert page.context["top_name"] == "Elsewhere"


def test_back_leads_to_the_list_one_came_from(as_alice, collection):
    path = make_item(collection).get_absolute_url()
    origin = "http://testserver"

    here = as_alice.get(path, headers={"Referer": f"{origin}/items/?q=ada"})
    elsewhere = as_alice.get(path, headers={"Referer": "https://evil.example/items/?q"})
    other = as_alice.get(path, headers={"Referer": f"{origin}/connections/?q=1"})

    assert here.context["back_url"] == "/items/?q=ada"
    assert elsewhere.context["back_url"] == "/items/"
    assert other.context["back_url"] == "/items/"

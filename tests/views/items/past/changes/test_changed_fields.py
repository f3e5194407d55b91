"""Fields are offered on the page of changes: those shown, the chosen one, and more."""

from datetime import timedelta

import pytest
from django.db import connection as connection_of_database
from django.test.utils import CaptureQueriesContext

from integrations.providers import records
from integrations.views.items.past import changed_fields
from tests.support.rows import NOON, make_collection, make_connection, make_item
from tests.views.items.past.changes.entries import PATH, change, keys


def offered(page):
    [fields] = [each for each in page.context["filters"] if each["name"] == "field"]
    return {
        (group.label, each.label): each.value
        for group in fields["groups"]
        for each in group.choices
    }


def test_every_field_is_offered_told_apart_by_provider(as_alice, alice, deals):
    other = make_connection(alice, provider="notion", remote_id="n")
    price = {"name": "p1", "label": "Amount", "kind": "number"}
    for name, field in (("Offers", "p1"), ("Orders", "p2")):
        schema = {"fields": [{**price, "name": field}]}
        make_collection(
            other, remote_id=name, name=name, item_type="page", schema=schema
        )
    rare = change(
        make_item(deals), at=NOON, fields={"properties.dealstage": ["s1", "s2"]}
    )
    for n in range(60):
        change(make_item(deals), at=NOON + timedelta(minutes=n + 1))

    found = offered(as_alice.get(PATH))

    assert found["HubSpot", "Amount"] == "properties.amount"
    assert found["Notion", "Amount (Offers)"] == "properties.p1"
    assert found["Notion", "Amount (Orders)"] == "properties.p2"
    assert found["Several providers", "Name"] == "name"
    stage = found["HubSpot", "Stage"]
    page = as_alice.get(PATH, {"field": stage})
    assert keys(page) == [rare.pk]
    assert page.context["chips"][0]["value"] == "Stage"
    narrowed = offered(as_alice.get(PATH, {"provider": "notion"}))
    assert "properties.p2" in narrowed.values()
    assert stage not in narrowed.values()


def test_more_fields_than_are_offered_are_said(as_alice, deals, monkeypatch):
    monkeypatch.setattr(changed_fields, "MOST_OFFERED", 5)

    page = as_alice.get(PATH, {"field": "properties.dealstage"})

    assert len(offered(page)) == 5
    assert 'data-code="more_fields"' in page.content.decode()
    assert b'<option value="properties.dealstage" selected>' in b" ".join(
        page.content.split()
    )


def field_filter(page):
    [fields] = [each for each in page.context["filters"] if each["name"] == "field"]
    return fields


def test_fields_that_are_shown_are_offered_whatever_is_cut(
    as_alice, alice, deals, monkeypatch
):
    monkeypatch.setattr(changed_fields, "MOST_OFFERED", 1)
    other = make_connection(alice, provider="notion", remote_id="n")
    schema = {"fields": [{"name": "p1", "label": "Price", "kind": "number"}]}
    pages = make_collection(
        other, remote_id="z", name="Zoo", item_type="page", schema=schema
    )
    change(make_item(pages), fields={"properties.p1": ["1", "2"]})

    page = as_alice.get(PATH)

    assert offered(page)["Notion", "Price"] == "properties.p1"
    assert len(offered(page)) == 2
    assert field_filter(page)["has_more"]


def test_a_chosen_field_has_its_label_even_behind_the_cut(
    as_alice, alice, deals, monkeypatch
):
    monkeypatch.setattr(changed_fields, "MOST_OFFERED", 1)
    bases = make_connection(alice, provider="airtable", remote_id="a")
    schema = {"fields": [{"name": "fldPrice", "label": "Price", "kind": "number"}]}
    make_collection(bases, remote_id="z", name="Zoo", item_type="record", schema=schema)

    known, unknown = (
        as_alice.get(PATH, {"field": f"properties.{name}"})
        for name in ("fldPrice", "fldGone")
    )

    assert known.context["chips"][0]["value"] == "Price"
    assert offered(known)["Airtable", "Price"] == "properties.fldPrice"
    assert unknown.context["chips"][0]["value"] == "Unknown"
    assert ("properties.fldGone", "Unknown") in field_filter(unknown)["choices"]


@pytest.mark.parametrize(
    ("narrowed", "code"),
    [((), "more_fields"), (("connection", "type"), "first_fields")],
)
def test_narrowing_is_advised_while_it_can_be_done(
    as_alice, deals, monkeypatch, narrowed, code
):
    monkeypatch.setattr(changed_fields, "MOST_OFFERED", 1)
    asked = {"connection": str(deals.connection_id), "type": "deal"}

    page = as_alice.get(PATH, {name: asked[name] for name in narrowed})

    assert f'data-code="{code}"' in page.text


def test_schemas_are_read_until_enough_fields_are_known(as_alice, deals, monkeypatch):
    monkeypatch.setattr(changed_fields, "MOST_OFFERED", 5)
    for n in range(30):
        schema = {"fields": [{"name": f"p{n}", "label": f"P{n}", "kind": "text"}]}
        make_collection(
            deals.connection, remote_id=f"c{n}", name=f"C{n}", schema=schema
        )
    read = []

    def read_fields(schema):
        read.append(schema)
        return records.read_fields(schema)

    monkeypatch.setattr(changed_fields, "read_fields", read_fields)
    with CaptureQueriesContext(connection_of_database) as asked:
        page = as_alice.get(PATH)

    assert field_filter(page)["has_more"]
    assert len(read) <= 2
    with_schemas = [each["sql"] for each in asked if '."schema"' in each["sql"]]
    assert all(" LIMIT " in each for each in with_schemas)


def test_a_bound_of_schemas_is_said_too(as_alice, deals, monkeypatch):
    make_collection(deals.connection, remote_id="z", name="Zoo", item_type="deal")
    monkeypatch.setattr(changed_fields, "MOST_SCHEMAS", 2)
    assert not field_filter(as_alice.get(PATH))["has_more"]

    monkeypatch.setattr(changed_fields, "MOST_SCHEMAS", 1)

    assert field_filter(as_alice.get(PATH))["has_more"]

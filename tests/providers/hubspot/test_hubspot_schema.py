"""Labels, look-ups, and the choice of properties to ask for."""

import json

import pytest

from integrations.http.errors import RateLimited, Server, Unauthorized
from integrations.providers.hubspot.listing.schema import (
    fits_address,
    select_properties,
)
from integrations.providers.hubspot.objects import CONTACTS
from integrations.providers.records import FieldSpec


def test_every_visible_property_is_asked_for_important_ones_first(hubspot):
    fields = [FieldSpec(name=f"custom_property_{n}", label="x") for n in range(1000)]

    chosen = select_properties(fields, CONTACTS)

    assert chosen[:3] == ["firstname", "lastname", "email"]
    assert "lastmodifieddate" in chosen
    assert {spec.name for spec in fields} <= set(chosen)
    assert len(chosen) == len(set(chosen))


@pytest.mark.parametrize(("length", "fits"), [(5997, True), (5998, False)])
def test_six_kilobytes_of_names_fit_into_an_address(length, fits):
    assert fits_address(["x" * length]) is fits


def test_hidden_properties_are_not_asked_for_and_calculated_ones_come_last(hubspot):
    fields = [
        FieldSpec(name="score", label="Score", is_read_only=True),
        FieldSpec(name="secret", label="Secret", is_hidden=True),
        FieldSpec(name="with,comma", label="Odd"),
        FieldSpec(name="mood", label="Mood"),
    ]

    chosen = select_properties(fields, CONTACTS)

    assert chosen[-2:] == ["mood", "score"]
    assert "secret" not in chosen
    assert "with,comma" not in chosen


def test_a_deals_schema_names_pipelines_stages_and_owners(hubspot):
    hubspot.play(
        {
            "GET /crm/properties/2026-09/deals": ["properties_deals"],
            "GET /crm/pipelines/2026-09/deals": ["pipelines_deals"],
            "GET /crm/owners/2026-09": ["owners_archived", "owners"],
        }
    )

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(remote_id="deals")
    )

    assert schema["lookups"] == {
        "pipeline": {"default": "Sales Pipeline"},
        "stage": {
            "appointmentscheduled": "Appointment Scheduled",
            "98811": "Closed won",
        },
        "owner": {
            "39": "Bo (deactivated)",
            "41": "Ana Marín",
            "42": "queue@example.com",
        },
    }


def test_without_permission_owners_have_no_names_and_nothing_else_is_lost(hubspot):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    hubspot.transport.on(
        "GET /crm/owners/2026-09", hubspot.load("error_missing_scopes"), status=403
    )

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    assert schema["lookups"] == {"owner": {}}
    assert schema["fields"][0]["name"] == "firstname"


@pytest.mark.parametrize(
    ("body", "status"), [({}, 400), ({}, 404), ({}, 414), (b"<html>", 200), ({}, 200)]
)
def test_labels_that_cannot_be_read_cost_the_names_only(hubspot, body, status):
    hubspot.play({"GET /crm/properties/2026-09/deals": ["properties_deals"]})
    for route in ("GET /crm/pipelines/2026-09/deals", "GET /crm/owners/2026-09"):
        hubspot.transport.on(route, body, status=status)

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(remote_id="deals")
    )

    assert schema["lookups"] == {"owner": {}}
    assert schema["fields"]


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (429, RateLimited), (503, Server)]
)
def test_labels_that_can_be_read_later_are_waited_for(hubspot, status, error):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    for _ in range(2):
        hubspot.transport.on("GET /crm/owners/2026-09", {}, status=status)

    with pytest.raises(error):
        hubspot.connector.fetch_schema(hubspot.api, hubspot.context())


def test_owners_are_not_asked_for_without_their_scope(hubspot):
    hubspot.play({"GET /crm/properties/2026-09/contacts": ["properties_contacts"]})
    account = {**hubspot.script["account"], "scopes": ["crm.objects.contacts.read"]}

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(account=account)
    )

    assert schema["lookups"] == {}


def test_a_schema_is_bounded(hubspot):
    entry = {"name": "x", "label": "X" * 999, "options": [{"value": "v", "label": "L"}]}
    many = [{**entry, "name": f"p{n}"} for n in range(4000)]
    hubspot.transport.on("GET /crm/properties/2026-09/contacts", {"results": many})
    account = {**hubspot.script["account"], "scopes": []}

    schema = hubspot.connector.fetch_schema(
        hubspot.api, hubspot.context(account=account)
    )

    assert len(schema["fields"]) == 3000
    assert len(json.dumps(schema)) < 2_000_000

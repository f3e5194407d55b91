"""Raw values become what a person reads."""

import pytest

from integrations.providers.hubspot.mapping.display import describe, display
from integrations.providers.records import FieldSpec

ACCOUNT = {"time_zone": "Europe/Berlin", "currency": "EUR"}
LOOKUPS = {
    "owner": {"41": "Ana Marín"},
    "pipeline": {"default": "Sales Pipeline"},
    "stage": {"98811": "Closed won"},
}
OPTIONS = {"product": "Product news", "events": "Events & <workshops>"}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "plain", "plain"),
        ("text", None, ""),
        ("text", 7, "7"),
        ("choice", "product", "Product news"),
        ("choice", "unknown", "unknown"),
        ("choices", "product;;events;odd", "Product news, Events & <workshops>, odd"),
        ("boolean", "true", "Yes"),
        ("boolean", "false", "No"),
        ("boolean", "perhaps", "perhaps"),
        ("number", "1500.50", "1,500.50"),
        ("number", "1e3", "1,000"),
        ("number", "1e999999", "1e999999"),
        ("number", "NaN", "NaN"),
        ("number", "twelve", "twelve"),
        ("percent", "0.2", "20 %"),
        ("percent", "1", "100 %"),
        ("money", "1500.5", "1,500.50 EUR"),
        ("money", "1500", "1,500 EUR"),
        ("date", "2026-11-22", "2026-11-22"),
        ("date", "2026-11-22T00:00:00Z", "2026-11-22"),
        ("date", "soon", "soon"),
        ("datetime", "2026-11-20T23:30:00Z", "2026-11-21 00:30 CET"),
        ("datetime", "1795000000000", "2026-11-18 12:06 CET"),
        ("datetime", "9" * 30, "9" * 30),
        ("person", "41", "Ana Marín"),
        ("person", "99", "99"),
        ("pipeline", "default", "Sales Pipeline"),
        ("stage", "98811", "Closed won"),
        ("stage", "appointmentscheduled", "appointmentscheduled"),
        ("a kind of tomorrow", "as it is", "as it is"),
    ],
)
def test_a_value_is_shown_by_its_kind(kind, value, expected):
    field = FieldSpec(name="x", label="X", kind=kind, options=OPTIONS)

    assert display(value, field, LOOKUPS, ACCOUNT) == expected


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../etc/passwd", "US/\x00"])
def test_an_unknown_time_zone_is_utc(zone):
    field = FieldSpec(name="x", label="X", kind="datetime")

    shown = display("2026-11-20T10:00:00Z", field, {}, {"time_zone": zone})

    assert shown == "2026-11-20 10:00 UTC"


def test_a_deal_is_described_with_its_own_currency(hubspot):
    schema = {
        "fields": [
            {"name": "dealname", "label": "Deal Name"},
            {"name": "amount", "label": "Amount", "kind": "money"},
            {"name": "dealstage", "label": "Stage", "kind": "stage"},
            {"name": "closedate", "label": "Close Date", "kind": "datetime"},
            {"name": "internal", "label": "Internal", "is_hidden": True},
        ],
        "lookups": LOOKUPS,
    }
    properties = {
        "dealstage": "98811",
        "amount": "1500.5",
        "deal_currency_code": "SEK",
        "dealname": "Shelves",
        "closedate": None,
        "internal": "x",
        "younger_than_the_schema": "1",
        "hs_object_id": "5001",
        "associations.companies": ["7001"],
    }

    shown = describe(properties, schema, ACCOUNT)

    assert [(field.label, field.value) for field in shown] == [
        ("Deal Name", "Shelves"),
        ("Amount", "1,500.50 SEK"),
        ("Stage", "Closed won"),
        ("deal_currency_code", "SEK"),
        ("younger_than_the_schema", "1"),
    ]


def test_the_kind_of_a_field_follows_its_definition(hubspot):
    hubspot.play(hubspot.script["schema"])

    schema = hubspot.connector.fetch_schema(hubspot.api, hubspot.context())

    kinds = {entry["name"]: entry["kind"] for entry in schema["fields"]}
    assert (
        kinds
        | {
            "email": "email",
            "phone": "phone",
            "lifecyclestage": "choice",
            "topics": "choices",
            "hubspot_owner_id": "person",
            "is_vip": "boolean",
            "birthday": "date",
            "score": "number",
            "lastmodifieddate": "datetime",
            "hs_object_id": "text",
            "mood": "text",
        }
        == kinds
    )
    read_only = {e["name"] for e in schema["fields"] if e["is_read_only"]}
    assert read_only == {"score", "lastmodifieddate", "createdate", "hs_object_id"}

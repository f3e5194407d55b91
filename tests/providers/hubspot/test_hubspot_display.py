"""Raw values become typed ones."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.providers.fields import (
    Boolean,
    Choice,
    Choices,
    Date,
    DateTime,
    Duration,
    Email,
    Link,
    Money,
    Number,
    Percent,
    Phone,
    RichText,
    Text,
    User,
)
from integrations.providers.hubspot.mapping.display import Context, describe, to_value
from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import DEALS
from integrations.providers.markup import to_blocks
from integrations.providers.records import FieldSpec

ACCOUNT = {"time_zone": "Europe/Berlin", "currency": "EUR"}
LOOKUPS = {
    "owner": {"41": "Ana Marín"},
    "pipeline": {"default": "Sales Pipeline"},
    "stage": {"98811": "Closed won"},
}
OPTIONS = {"product": "Product news", "events": "Events & <workshops>"}
ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "plain", Text(text="plain")),
        ("text", None, None),
        ("text", "", None),
        ("text", 7, Text(text="7")),
        ("choice", "product", Choice(label="Product news")),
        ("choice", "unknown", Choice(label="unknown")),
        (
            "choices",
            "product;;events;odd",
            Choices(
                values=(
                    Choice(label="Product news"),
                    Choice(label="Events & <workshops>"),
                    Choice(label="odd"),
                )
            ),
        ),
        ("boolean", "true", Boolean(is_true=True)),
        ("boolean", "FALSE", Boolean(is_true=False)),
        ("boolean", "perhaps", Text(text="perhaps")),
        ("number", "1500.50", Number(amount=Decimal("1500.50"))),
        ("number", "0.0045", Number(amount=Decimal("0.0045"))),
        ("number", "1e999999", Text(text="1e999999")),
        ("number", "NaN", Text(text="NaN")),
        ("number", "twelve", Text(text="twelve")),
        ("percent", "0.2", Percent(share=Decimal("0.2"))),
        ("money", "1500.5", Money(amount=Decimal("1500.5"), currency="EUR")),
        ("money", "much", Text(text="much")),
        ("duration", "93784000", Duration(seconds=Decimal(93784))),
        ("date", "2026-11-22", Date(day=date(2026, 11, 22))),
        ("date", "2026-11-22T00:00:00Z", Date(day=date(2026, 11, 22))),
        ("date", "soon", Text(text="soon")),
        (
            "datetime",
            "2026-11-20T23:30:00Z",
            DateTime(at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC), zone=ZONE),
        ),
        (
            "datetime",
            "1795000000000",
            DateTime(at=datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC), zone=ZONE),
        ),
        ("datetime", "9" * 30, Text(text="9" * 30)),
        ("user", "41", User(id="41", name="Ana Marín")),
        ("person", "41", User(id="41", name="Ana Marín")),
        ("user", "99", User(id="99")),
        ("pipeline", "default", Choice(label="Sales Pipeline")),
        ("stage", "98811", Choice(label="Closed won")),
        ("stage", "appointmentscheduled", Choice(label="appointmentscheduled")),
        ("email", "a@b.example", Email(address="a@b.example")),
        ("phone", "+49 30 1", Phone(number="+49 30 1")),
        ("link", "b.example", Link(url="b.example")),
        ("html", "<p>Hi</p>", RichText(blocks=to_blocks("<p>Hi</p>", "html"))),
        ("a kind of tomorrow", "as it is", Text(text="as it is")),
    ],
)
def test_a_value_is_typed_by_its_kind(kind, raw, value):
    field = FieldSpec(name="x", label="X", kind=kind, options=OPTIONS)

    assert to_value(raw, field, Context(account=ACCOUNT, lookups=LOOKUPS)) == value


def test_a_yes_may_have_a_word_of_its_own():
    field = FieldSpec(name="x", label="X", kind="boolean", options={"true": "Sure"})

    assert to_value("true", field, Context()) == Boolean(is_true=True, label="Sure")


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
        ("Deal Name", Text(text="Shelves")),
        ("Amount", Money(amount=Decimal("1500.5"), currency="SEK")),
        ("Stage", Choice(label="Closed won")),
        ("deal_currency_code", Text(text="SEK")),
        ("younger_than_the_schema", Text(text="1")),
    ]


def test_an_amount_is_in_the_currency_of_the_property_that_it_names():
    own = to_field(
        {
            "name": "hs_arr",
            "label": "Annual recurring revenue",
            "type": "number",
            "showCurrencySymbol": True,
            "currencyPropertyName": "deal_currency_code",
        },
        DEALS,
    )
    home = FieldSpec(name="amount_in_home_currency", label="Home", kind="money")
    context = Context(
        account={"currency": "USD"}, properties={"deal_currency_code": "EUR"}
    )

    found = [to_value("12000", spec, context).currency for spec in (own, home)]

    assert found == ["EUR", "USD"]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"type": "number", "numberDisplayHint": "duration"}, "duration"),
        ({"type": "number", "numberDisplayHint": "currency"}, "money"),
        ({"type": "number", "numberDisplayHint": "formatted"}, "number"),
        ({"type": "number", "numberDisplayHint": "unformatted"}, "text"),
        ({"type": "string", "fieldType": "html"}, "html"),
    ],
)
def test_hints_of_the_schema_are_read(told, kind):
    assert to_field({"name": "x", "label": "X", **told}, DEALS).kind == kind


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
            "hubspot_owner_id": "user",
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

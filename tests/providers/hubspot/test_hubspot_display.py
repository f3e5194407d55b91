"""Raw values become typed ones."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from msgspec.structs import asdict

from integrations.providers.hubspot.listing.schema import select_properties
from integrations.providers.hubspot.mapping.display import Context, describe, to_value
from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import CONTACTS, DEALS
from integrations.providers.records import FieldSpec
from integrations.providers.text.html_blocks import html_blocks
from integrations.providers.typed.fields import (
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
    Relation,
    RichText,
    Text,
    User,
    Users,
)

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
        ("html", "<p>Hi</p>", RichText(blocks=html_blocks("<p>Hi</p>"))),
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


def test_the_deals_own_amounts_are_in_its_currency_whatever_the_schema_says():
    context = Context(
        account={"currency": "USD"}, properties={"deal_currency_code": "EUR"}
    )
    names = ("amount", "hs_tcv", "hs_arr", "amount_in_home_currency")
    specs = [FieldSpec(name=name, label=name, kind="money") for name in names]

    found = [to_value("12000", spec, context).currency for spec in specs]

    assert found == ["EUR", "EUR", "EUR", "USD"]


def test_several_owners_and_options_of_one_property_are_named_one_by_one():
    context = Context(lookups=LOOKUPS)
    owners = FieldSpec(name="hs_all_owner_ids", label="All owners", kind="user")
    topics = FieldSpec(name="x", label="X", kind="choice", options=OPTIONS)

    assert to_value("41;99", owners, context) == Users(
        values=(User(id="41", name="Ana Marín"), User(id="99"))
    )
    assert to_value("product;odd", topics, context) == Choices(
        values=(Choice(label="Product news"), Choice(label="odd"))
    )


def test_associated_records_are_linked_and_a_cut_list_says_so():
    properties = {
        "associations.contacts": ["9001"],
        "associations.contacts.has_more": True,
        "associations.companies": ["7001", "7002"],
    }

    shown = describe(properties, {}, {})

    assert [(field.label, field.value) for field in shown] == [
        (
            "Contacts",
            Relation(linked_ids=("9001",), linked_collection="contacts", has_more=True),
        ),
        (
            "Companies",
            Relation(linked_ids=("7001", "7002"), linked_collection="companies"),
        ),
    ]


def test_properties_and_options_of_one_label_are_told_apart():
    option = {"label": "New", "hidden": True}
    entries = [
        {"name": "notes", "label": "Notes"},
        {"name": "notes_2", "label": "notes"},
        {"name": "unlike", "label": "Unlike", "type": "enumeration"}
        | {"options": [option | {"value": "a"}, option | {"value": "b"}]},
        {"name": "hidden", "label": "Unlike", "hidden": True},
    ]
    schema = {"fields": [asdict(to_field(entry, DEALS)) for entry in entries]}
    values = {"notes": "1", "notes_2": "2", "unlike": "b", "hidden": "x"}

    shown = describe(values, schema, {})

    assert [(field.label, field.value) for field in shown] == [
        ("Notes (notes)", Text(text="1")),
        ("notes (notes_2)", Text(text="2")),
        ("Unlike", Choice(label="New (b)")),
    ]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (" For \n whom? ", "For \n whom?"),
        ("x" * 900, "x" * 499 + "…"),
        (None, ""),
        (7, ""),
    ],
)
def test_what_a_property_is_for_is_kept_in_bounds(told: object, kept: str) -> None:
    entry = {"name": "notes", "label": "Notes", "description": told}
    hidden = entry | {"hidden": True}

    assert to_field(entry, CONTACTS).description == kept
    assert to_field(hidden, CONTACTS).description == ""


@pytest.mark.parametrize("level", ["sensitive", "highly_sensitive", "something new"])
def test_what_is_sensitive_is_neither_asked_for_nor_shown(level):
    entry = {"name": "national_id", "label": "National ID", "dataSensitivity": level}
    field = to_field(entry, DEALS)

    assert "national_id" not in select_properties([field], DEALS)
    assert describe({"national_id": "7"}, {"fields": [asdict(field)]}, {}) == []


def test_the_currency_of_an_amount_is_asked_for_also_where_it_is_hidden():
    told = {"type": "number", "showCurrencySymbol": True}
    fee = {"name": "fee", "label": "Fee", "currencyPropertyName": "fee_currency"}
    currency = {"name": "fee_currency", "label": "Currency", "hidden": True}
    fields = [to_field(fee | told, DEALS), to_field(currency, DEALS)]

    assert "fee_currency" in select_properties(fields, DEALS)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"type": "number", "numberDisplayHint": "duration"}, "duration"),
        ({"type": "number", "numberDisplayHint": "percentage"}, "percent"),
        ({"type": "number", "numberDisplayHint": "probability"}, "percent"),
        ({"type": "string", "textDisplayHint": "email"}, "email"),
        ({"type": "string", "textDisplayHint": "domain_name"}, "domain"),
        ({"type": "string", "textDisplayHint": "postal_code"}, "text"),
        ({"type": "enumeration", "referencedObjectType": "OWNER"}, "user"),
        ({"type": "number", "name": "hs_created_by_user_id"}, "text"),
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

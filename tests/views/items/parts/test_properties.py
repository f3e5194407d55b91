"""An item's page shows its properties as its provider means them."""

import re

import pytest
from msgspec.structs import asdict

from integrations.models import ItemChange
from integrations.providers.airtable.mapping.fields import to_field as airtable_field
from integrations.providers.hubspot.mapping.fields import to_field as hubspot_field
from integrations.providers.hubspot.objects import CONTACTS, DEALS
from tests.support.rows import NOON, make_collection, make_connection, make_item

DEAL = {
    "dealname": "Shelves",
    "amount": "12500.5",
    "deal_currency_code": "EUR",
    "hs_arr": "12000",
    "hs_tcv": "36000.50",
    "implementation_fee": "900",
    "amount_in_home_currency": "13700",
    "hs_v2_time_in_current_stage": "93784000",
}


def money(name, **told):
    return {"name": name, "label": name, "type": "number"} | {
        "showCurrencySymbol": True,
        **told,
    }


DEFINITIONS = [
    {"name": "dealname", "label": "Deal name"},
    {"name": "amount", "label": "amount", "type": "number"},
    money("hs_arr", currencyPropertyName="deal_currency_code"),
    money("hs_tcv"),
    money("implementation_fee", currencyPropertyName="deal_currency_code"),
    money("amount_in_home_currency"),
    {"name": "hs_v2_time_in_current_stage", "label": "time", "type": "number"}
    | {"numberDisplayHint": "duration"},
]


def schema_of(definitions, kind):
    return {"fields": [asdict(hubspot_field(each, kind)) for each in definitions]}


def rows_of(page):
    """Return the label and the words of each property on a page."""
    (panel,) = re.findall(r"<h2>Properties</h2>.*?</section>", page, re.DOTALL)
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", panel, re.DOTALL)
    return {label: words_of(value) for label, value in found}


def words_of(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.fixture
def show(client, alice):
    """Return what opens the page of an item of one collection."""
    client.force_login(alice)

    def open_page(provider, properties, schema, *, changed=()):
        account = {"currency": "USD", "time_zone": "Europe/Berlin"}
        connection = make_connection(alice, provider=provider, account=account)
        collection = make_collection(connection, schema=schema, item_type="deal")
        item = make_item(collection, properties=properties)
        for fields in changed:
            ItemChange.objects.create(item=item, kind="changed", at=NOON, fields=fields)
        return client.get(item.get_absolute_url()).content.decode()

    return open_page


def test_every_amount_of_a_deal_is_in_its_own_currency(show):
    rows = rows_of(show("hubspot", DEAL, schema_of(DEFINITIONS, DEALS)))

    assert rows["amount"] == "12,500.50 EUR"
    assert rows["hs_arr"] == "12,000 EUR"
    assert rows["hs_tcv"] == "36,000.50 EUR"
    assert rows["implementation_fee"] == "900 EUR"
    assert rows["amount_in_home_currency"] == "13,700 USD"


def test_a_duration_is_said_in_its_units(show):
    rows = rows_of(show("hubspot", DEAL, schema_of(DEFINITIONS, DEALS)))

    assert rows["time"] == "1 day 2 h 3 min"


def test_formatted_texts_are_drawn_and_never_run(show):
    bio = {"name": "bio", "label": "Bio", "type": "string", "fieldType": "html"}
    raw = (
        "<div style='margin: 0'><p>Line one<br>Line <b>two</b></p>"
        "<ul><li><a href='https://a.example/'>here</a></li></ul>"
        "<script>alert(1)</script></div>"
    )

    page = show("hubspot", {"bio": raw}, schema_of([bio], CONTACTS))

    assert rows_of(page)["Bio"] == "Line one Line two here"
    (drawn,) = re.findall(r'<div class="text">.*?</div>', page, re.DOTALL)
    assert "<strong>two</strong>" in drawn
    assert 'href="https://a.example/"' in drawn
    assert "<li" in drawn
    assert "<script>alert" not in page


def test_airtables_markdown_is_drawn(show):
    name = "fldAAAAAAAAAAAAA1"
    spec, told = airtable_field({"id": name, "name": "Notes", "type": "richText"})
    schema = {"fields": [asdict(spec)], "formats": {name: told}}
    raw = "# Plan\n\n**Bold** and _it_ with [a link](https://example.org) \\# 5\n"

    page = show("airtable", {name: raw}, schema)

    assert rows_of(page)["Notes"] == "Plan Bold and it with a link # 5"
    assert "<strong>Bold</strong>" in page


def test_a_box_without_a_tick_is_a_no(show):
    name = "fldAAAAAAAAAAAAA1"
    spec, told = airtable_field({"id": name, "name": "Approved", "type": "checkbox"})

    page = show("airtable", {}, {"fields": [asdict(spec)], "formats": {name: told}})

    assert rows_of(page)["Approved"] == "No"


@pytest.mark.parametrize(
    ("name", "raw", "href"),
    [
        ("email", "ana@harbour.example", "mailto:ana@harbour.example"),
        ("hs_additional_emails", "a@x.example;b@x.example", "mailto:b@x.example"),
        ("phone", "(415) 555-0100", "tel:4155550100"),
        ("domain", "harbour.example", "https://harbour.example"),
        ("website", "www.harbour.example/about", "https://www.harbour.example/about"),
        ("website", "https://harbour.example", "https://harbour.example"),
    ],
)
def test_addresses_of_every_kind_are_links(show, name, raw, href):
    definition = {"name": name, "label": "It", "type": "string"}

    page = show("hubspot", {name: raw}, schema_of([definition], CONTACTS))

    assert f'href="{href}"' in page


def test_properties_without_a_value_are_counted_behind_one_control(show):
    names = [f"empty_{number}" for number in range(30)]
    listed = [{"name": name, "label": name} for name in [*names, "city", "later"]]

    page = show(
        "hubspot",
        dict.fromkeys(names) | {"city": "Bergen"},
        schema_of(listed, CONTACTS),
    )

    assert rows_of(page) == {"city": "Bergen"}
    assert re.search(r"<summary>Without a value\s.*\(30\)", page)
    assert "<li>empty_7</li>" in page
    assert "<li>later</li>" not in page


def test_properties_of_other_groups_are_folded_with_their_number(show):
    own = {"name": "x", "label": "X", "groupName": "contactinformation"}
    rest = [
        {"name": f"a{n}", "label": f"A{n}", "groupName": "analyticsinformation"}
        for n in range(3)
    ]

    page = show(
        "hubspot",
        {"x": "1", "a0": "2", "a1": "3", "a2": "4"},
        schema_of([own, *rest], CONTACTS),
    )

    assert len(rows_of(page)) == 4
    (group,) = re.findall(r'<details class="fold">.*?</details>', page, re.DOTALL)
    assert words_of(group).startswith("Analytics information (3)")
    assert "<dt>X</dt>" not in group


@pytest.mark.parametrize(
    ("told", "raw"),
    [
        ({"fieldType": "textarea"}, "word " * 400),
        ({"fieldType": "html"}, "<p><b>word</b></p>" * 40),
        (
            {"type": "enumeration", "fieldType": "checkbox"},
            ";".join(map(str, range(40))),
        ),
    ],
)
def test_long_values_are_folded_and_whole(show, told, raw):
    definition = {"name": "long", "label": "Long", "type": "string", **told}

    page = show("hubspot", {"long": raw}, schema_of([definition], CONTACTS))

    (folded,) = re.findall(r"<dd>\s*<details>.*?</details>", page, re.DOTALL)
    whole = folded.partition("</summary>")[2]
    wanted = 40 if "word" not in raw else raw.count("word")
    assert len(re.findall(r"word|<li>", whole)) == wanted


def test_a_history_that_is_longer_than_its_page_says_so(show):
    changed = [{"properties.dealname": [str(n), str(n + 1)]} for n in range(101)]
    schema = schema_of(DEFINITIONS, DEALS)

    assert "All changes of it" in show("hubspot", DEAL, schema, changed=changed)
    assert "All changes of it" not in show("hubspot", DEAL, schema, changed=changed[1:])


def test_a_history_is_in_the_deals_currency_and_folds_what_is_long(show):
    long = {"name": "notes", "label": "Notes", "type": "string"}
    changes = [
        {"properties.amount": ["1", "12500.5"]},
        {"properties.notes": ["old " * 400, "new " * 400]},
    ]

    page = show(
        "hubspot", DEAL, schema_of([*DEFINITIONS, long], DEALS), changed=changes
    )

    history = page.partition('class="bare change"')[2].partition("As exported")[0]
    assert "<del><bdi>1 EUR</bdi></del>" in history
    assert "<ins><bdi>12,500.50 EUR</bdi></ins>" in history
    (folded,) = re.findall(r"<details>.*?</details>", history, re.DOTALL)
    assert folded.partition("</summary>")[2].count("new ") == 400

"""A collection's page is a table of its own columns, typed and aligned."""

import re

import pytest
from msgspec.structs import asdict

from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import DEALS
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get, names
from tests.support.rows import NOON, make_collection, make_item

STAGES = {"s1": "Qualified", "s2": "Closed won"}


DEFINITIONS = [
    {"name": "dealname", "label": "Deal name"},
    {"name": "amount", "label": "Amount", "type": "number"},
    {"name": "dealstage", "label": "Stage", "type": "enumeration"},
    {"name": "hubspot_owner_id", "label": "Owner", "type": "enumeration"},
    {"name": "closedate", "label": "Close date", "type": "datetime"},
    {"name": "description", "label": "Description", "type": "string"},
]


SCHEMA = {
    "fields": [asdict(to_field(each, DEALS)) for each in DEFINITIONS],
    "lookups": {
        "stage": STAGES,
        "owner": {"41": "Cleo Cole", "42": "Dan Day"},
        "owner_email": {"41": "cleo@example.com", "42": "dan@example.com"},
    },
}


@pytest.fixture
@kept
def deals(connection):
    connection.account = {"user_email": "cleo@example.com", "currency": "USD"}
    connection.save()
    return make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        item_type="deal",
        schema=SCHEMA,
        first_full_refresh_at=NOON,
    )


def deal(deals, name, amount=None, stage="s1", owner="41", currency="USD", **more):
    told = {
        "dealname": name,
        "amount": amount,
        "dealstage": stage,
        "hubspot_owner_id": owner,
        "deal_currency_code": currency,
        **more,
    }
    properties = {key: value for key, value in told.items() if value is not None}
    return make_item(deals, name=name, properties=properties)


@pytest.fixture
@kept
def four(deals):
    deal(deals, "Small", "900", closedate="2026-11-03T10:00:00Z")
    deal(deals, "Large", "12500.50", "s2", "42", closedate="2026-12-24T10:00:00Z")
    deal(deals, "Euro", "3000", "s2", currency="EUR")
    deal(deals, "Unknown", None, owner=None)
    deals.refresh_from_db()
    return deals


def heads(page):
    return [each["label"] for each in page.context["columns"]]


def codes(page):
    return re.findall(r'data-code="(\w+)"', page.content.decode())


def test_deals_show_the_columns_that_hubspot_shows_first(as_alice, four):
    page = get(as_alice, four)

    shown = ["Deal name", "Amount", "Stage", "Owner", "Close date", "Updated"]
    assert heads(page) == shown
    row = next(r for r in page.context["rows"] if r.item.name == "Large")
    looks = [cell.look for _, cell in row.cells]
    assert looks == ["number", "chips", "people", "value", "value"]
    assert row.cells[0][1].text == "12,500.50 USD"


def test_rows_are_sorted_both_ways_with_unknown_ones_last(as_alice, four, subtests):
    for sort, expected in (
        ("-amount", ["Large", "Euro", "Small", "Unknown"]),
        ("amount", ["Small", "Euro", "Large", "Unknown"]),
        ("item.name", ["Euro", "Large", "Small", "Unknown"]),
        ("-item.name", ["Unknown", "Small", "Large", "Euro"]),
        ("dealstage", ["Small", "Unknown", "Large", "Euro"]),
        ("hubspot_owner_id", ["Small", "Euro", "Large", "Unknown"]),
    ):
        with subtests.test(sort=sort, expected=expected):
            assert names(get(as_alice, four, f"?sort={sort}")) == expected


def test_pages_follow_each_other_both_ways(as_alice, deals):
    for number in range(60):
        deal(deals, f"Deal {number:02}", str(number // 3) if number % 4 else None)
    deals.refresh_from_db()
    seen, url = [], f"/collections/{deals.pk}/?sort=-amount&size=25"
    pages = []
    while url:
        page = as_alice.get(url)
        pages.append(names(page))
        seen += names(page)
        last, url = page, page.context["next_url"]

    amounts = [int(d[5:]) // 3 if int(d[5:]) % 4 else -1 for d in seen]
    assert (len(seen), len(set(seen))) == (60, 60)
    assert amounts == sorted(amounts, reverse=True)
    back = as_alice.get(last.context["previous_url"])
    assert names(back) == pages[1]


def test_columns_are_chosen_ordered_and_remembered(as_alice, as_bob, four):
    address = f"/collections/{four.pk}/columns/"
    chosen = {
        "columns": ["description", "amount"],
        "place-description": "2",
        "place-amount": "1",
        "width-amount": "wide",
        "density": "compact",
        "action": "save",
        "back": f"/collections/{four.pk}/?amount__gt=1000",
    }
    saved = as_alice.post(address, chosen)

    assert saved["Location"] == chosen["back"]
    page = get(as_alice, four)
    assert heads(page) == ["Deal name", "Amount", "Description"]
    assert [each["width"] for each in page.context["columns"]][1] == "wide"
    assert '<td class="right wide">' in page.content.decode()
    assert page.context["density"] == "compact"
    as_alice.post(address, chosen | {"action": "down:amount"})
    assert heads(get(as_alice, four)) == ["Deal name", "Description", "Amount"]
    as_alice.post(address, {"action": "reset"})
    assert heads(get(as_alice, four))[1:3] == ["Amount", "Stage"]
    assert as_bob.post(address, chosen).status_code == 404
    elsewhere = as_alice.post(address, chosen | {"back": "https://evil.example/"})
    assert elsewhere["Location"] == f"/collections/{four.pk}/"


def test_a_column_that_is_gone_is_said(as_alice, four):
    as_alice.post(
        f"/collections/{four.pk}/columns/",
        {"columns": ["amount", "description"], "action": "save"},
    )
    fields = [f for f in SCHEMA["fields"] if f["name"] != "description"]
    four.schema = SCHEMA | {"fields": fields}
    four.save(update_fields=["schema"])

    page = get(as_alice, four)

    assert heads(page) == ["Deal name", "Amount"]
    assert codes(page) == ["lost_columns"]


def test_nobody_sees_the_table_of_somebody_else(as_bob, four):
    for path in ("", "live/", "columns/"):
        assert as_bob.get(f"/collections/{four.pk}/{path}").status_code == 404


def test_a_page_asks_little_of_the_database(
    as_alice, four, django_assert_max_num_queries
):
    address = "?amount__gt=1&dealstage__not=Lost&sort=-amount&group=dealstage"
    get(as_alice, four, address)

    with django_assert_max_num_queries(12):
        get(as_alice, four, address)
    with django_assert_max_num_queries(12):
        get(as_alice, four, "?amount__gt=1&dealstage__not=Lost&sort=-amount")


def test_the_end_of_a_long_search_is_told(as_alice, four):
    page = get(as_alice, four, "?q=" + "x" * 201)

    assert codes(page) == ["left_out"]

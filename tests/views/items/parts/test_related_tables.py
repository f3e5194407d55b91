"""An item's page shows what it is linked with as tables, from whichever side."""

import re
from datetime import timedelta

import pytest

from integrations.models import Item, ItemLink
from integrations.providers.records import COLOURS_KEY, IntegrationItem
from integrations.services.items.relations import around, groups, tables
from integrations.services.items.relations.groups import find_groups
from integrations.services.items.relations.tables import make_tables
from integrations.services.items.storage import store
from tests.support.pages.kept_rows import kept
from tests.support.rows import NOON, make_collection, make_deals

FIELDS = [
    {
        "name": "amount",
        "label": "Amount",
        "kind": "money",
        "options": {"currency_property": "deal_currency_code"},
    },
    {"name": "deal_currency_code", "label": "Currency", "kind": "choice"},
    {"name": "dealstage", "label": "Stage", "kind": "stage"},
    {"name": "closedate", "label": "Close date", "kind": "date"},
]


@pytest.fixture
@kept
def company(connection):
    companies = make_collection(
        connection, remote_id="companies", name="Companies", item_type="company"
    )
    acme = IntegrationItem(id="1", type="company", name="Acme")
    store.store_page(companies, [acme], run_id=None, now=NOON)
    return Item.objects.select_related("collection").get()


@pytest.fixture
@kept
def deals(connection):
    return make_deals(connection, FIELDS)


def store_deals(deals, number, *, company="1", currencies=("USD", "EUR")):
    items = [
        IntegrationItem(
            id=str(n),
            type="deal",
            name=f"Deal {n}",
            parent_id=company,
            properties={
                "amount": "100.10",
                "deal_currency_code": currencies[n % len(currencies)],
                "dealstage": "won",
                "closedate": "2026-11-22",
                "associations.companies": [company],
            },
        )
        for n in range(number)
    ]
    store.store_page(deals, items, run_id=None, now=NOON)


def test_a_company_shows_its_deals_with_sums_for_each_currency(
    as_alice, company, deals
):
    store_deals(deals, 7)

    response = as_alice.get(company.get_absolute_url())

    [table] = response.context["tables"]
    assert (table["label"], table["count"]) == ("Deals", "7")
    assert table["sums"] == ["300.30 EUR", "400.40 USD"]
    assert [(each["label"], each["look"]) for each in table["columns"]] == [
        ("Amount", "right"),
        ("Stage", ""),
        ("Close date", ""),
    ]
    assert len(table["rows"]) == 5
    assert response.context["inside"].shown == []


def test_rows_look_as_those_of_the_table_of_all(as_alice, company, deals):
    colours = {"dealstage": {"Won": "green"}}
    deals.schema |= {"lookups": {"stage": {"won": "Won"}}, COLOURS_KEY: colours}
    deals.save()
    store_deals(deals, 1)
    [row] = as_alice.get(f"/collections/{deals.pk}/").context["rows"]

    page = as_alice.get(company.get_absolute_url())

    [cells] = [each["cells"] for each in page.context["tables"][0]["rows"]]
    assert cells[1]["html"] == '<b class="colour-green">Won</b>'
    for cell in cells:
        assert cell["html"] in row.html
        start = f'<td class="{cell["look"]}" data-label="{cell["label"]}">'
        assert f"{start}{cell['html']}</td>" in page.content.decode()


def head(page):
    """Return the heading of the first related table as users read it."""
    text = re.search(r'<h2 id="linked-1">(.*?)</h2>', page.content.decode(), re.DOTALL)
    return " ".join(re.sub("<[^>]+>", "", text[1]).split())


def test_sums_are_there_though_the_rows_that_are_shown_have_no_amount(
    as_alice, company, deals
):
    store_deals(deals, 7)
    first = deals.items.order_by("pk")[:6]
    for item in first:
        del item.properties["amount"]
        item.remote_updated_at = NOON + timedelta(days=1)
        item.save()
    kept = deals.items.exclude(pk__in=[item.pk for item in first])
    kept.update(remote_updated_at=NOON - timedelta(days=1))

    page = as_alice.get(company.get_absolute_url())

    assert head(page) == "Deals 7 · 100.10 USD"


@pytest.mark.parametrize(
    ("account", "currencies", "expected"),
    [
        ({"currency": "USD"}, ("", ""), "Deals 4 · 400.40 USD"),
        ({}, ("", ""), "Deals 4 · 400.40"),
        ({}, ("", "USD"), "Deals 4 · 200.20 without a currency · 200.20 USD"),
        ({}, ("JPY", "KWD"), "Deals 4 · 200.20 JPY · 200.20 KWD"),
        ({}, ("XYZ", "usd"), "Deals 4 · 200.20 XYZ · 200.20 usd"),
    ],
)
def test_sums_of_several_or_unknown_currencies_are_told_apart(
    as_alice, company, deals, connection, account, currencies, expected
):
    connection.account = account
    connection.save()
    store_deals(deals, 4, currencies=currencies)

    assert head(as_alice.get(company.get_absolute_url())) == expected


def test_the_link_to_all_leads_to_exactly_those(as_alice, company, deals):
    store_deals(deals, 7)
    [table] = as_alice.get(company.get_absolute_url()).context["tables"]

    response = as_alice.get(table["url"])

    assert len(response.context["rows"]) == 7
    assert response.context["count_text"].startswith("7 of")
    assert response.context["linked"]["words"] == "“Acme” is in Companies"
    columns = [each["column"].id for each in response.context["columns"]]
    assert {"amount", "dealstage", "closedate"} <= set(columns)


@pytest.mark.parametrize("lead", ["lead", "-x%3Aq", "+x", "--"])
def test_all_of_a_relation_are_none_of_another_with_the_same_collection(
    as_alice, company, deals, connection, lead
):
    """Ids of Notion's properties begin with any character, those of directions too."""
    rows = [IntegrationItem(id=str(n), type="deal", name=f"D{n}") for n in range(16)]
    store.store_page(deals, rows, run_id=None, now=NOON)
    named = {lead: range(6), "members": range(5, 12)}
    links = [
        (company, relation, "deals", str(n))
        for relation, numbers in named.items()
        for n in numbers
    ]
    links += [
        (deal, lead, "companies", company.remote_id)
        for deal in deals.items.filter(remote_id__in=map(str, range(8, 16)))
    ]
    ItemLink.objects.bulk_create(
        ItemLink(
            item=item,
            connection=connection,
            relation=relation,
            target_collection=place,
            target_remote_id=target,
        )
        for item, relation, place, target in links
    )

    shown = as_alice.get(company.get_absolute_url()).context["tables"]
    pages = [as_alice.get(table["url"]) for table in shown]

    assert [table["count"] for table in shown] == ["6", "7", "8"]
    expected = [range(6), range(5, 12), range(8, 16)]
    for page, numbers in zip(pages, expected, strict=True):
        names = {row.item.name for row in page.context["rows"]}
        assert names == {f"D{n}" for n in numbers}
        every = as_alice.get(page.context["linked"]["remove_url"])
        assert len(every.context["rows"]) == 16
        assert every.context["linked"] is None


def test_many_of_one_relation_hide_no_other_and_the_list_has_all(
    as_alice, company, deals, connection, monkeypatch
):
    for module in (around, groups):
        monkeypatch.setattr(module, "MOST_LINKS", 6)
    contacts = make_collection(
        connection, remote_id="contacts", name="Contacts", item_type="contact"
    )
    people = [
        IntegrationItem(
            id=str(n),
            type="contact",
            name=f"Contact {n}",
            properties={"associations.companies": ["1"]},
        )
        for n in range(9)
    ]
    store.store_page(contacts, people, run_id=None, now=NOON)
    store_deals(deals, 2)

    shown = as_alice.get(company.get_absolute_url()).context["tables"]

    counts = {table["label"]: table["count"] for table in shown}
    assert counts == {"Contacts": "more than 6", "Deals": "2"}
    url = next(table["url"] for table in shown if table["label"] == "Contacts")
    page = as_alice.get(url)
    assert len(page.context["rows"]) == 9
    assert page.context["count_text"].startswith("9 of")


def test_many_that_an_item_names_itself_hide_no_others_and_are_all_listed(
    as_alice, company, deals, connection, monkeypatch
):
    for module in (around, groups):
        monkeypatch.setattr(module, "MOST_LINKS", 6)
    contacts = make_collection(
        connection, remote_id="contacts", name="Contacts", item_type="contact"
    )
    # The id of a deal is that of a contact as well, which is another thing.
    for place in (contacts, deals):
        kind = place.item_type
        rows = [IntegrationItem(id=str(n), type=kind, name=f"N{n}") for n in range(12)]
        store.store_page(place, rows, run_id=None, now=NOON)
    named = {"contacts": range(9), "deals": range(2)}
    ItemLink.objects.bulk_create(
        ItemLink(
            item=company,
            connection=connection,
            relation=f"associations.{place}",
            target_collection=place,
            target_remote_id=str(n),
        )
        for place, numbers in named.items()
        for n in numbers
    )

    shown = as_alice.get(company.get_absolute_url()).context["tables"]

    counts = {table["label"]: table["count"] for table in shown}
    assert counts == {"Contacts": "more than 6", "Deals": "2"}
    url = next(table["url"] for table in shown if table["label"] == "Contacts")
    assert len(as_alice.get(url).context["rows"]) == 9
    whole = as_alice.get(f"/items/?linked_to={company.uuid}").context["items"]
    assert sorted(each.type for each in whole) == ["contact"] * 9 + ["deal"] * 2


def test_what_is_deleted_is_in_no_count_that_leads_to_a_list(as_alice, company, deals):
    store_deals(deals, 7)
    deals.items.filter(remote_id="3").update(deleted_at=NOON, deleted_kind="archived")
    deal = deals.items.get(remote_id="0")
    names = [str(n) for n in range(1, 7)]
    ItemLink.objects.bulk_create(
        ItemLink(
            item=company,
            connection_id=deal.connection_id,
            relation="associations.deals",
            target_collection="deals",
            target_remote_id=name,
        )
        for name in ["0", *names]
    )

    shown = as_alice.get(company.get_absolute_url()).context["tables"]

    [table] = [each for each in shown if each["deleted"]]
    assert (table["count"], table["deleted"]) == ("6", 1)
    assert len(as_alice.get(table["url"]).context["rows"]) == 6


def test_relations_beyond_the_tables_are_named_with_their_lists(
    as_alice, company, deals, monkeypatch
):
    monkeypatch.setattr(tables, "MOST_TABLES", 0)
    store_deals(deals, 2)

    page = as_alice.get(company.get_absolute_url())

    [other] = page.context["other_relations"]
    assert (other.label, str(other.count)) == ("Deals", "2")
    assert len(as_alice.get(other.url).context["rows"]) == 2


def test_others_links_are_nobody_elses_list(as_bob, company, deals):
    store_deals(deals, 7)

    response = as_bob.get(f"/items/?linked_to={company.uuid}")

    assert response.context["items"] == []
    assert b"Acme" not in response.content


def test_a_link_heals_when_the_other_side_arrives(deals, connection):
    store_deals(deals, 1, company="5")
    deal = deals.items.get()
    companies = make_collection(connection, remote_id="companies", item_type="company")
    [before] = make_tables(deal, find_groups(deal))
    assert (before.missing, before.rows) == (1, [])

    acme = IntegrationItem(id="5", type="company", name="Acme")
    store.store_page(companies, [acme], run_id=None, now=NOON)

    [after] = make_tables(deal, find_groups(deal))
    assert [(row.item.name, row.primary) for row in after.rows] == [("Acme", "company")]


def test_labels_and_the_primary_company_are_shown_on_both_pages(
    as_alice, company, deals, connection
):
    contacts = make_collection(
        connection, remote_id="contacts", name="Contacts", item_type="contact"
    )
    ana = IntegrationItem(
        id="9",
        type="contact",
        name="Ana",
        parent_id="1",
        properties={
            "associations.companies": ["1"],
            "associations.companies.labels": {"1": ["Billing", "Decision maker"]},
        },
    )
    store.store_page(contacts, [ana], run_id=None, now=NOON)
    item = contacts.items.get()

    pages = [as_alice.get(each.get_absolute_url()) for each in (item, company)]

    tags = ["Primary company", "Billing", "Decision maker"]
    for page in pages:
        [table] = page.context["tables"]
        assert [row["tags"] for row in table["rows"]] == [tags]
    said = [page.context["tables"][0]["has_labels_of_others"] for page in pages]
    assert said == [False, True]
    assert b"<bdi>Decision maker</bdi>" in pages[0].content


def test_a_label_in_the_history_stands_behind_its_record(as_alice, company, connection):
    contacts = make_collection(
        connection, remote_id="contacts", name="Contacts", item_type="contact"
    )
    for day, labels in enumerate(({}, {"1": ["Decision maker"]})):
        links = {"associations.companies": ["1"]}
        if labels:
            links["associations.companies.labels"] = labels
        ana = IntegrationItem(id="9", type="contact", name="Ana", properties=links)
        at = NOON + timedelta(days=day)
        store.store_page(contacts, [ana], run_id=None, now=at)

    entries = as_alice.get("/changes/").context["days"][0]["entries"]

    [field] = entries[0]["fields"]
    assert (field["label"], field["old"]) == ("Labels of companies", "")
    assert field["new"] == "Acme, Decision maker"


def test_a_deleted_company_is_said_as_deleted_on_its_deal(as_alice, company, deals):
    store_deals(deals, 1)
    Item.objects.filter(pk=company.pk).update(deleted_at=NOON, deleted_kind="archived")

    page = as_alice.get(deals.items.get().get_absolute_url())

    [table] = page.context["tables"]
    assert table["rows"][0]["item"].is_deleted
    assert 'class="deleted"' in page.content.decode()


def test_a_page_with_links_takes_few_queries(
    as_alice, company, deals, django_assert_max_num_queries
):
    store_deals(deals, 30)

    properties = {"domain": "acme.example", "mail": "a@acme.example"}
    Item.objects.filter(pk=company.pk).update(properties=properties)
    deal = deals.items.first()
    as_alice.get("/items/")

    for item in (company, deal):
        with django_assert_max_num_queries(12):
            as_alice.get(item.get_absolute_url())

"""What items are linked with is a column: names that lead there, filters by them."""

from urllib.parse import urlencode

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.models import Item
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.services.items.search import full_text
from integrations.services.items.storage import store
from integrations.services.items.tables.columns import incoming
from integrations.services.items.tables.conditions import write_line
from integrations.services.items.tables.indexing import rows as index_rows
from tests.support.rows import NOON, make_collection, make_connection

COMPANIES, CONTACTS = "associations.companies", "associations.contacts"


def stored(collection, rows):
    """Store items as a sync does: with their links, and indexed for searches."""
    items = [
        IntegrationItem(
            id=remote_id, type=collection.item_type, name=name, properties=properties
        )
        for remote_id, name, properties in rows
    ]
    store.store_page(collection, items, run_id=None, now=NOON)
    collection.refresh_from_db()
    return collection


def make(connection, name, item_type, rows):
    collection = make_collection(
        connection,
        remote_id=name,
        name=name.capitalize(),
        item_type=item_type,
        schema={"fields": [{"name": "amount", "label": "Amount", "kind": "number"}]},
        first_full_refresh_at=NOON,
    )
    return stored(collection, rows)


@pytest.fixture
def companies(connection):
    rows = [("1", "Harbour & Vale", {}), ("2", "Möbel Nord", {}), ("3", "Harbour", {})]
    return make(connection, "companies", "company", rows)


@pytest.fixture
def deals(connection, companies):
    # A contact's id may be that of a company: they are told apart by the relation.
    make(connection, "contacts", "contact", [("1", "Ana Nord", {}), ("2", "Bo", {})])
    rows = [
        ("11", "One company", {COMPANIES: ["1"], CONTACTS: []}),
        ("12", "Two", {COMPANIES: ["2", "3"], CONTACTS: ["1", "2"]}),
        ("13", "Not stored", {COMPANIES: ["99"], CONTACTS: ["2"]}),
        ("14", "Alone", {}),
    ]
    return make(connection, "deals", "deal", rows)


def get(client, collection, address):
    page = client.get(f"/collections/{collection.pk}/{address}")
    assert page.status_code == 200
    return page


def names(page):
    return {row.item.name for row in page.context["rows"]}


def cells_of(page, name):
    row = next(each for each in page.context["rows"] if each.item.name == name)
    return [
        ([item.name for item in cell.value.items], cell.more)
        for _, cell in row.cells
        if cell.value
    ]


def test_a_deal_shows_its_companies_and_contacts_and_leads_to_them(as_alice, deals):
    page = get(as_alice, deals, f"?columns={COMPANIES},{CONTACTS}")

    labels = [each["label"] for each in page.context["columns"]]
    assert labels == ["Name", "Companies", "Contacts"]
    assert cells_of(page, "Two") == [
        (["Möbel Nord", "Harbour"], 0),
        (["Ana Nord", "Bo"], 0),
    ]
    (company, _) = next(
        r for r in page.context["rows"] if r.item.name == "One company"
    ).cells
    assert [item.name for item in company[1].value.items] == ["Harbour & Vale"]
    path = Item.objects.get(name="Harbour & Vale").get_absolute_url()
    assert f"<a href={path}>Harbour &amp; Vale</a>" in page.content.decode()
    row = next(r for r in page.context["rows"] if r.item.name == "Not stored")
    assert row.cells[0][1].more == 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"?{COMPANIES}__contains=harb", {"One company", "Two"}),
        (f"?{COMPANIES}__is=HARBOUR", {"Two"}),
        (f"?{COMPANIES}__not=Harbour", {"One company", "Not stored", "Alone"}),
        (f"?{COMPANIES}__contains=nord", {"Two"}),
        (f"?{COMPANIES}__is=Ana+Nord", set()),
        (f"?{CONTACTS}__is=bo", {"Two", "Not stored"}),
        (f"?{CONTACTS}__is=bo&{COMPANIES}__is=moebel+nord", set()),
        (
            f"?{CONTACTS}__contains=nord&{COMPANIES}__contains=v&match=any",
            {"Two", "One company"},
        ),
        (f"?{CONTACTS}__empty=1", {"One company", "Alone"}),
        (f"?{COMPANIES}__filled=1", {"One company", "Two", "Not stored"}),
        (f"?{COMPANIES}__contains=—", set()),
    ],
)
def test_rows_are_found_by_the_names_of_what_they_are_linked_with(
    as_alice, deals, address, expected
):
    page = get(as_alice, deals, address)

    assert names(page) == expected
    assert page.context["query"].left_out == ()


def test_a_new_name_of_what_is_linked_is_found_at_once(as_alice, deals, companies):
    address = f"?{COMPANIES}__contains=Quay"
    assert names(get(as_alice, deals, address)) == set()

    stored(companies, [("1", "Quay Works", {})])

    assert names(get(as_alice, deals, address)) == {"One company"}


def test_a_name_that_too_many_have_is_left_out_and_that_is_said(
    as_alice, deals, companies
):
    stored(companies, [(f"{n}", f"Sister {n}", {}) for n in range(1000, 1501)])

    page = get(as_alice, deals, f"?{COMPANIES}__contains=sister")

    assert len(page.context["left_out"]) == 1
    assert 'data-code="left_out"' in page.content.decode()
    assert page.context["words"] == ""
    assert [each["is_left_out"] for each in page.context["conditions"]] == [True]
    assert len(names(page)) == 4


def test_relations_cost_a_fixed_number_of_questions(
    as_alice, deals, django_assert_max_num_queries
):
    address = (
        f"?columns={COMPANIES},{CONTACTS}&{COMPANIES}__contains=harb&sort=-{CONTACTS}"
    )
    get(as_alice, deals, address)
    rows = [
        (f"{n}", f"Deal {n}", {COMPANIES: ["1"], CONTACTS: ["1"]})
        for n in range(40, 70)
    ]
    stored(deals, rows)

    with django_assert_max_num_queries(12):
        assert len(names(get(as_alice, deals, address))) == 32


def test_no_association_is_offered_that_was_not_granted(as_alice, deals):
    deals.connection.account = {"scopes": ["crm.objects.contacts.read"]}
    deals.connection.save(update_fields=["account"])

    page = get(as_alice, deals, f"?columns={COMPANIES},{CONTACTS}")

    assert [each["label"] for each in page.context["columns"]] == ["Name", "Contacts"]


def test_linked_records_of_a_base_are_filtered_by_their_names(alice, as_alice):
    connection = make_connection(alice, provider="airtable", remote_id="usr1")
    field = {"name": "fldLinks", "label": "Parts", "kind": "relation"}
    table = make_collection(
        connection,
        remote_id="appB/tblT",
        item_type="record",
        schema={
            "base_id": "appB",
            "fields": [field],
            "formats": {
                "fldLinks": {"type": "multipleRecordLinks", "table": "tblT"},
            },
        },
        first_full_refresh_at=NOON,
    )
    rows = [("recA" * 4 + "A", "Chair", {}), ("recA" * 4 + "a", "Table", {})]
    stored(table, [*rows, ("recB" * 4 + "B", "Set", {"fldLinks": ["recA" * 4 + "A"]})])

    assert names(get(as_alice, table, "?fldLinks__is=chair")) == {"Set"}
    # Ids differ by the size of their letters.
    assert names(get(as_alice, table, "?fldLinks__is=table")) == set()


def test_a_contact_shows_its_companies_at_first_or_else_the_name_of_one(
    as_alice, connection, companies, django_assert_max_num_queries
):
    people = [("21", "Ana", {"email": "ana@example.com", COMPANIES: ["1", "2"]})]
    contacts = make(connection, "contacts", "contact", people)
    names = {
        "email": "Email",
        "phone": "Phone",
        "company": "Company name",
        "hubspot_owner_id": "Owner",
        "lifecyclestage": "Stage",
        "hs_lead_status": "Lead status",
    }
    contacts.schema = {"fields": [{"name": n, "label": names[n]} for n in names]}
    contacts.save(update_fields=["schema"])
    get(as_alice, contacts, "")

    with django_assert_max_num_queries(12):
        page = get(as_alice, contacts, "")

    labels = [each["label"] for each in page.context["columns"]]
    first, last = ["Name", "Email", "Phone"], ["Owner", "Stage", "Lead status"]
    assert labels == [*first, "Companies", *last, "Updated"]
    assert (["Harbour & Vale", "Möbel Nord"], 0) in cells_of(page, "Ana")

    connection.account = {"scopes": ["crm.objects.contacts.read"]}
    connection.save(update_fields=["account"])

    page = get(as_alice, contacts, "")

    labels = [each["label"] for each in page.context["columns"]]
    assert labels == [*first, *last, "Company name", "Updated"]


def test_a_company_shows_what_names_it_with_how_many_there_are(
    as_alice, deals, companies, django_assert_max_num_queries
):
    rows = [(f"{n}", f"Deal {n}", {COMPANIES: ["1"]}) for n in range(40, 160)]
    stored(deals, rows)
    from_deals, from_contacts = (f"{n}.{COMPANIES}" for n in ("deals", "contacts"))
    address = f"?columns={from_deals},{from_contacts}"
    search = "&amount__empty=1&sort=amount"
    get(as_alice, companies, f"{address}{search}")

    with django_assert_max_num_queries(12):
        page = get(as_alice, companies, f"{address}{search}")

    labels = [each["label"] for each in page.context["columns"]]
    assert labels == ["Name", "Deals", "Contacts"]
    assert cells_of(page, "Harbour") == [(["Two"], 0)]
    ((newest, more),) = cells_of(page, "Harbour & Vale")
    assert (newest, more) == (["Deal 159", "Deal 158", "Deal 157"], 118)
    assert "and 118 more" in page.content.decode()

    Item.objects.filter(name="Two").update(deleted_at=NOON, deleted_kind="deleted")
    page = get(as_alice, companies, address)

    assert cells_of(page, "Möbel Nord") == []


def test_of_many_that_name_a_company_the_latest_are_told(
    as_alice, deals, companies, monkeypatch
):
    monkeypatch.setattr(incoming, "MOST_LOOKED", 5)
    monkeypatch.setattr(index_rows, "MOST_LINKED", 5)
    rows = [(f"{n}", f"Deal {n}", {COMPANIES: ["1"]}) for n in range(40, 60)]
    stored(deals, rows)
    column = f"deals.{COMPANIES}"

    page = get(as_alice, companies, f"?columns={column}&{column}__is=Deal+59")

    ((newest, _),) = cells_of(page, "Harbour & Vale")
    assert newest == ["Deal 59", "Deal 58", "Deal 57"]
    path = f"/collections/{companies.pk}/download/?columns={column}"
    lines = b"".join(as_alice.post(path, {"form": "csv"}).streaming_content).decode()
    assert '"Deal 59, Deal 58, Deal 57, Deal 56, Deal 55, Deal 54' in lines


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("empty=1", {"Möbel Nord"}),
        ("filled=1", {"Harbour & Vale", "Harbour"}),
        ("contains=second", {"Harbour"}),
        ("is=One+company", {"Harbour & Vale"}),
        ("not=One+company", {"Möbel Nord", "Harbour"}),
        ("is=Bo", set()),
    ],
)
def test_rows_are_found_by_what_names_them(
    as_alice, deals, companies, condition, expected
):
    column = f"deals.{COMPANIES}"
    # Indexed as they are, and changed by syncs of the other side alone.
    get(as_alice, companies, f"?sort={column}&{column}__filled=1")
    stored(deals, [("12", "Two", {COMPANIES: ["3"]}), ("15", "Second", {})])
    stored(deals, [("15", "Second", {COMPANIES: ["3"]})])

    page = get(as_alice, companies, f"?{column}__{condition}")

    assert names(page) == expected
    assert page.context["query"].left_out == ()


def in_order(page):
    return [row.item.name for row in page.context["rows"]]


def test_rows_are_sorted_by_how_many_name_them(as_alice, deals, companies):
    column = f"deals.{COMPANIES}"
    order = ["Harbour & Vale", "Möbel Nord", "Harbour"]
    down, up = f"?sort=-{column}", f"?sort={column}"
    get(as_alice, companies, down)
    rows = [(f"{n}", f"Deal {n}", {COMPANIES: ["1"]}) for n in range(40, 60)]
    stored(deals, [*rows, ("61", "More", {COMPANIES: ["2"]})])
    assert in_order(get(as_alice, companies, down)) == order
    assert in_order(get(as_alice, companies, up)) == order[::-1]

    gone = Item.objects.filter(collection=deals, name__startswith="Deal")
    deletion = Deletion(kind=DeletionKind.DELETED)
    keys = dict.fromkeys(gone.values_list("pk", flat=True), deletion)
    store.soft_delete(deals, keys, run_id=None, now=NOON)
    stored(deals, [("11", "One company", {}), ("62", "Much", {COMPANIES: ["3"]})])
    assert sorted(in_order(get(as_alice, companies, down))[:2]) == sorted(order[1:])
    assert in_order(get(as_alice, companies, up))[-1] == "Harbour & Vale"

    stored(deals, rows[:5])
    assert in_order(get(as_alice, companies, down))[0] == "Harbour & Vale"


def test_what_names_a_row_still_counts_after_the_row_itself_changed(
    as_alice, deals, companies
):
    column = f"deals.{COMPANIES}"
    stored(deals, [("15", "Second", {COMPANIES: ["2"]})])
    get(as_alice, companies, f"?sort=-{column}&{column}__filled=1")

    stored(companies, [("2", "Möbel Süd", {"amount": "5"})])

    page = get(as_alice, companies, f"?sort=-{column}&{column}__is=Second")
    assert in_order(page) == ["Möbel Süd"]
    assert in_order(get(as_alice, companies, f"?sort=-{column}"))[0] == "Möbel Süd"


def test_rows_are_sorted_by_the_name_of_what_they_are_linked_with(
    as_alice, deals, companies
):
    up, down = f"?sort={COMPANIES}", f"?sort=-{COMPANIES}"
    found = in_order(get(as_alice, deals, up))
    assert found == ["One company", "Two", "Not stored", "Alone"]

    stored(companies, [("1", "Zebra", {}), ("99", "Early", {})])

    found = in_order(get(as_alice, deals, up))
    assert found == ["Not stored", "Two", "One company", "Alone"]
    found = in_order(get(as_alice, deals, down))
    assert found == ["One company", "Two", "Not stored", "Alone"]

    zebra = Item.objects.get(collection=companies, name="Zebra")
    deletion = Deletion(kind=DeletionKind.DELETED)
    store.soft_delete(companies, {zebra.pk: deletion}, run_id=None, now=NOON)
    assert in_order(get(as_alice, deals, up))[:2] == ["Not stored", "Two"]
    # A contact of that id is not the company.
    stored(deals.connection.collections.get(remote_id="contacts"), [("1", "Abe", {})])
    assert in_order(get(as_alice, deals, up))[:2] == ["Not stored", "Two"]


def test_what_is_sorted_by_says_so_where_its_name_does_not(as_alice, deals, companies):
    column = f"deals.{COMPANIES}"
    heads = {
        each["label"]: each["sorted_by"]
        for collection, shown in ((companies, column), (deals, COMPANIES))
        for each in get(as_alice, collection, f"?columns={shown},amount").context[
            "columns"
        ]
    }

    assert heads["Deals"]
    assert heads["Companies"]
    assert heads["Deals"] != heads["Companies"]
    assert not heads["Amount"]


def test_a_filter_by_what_names_a_row_is_offered(as_alice, deals, companies):
    page = get(as_alice, companies, f"filter/?column=deals.{COMPANIES}")

    offered = [value for value, _ in page.context["filtering"]["operators"]]
    exact = ["is", "not", "in", "not_in"]
    assert offered == ["contains", "not_contains", *exact, "empty", "filled"]


@pytest.mark.parametrize("change", ["scopes", "selection"])
def test_no_column_is_offered_for_what_is_not_read(as_alice, deals, companies, change):
    column = f"deals.{COMPANIES}"
    if change == "selection":
        deals.is_selected = False
        deals.save(update_fields=["is_selected"])
    else:
        deals.connection.account = {"scopes": ["crm.objects.contacts.read"]}
        deals.connection.save(update_fields=["account"])

    page = get(as_alice, companies, f"?columns={column}")

    assert len(page.context["left_out"]) == 1


def test_a_file_holds_the_names_of_what_names_an_item(as_alice, deals, companies):
    query = f"?columns=deals.{COMPANIES}&sort=item.name"
    path = f"/collections/{companies.pk}/download/{query}"

    answer = as_alice.post(path, {"form": "csv"})

    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert '"Harbour & Vale","One company"' in lines


def test_many_names_of_one_filter_are_one_question(as_alice, deals):
    """One address holds so many names, and is asked again by each look at its page."""
    wanted = ["harbour", "möbel NORD", *(f"Nobody {n}" for n in range(48))]
    asked = []
    for values in (wanted[:1], wanted):
        address = urlencode({f"{COMPANIES}__in": ",".join(values)})
        get(as_alice, deals, f"?{address}")
        with CaptureQueriesContext(database) as queries:
            page = get(as_alice, deals, f"?{address}")
        searches = [q for q in queries if full_text.TABLE in q["sql"]]
        asked.append((len(searches), names(page)))

    assert asked == [(1, {"Two"}), (1, {"Two"})]
    assert len(page.context["query"].conditions[0].values) == len(wanted)


@pytest.mark.parametrize("chosen", [["Harbour & Vale", "Harbour"], ["!?", "Harbour"]])
def test_each_of_several_names_is_found(as_alice, deals, chosen):
    address = urlencode({f"{COMPANIES}__in": write_line(chosen)})

    found = names(get(as_alice, deals, f"?{address}"))

    assert found == ({"Two"} if chosen[0] == "!?" else {"One company", "Two"})

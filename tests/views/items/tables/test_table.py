"""A collection's page is a table of its own columns, typed and aligned."""

import re
from dataclasses import asdict

import pytest

from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import DEALS
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
        "amount": amount,
        "dealstage": stage,
        "hubspot_owner_id": owner,
        "deal_currency_code": currency,
        **more,
    }
    properties = {key: value for key, value in told.items() if value is not None}
    return make_item(deals, name=name, properties=properties)


@pytest.fixture
def four(deals):
    deal(deals, "Small", "900", closedate="2026-11-03T10:00:00Z")
    deal(deals, "Large", "12500.50", "s2", "42", closedate="2026-12-24T10:00:00Z")
    deal(deals, "Euro", "3000", "s2", currency="EUR")
    deal(deals, "Unknown", None, owner=None)
    deals.refresh_from_db()
    return deals


def names(page):
    return [row.item.name for row in page.context["rows"]]


def get(client, collection, address=""):
    page = client.get(f"/collections/{collection.pk}/{address}")
    assert page.status_code == 200
    return page


def heads(page):
    return [each["label"] for each in page.context["columns"]]


def codes(page):
    return re.findall(r'data-code="(\w+)"', page.content.decode())


def test_deals_show_the_columns_that_hubspot_shows_first(as_alice, four):
    page = get(as_alice, four)

    shown = ["Name", "Amount", "Stage", "Owner", "Close date", "Updated"]
    assert heads(page) == shown
    row = next(r for r in page.context["rows"] if r.item.name == "Large")
    looks = [cell.look for _, cell in row.cells]
    assert looks == ["number", "chips", "people", "value", "value"]
    assert row.cells[0][1].text == "12,500.50 USD"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-amount", ["Large", "Euro", "Small", "Unknown"]),
        ("amount", ["Small", "Euro", "Large", "Unknown"]),
        ("item.name", ["Euro", "Large", "Small", "Unknown"]),
        ("-item.name", ["Unknown", "Small", "Large", "Euro"]),
        ("dealstage", ["Small", "Unknown", "Large", "Euro"]),
        ("hubspot_owner_id", ["Small", "Euro", "Large", "Unknown"]),
    ],
)
def test_rows_are_sorted_both_ways_with_unknown_ones_last(
    as_alice, four, sort, expected
):
    assert names(get(as_alice, four, f"?sort={sort}")) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("?amount__gt=1000", {"Large", "Euro"}),
        ("?amount__between=900,3000", {"Small", "Euro"}),
        ("?dealstage__is=closed+WON", {"Large", "Euro"}),
        ("?dealstage__not=Closed+won", {"Small", "Unknown"}),
        ("?hubspot_owner_id__me=1", {"Small", "Euro"}),
        ("?hubspot_owner_id__empty=1", {"Unknown"}),
        ("?amount__filled=1&amount__lt=2000", {"Small"}),
        ("?amount__lt=1000&amount__gt=10000&match=any", {"Small", "Large"}),
        ("?closedate__before=2026-12-01", {"Small"}),
        ("?item.name__starts=SM", {"Small"}),
        ('?dealstage__in="Closed won",Lost', {"Large", "Euro"}),
    ],
)
def test_rows_are_filtered_by_what_a_type_allows(as_alice, four, address, expected):
    page = get(as_alice, four, address)

    assert set(names(page)) == expected
    assert codes(page) == []
    # The address is written back as the same question.
    again = as_alice.get(page.context["query"].url)
    assert set(names(again)) == expected


@pytest.mark.parametrize(
    ("operator", "length", "is_told"),
    [
        ("contains", 300, True),
        ("contains", 256, True),
        ("contains", 255, False),
        ("contains", 200, False),
        ("starts", 300, False),
    ],
)
def test_a_filter_says_that_it_looks_at_the_beginning_of_long_texts(
    as_alice, deals, operator, length, is_told
):
    deal(deals, "Long", description="a word " * (length // 7) + "." * (length % 7))

    page = get(as_alice, deals, f"?description__{operator}=word")

    assert codes(page) == (["beginnings"] if is_told else [])


def test_the_form_adds_a_filter_to_those_that_are_on(as_alice, four):
    adding = {"column": "dealstage", "operator": "is", "value": "Closed won"}
    page = as_alice.get(
        f"/collections/{four.pk}/", {"amount__gt": "5000", **adding}, follow=True
    )

    assert names(page) == ["Large"]
    assert page.request["QUERY_STRING"] == "amount__gt=5000&dealstage__is=Closed+won"
    assert page.context["words"] == (
        "Amount is greater than 5000 and Stage is Closed won"
    )


@pytest.mark.parametrize(
    "address",
    [
        "?gone__is=1",
        "?amount__contains=9",
        "?amount__gt=much",
        "?amount__between=1",
        "?closedate__before=tomorrow",
        "?closedate__last=0",
        "?closedate__is=9999-12-31",
        "?sort=gone",
        "?group=amount",
        "?columns=amount,gone",
        "?amount__nothing=1",
        '?dealstage__in="',
        "?match=some",
        "?density=odd",
        "?size=7",
        "?view=odd",
        "?item.name__is=" + "x" * 256,
    ],
)
def test_what_makes_no_sense_is_left_out_and_said(as_alice, four, address):
    page = get(as_alice, four, address)

    assert len(names(page)) == 4
    assert codes(page) == ["left_out"]


def test_each_sum_of_a_group_has_a_bar_in_the_chart_of_its_currency(as_alice, four):
    page = get(as_alice, four, "?group=dealstage")

    drawn = {
        (chart.title, bar.label): bar.text
        for chart in page.context["charts"]
        for bar in chart.bars
        if bar.width
    }
    rows = page.context["group_rows"]
    told = {("Items", row["label"]): f"{row['count']:,}" for row in rows}
    for row in rows:
        for sums in row["sums"]:
            for text in sums:
                currency = text.split()[-1]
                told[f"Sum of Amount in {currency}", row["label"]] = text
    assert drawn == told
    assert len(page.context["charts"]) > 1


def test_groups_count_rows_and_sum_each_currency(as_alice, four):
    page = get(as_alice, four, "?group=dealstage")

    found = {r["label"]: (r["count"], r["sums"]) for r in page.context["group_rows"]}
    assert found == {
        "Qualified": (2, [["900 USD"]]),
        "Closed won": (2, [["3,000 EUR", "12,500.50 USD"]]),
    }
    assert [r["label"] for r in page.context["group_rows"]] == [*STAGES.values()]
    won = as_alice.get(page.context["group_rows"][1]["url"])
    assert set(names(won)) == {"Large", "Euro"}
    owners = get(as_alice, four, "?group=hubspot_owner_id").context["group_rows"]
    assert {r["label"]: r["count"] for r in owners} == {
        "Cleo Cole": 2,
        "Dan Day": 1,
        "No Owner": 1,
    }
    for row in owners:
        assert len(names(as_alice.get(row["url"]))) == row["count"]


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
    assert heads(page) == ["Name", "Amount", "Description"]
    assert [each["width"] for each in page.context["columns"]][1] == "wide"
    assert '<td class="right wide">' in page.content.decode()
    assert page.context["density"] == "compact"
    as_alice.post(address, chosen | {"action": "down:amount"})
    assert heads(get(as_alice, four)) == ["Name", "Description", "Amount"]
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

    assert heads(page) == ["Name", "Amount"]
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


def test_no_more_currencies_are_summed_than_a_statement_has_room_for(as_alice, deals):
    for number in range(25):
        deal(deals, f"Deal {number}", "5", currency=f"X{number:02}")
    deals.refresh_from_db()

    deal(deals, "Last", "5", "s2", currency="X99")
    deals.refresh_from_db()

    page = get(as_alice, deals, "?group=dealstage")

    first, last = page.context["group_rows"]
    assert first["count"] == 25
    assert len(first["sums"][0]) == 20
    assert [cell[1] for row in (first, last) for cell in row["cells"]] == [5, 1]
    assert page.text.count('data-code="unsummed"') == 2


@pytest.mark.parametrize("groups", [20, 21])
def test_bars_that_are_not_all_are_said_to_be_the_first(as_alice, deals, groups):
    for number in range(groups):
        deal(deals, f"Deal {number}", "5", f"s{number}")
    deals.refresh_from_db()

    page = get(as_alice, deals, "?group=dealstage")

    assert len(page.context["charts"][0].bars) == 20
    assert ('data-code="charts_cut"' in page.text) is (groups > 20)


@pytest.mark.parametrize("columns", [2, 3])
def test_numbers_that_are_not_summed_up_are_told(as_alice, deals, columns):
    names = ("amount", "n2", "n3")[:columns]
    fields = [{"name": n, "label": n, "kind": "number"} for n in names[1:]]
    deals.schema = {**deals.schema, "fields": [*deals.schema["fields"], *fields]}
    deals.save(update_fields=["schema"])
    deal(deals, "Deal", "5")

    page = get(as_alice, deals, f"?group=dealstage&columns={','.join(names)}")

    assert ('data-code="unsummed_columns"' in page.text) is (columns > 2)


def test_users_of_one_name_are_groups_of_their_own(as_alice, deals):
    owners = {"41": "Same Name", "42": "Same Name"}
    deals.schema = {
        **deals.schema,
        "lookups": {**deals.schema["lookups"], "owner": owners},
    }
    deals.save(update_fields=["schema"])
    for amount, owner in (("1", "41"), ("2", "41"), ("30", "42"), (None, None)):
        deal(deals, f"Of {owner}", amount, owner=owner)

    rows = get(as_alice, deals, "?group=hubspot_owner_id").context["group_rows"]

    assert sorted((r["label"], r["count"], r["sums"]) for r in rows) == [
        ("No Owner", 1, [[]]),
        ("Same Name (41)", 2, [["3 USD"]]),
        ("Same Name (42)", 1, [["30 USD"]]),
    ]


def test_groups_are_those_of_the_rows_that_a_filter_and_a_search_leave(as_alice, four):
    def groups(address):
        rows = get(as_alice, four, address).context["group_rows"]
        return {r["label"]: (r["count"], r["sums"]) for r in rows}

    assert groups("?group=dealstage&amount__gt=1000") == {
        "Closed won": (2, [["3,000 EUR", "12,500.50 USD"]])
    }
    assert groups("?group=dealstage&q=small") == {"Qualified": (1, [["900 USD"]])}
    assert groups("?group=dealstage&q=small&amount__gt=1000") == {}
    assert groups("?group=dealstage&dealstage__is=Nowhere") == {}
    assert groups("?group=dealstage&q=nobody+knows+this") == {}


def test_sums_have_no_more_digits_than_what_they_are_made_of(as_alice, deals):
    for number in range(30):
        deal(deals, f"Deal {number}", "230744.7273333" if number % 2 else "0.1")
        deal(deals, f"Large {number}", "6922341.94", currency="EUR")

    (row,) = get(as_alice, deals, "?group=dealstage").context["group_rows"]

    assert row["sums"] == [["207,670,258.20 EUR", "3,461,172.41 USD"]]


def test_a_value_with_a_comma_is_found_from_the_form_on(as_alice, deals):
    deal(deals, "Acme, Inc. renewal")
    deal(deals, "Other")
    form = "?column=item.name&operator=contains&value=Acme, Inc"

    page = as_alice.get(f"/collections/{deals.pk}/{form}", follow=True)
    sort_urls = [each["sort_url"] for each in page.context["columns"]]
    again = as_alice.get(sort_urls[1])

    assert names(page) == ["Acme, Inc. renewal"]
    assert names(again) == ["Acme, Inc. renewal"]


def test_a_group_whose_value_has_a_comma_leads_to_its_rows(as_alice, deals):
    stages = {"s1": 'Won, or "so"', "s2": "Lost"}
    deals.schema = {**SCHEMA, "lookups": {**SCHEMA["lookups"], "stage": stages}}
    deals.save()
    deal(deals, "Won")
    deal(deals, "Lost", stage="s2")

    page = get(as_alice, deals, "?group=dealstage")

    rows = {row["label"]: row["url"] for row in page.context["group_rows"]}
    assert names(as_alice.get(rows['Won, or "so"'])) == ["Won"]
    assert names(as_alice.get(rows["Lost"])) == ["Lost"]
    offered = "?column=dealstage&operator=in&value=Won, or %22so%22"
    one_of = as_alice.get(f"/collections/{deals.pk}/{offered}", follow=True)
    assert names(one_of) == ["Won"]


def test_the_end_of_a_long_search_is_told(as_alice, four):
    page = get(as_alice, four, "?q=" + "x" * 201)

    assert codes(page) == ["left_out"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("?amount__between=3000,900", ["Euro", "Small"]),
        ("?closedate__between=2026-12-24,2026-11-04", ["Large"]),
    ],
)
def test_the_ends_of_a_range_are_in_their_order(as_alice, four, address, expected):
    page = get(as_alice, four, f"{address}&sort=item.name")

    assert names(page) == expected


def test_groups_of_two_owners_of_one_name_lead_to_their_own_rows(as_alice, deals):
    owners = {"41": "Cleo, Cole", "42": "Cleo, Cole", "43": "Dan Day"}
    deals.schema = {**SCHEMA, "lookups": {**SCHEMA["lookups"], "owner": owners}}
    deals.save()
    for name, owner in (("A", "41"), ("B", "42"), ("C", "42"), ("D", "43")):
        deal(deals, name, owner=owner)

    page = get(as_alice, deals, "?group=hubspot_owner_id")

    found = []
    for row in page.context["group_rows"]:
        rows = as_alice.get(row["url"])
        assert len(names(rows)) == row["count"]
        assert f"{row['label']}" in rows.context["words"]
        assert codes(rows) == []
        found.append(set(names(rows)))
    assert sorted(map(sorted, found)) == [["A"], ["B", "C"], ["D"]]
    form = get(as_alice, deals, "?filter=hubspot_owner_id").context["adding"]
    assert "same" not in {each["value"] for each in form["operators"]}


@pytest.mark.parametrize(
    "odd", ["1", "x,Cleo", "1,Cleo,Dan,Eve", "-1,Cleo", "9" * 16 + ",C"]
)
def test_an_odd_identity_is_left_out(as_alice, four, odd):
    page = get(as_alice, four, f"?hubspot_owner_id__same={odd}")

    assert codes(page) == ["left_out"]


def test_a_group_of_a_long_value_leads_to_its_rows(as_alice, deals):
    stages = {"s1": "Long  label " * 40, "s2": "Lost"}
    deals.schema = {**SCHEMA, "lookups": {**SCHEMA["lookups"], "stage": stages}}
    deals.save()
    deal(deals, "Long")
    deal(deals, "Lost", stage="s2")

    page = get(as_alice, deals, "?group=dealstage")

    found = [names(as_alice.get(row["url"])) for row in page.context["group_rows"]]
    assert sorted(found) == [["Long"], ["Lost"]]


@pytest.mark.parametrize("blank", [" ", "\n\t ", "\u00a0", "\u3000"])
def test_a_text_of_blanks_alone_is_empty(as_alice, deals, blank):
    deal(deals, "Blank", description=blank)
    deal(deals, "Text", description=f"{blank}x")

    assert names(get(as_alice, deals, "?description__empty=1")) == ["Blank"]
    assert names(get(as_alice, deals, "?description__filled=1")) == ["Text"]
    assert names(get(as_alice, deals, "?sort=description")) == ["Text", "Blank"]


@pytest.mark.parametrize(("number", "is_told"), [(100, False), (101, True)])
def test_a_filter_says_that_it_compares_the_first_of_many_values(
    as_alice, deals, number, is_told
):
    field = {"name": "many", "label": "Many", "kind": "choices"}
    deals.schema = {**SCHEMA, "fields": [*SCHEMA["fields"], field]}
    deals.save(update_fields=["schema"])
    deal(deals, "Many", many=";".join(f"v{n:03}" for n in range(number)))
    deal(deals, "None")

    page = get(as_alice, deals, "?many__is=v005")
    groups = get(as_alice, deals, "?group=many").context["groups"]

    assert names(page) == ["Many"]
    assert codes(page) == (["in_part"] if is_told else [])
    assert names(get(as_alice, deals, "?many__empty=1")) == ["None"]
    # Those of the values that are compared, and the one of the row that has none.
    assert len(groups.groups) + groups.left_out == 101

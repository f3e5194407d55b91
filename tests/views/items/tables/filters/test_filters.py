"""Rows of a table are filtered by what a type allows; what makes no sense is said."""

import pytest

from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get, names
from tests.views.items.tables.test_table import SCHEMA, codes, deal

FITTING = {
    "?amount__gt=1000": {"Large", "Euro"},
    "?amount__between=900,3000": {"Small", "Euro"},
    "?dealstage__is=closed+WON": {"Large", "Euro"},
    "?dealstage__not=Closed+won": {"Small", "Unknown"},
    "?hubspot_owner_id__me=1": {"Small", "Euro"},
    "?hubspot_owner_id__empty=1": {"Unknown"},
    "?amount__filled=1&amount__lt=2000": {"Small"},
    "?amount__lt=1000&amount__gt=10000&match=any": {"Small", "Large"},
    "?closedate__before=2026-12-01": {"Small"},
    "?item.name__starts=SM": {"Small"},
    '?dealstage__in="Closed won",Lost': {"Large", "Euro"},
    '?dealstage__not_in="Closed won",Lost': {"Small", "Unknown"},
    "?item.name__not_contains=AR": {"Small", "Euro", "Unknown"},
}


def test_rows_are_filtered_by_what_a_type_allows(as_alice, four):
    pages = {address: get(as_alice, four, address) for address in FITTING}
    # The address is written back as the same question.
    again = {a: as_alice.get(p.context["query"].url) for a, p in pages.items()}

    assert {address: set(names(page)) for address, page in pages.items()} == FITTING
    assert {address: set(names(page)) for address, page in again.items()} == FITTING
    assert {a: told for a, page in pages.items() if (told := codes(page))} == {}


def test_accents_and_case_do_not_matter_in_a_filter_as_in_a_search(as_alice, deals):
    deal(deals, "Bakery", description="Éclair d\u2019Or")
    deal(deals, "Other", description="Zoo")
    addresses = (
        "?description__is=ECLAIR+d%27Or",
        "?description__contains=d\u2019OR",
        "?description__starts=écl",
        "?description__in=x,Éclair+d\u2019or",
        "?description__not_contains=z",
        "?q=eclair",
    )

    found = {address: names(get(as_alice, deals, address)) for address in addresses}

    assert found == {address: ["Bakery"] for address in addresses}


@pytest.mark.parametrize(
    ("operator", "length", "is_told"),
    [
        ("not_contains", 300, True),
        ("not_contains", 200, False),
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
        f"/collections/{four.pk}/filter/",
        {"amount__gt": "5000", **adding, "add": "1"},
        follow=True,
    )

    assert names(page) == ["Large"]
    assert page.request["QUERY_STRING"] == "amount__gt=5000&dealstage__is=Closed+won"
    assert page.context["words"] == (
        "Amount is greater than 5000 and Stage is Closed won"
    )


SENSELESS = (
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
)


def test_what_makes_no_sense_is_left_out_and_said(as_alice, four):
    pages = {address: get(as_alice, four, address) for address in SENSELESS}

    found = {a: (len(names(page)), codes(page)) for a, page in pages.items()}
    assert found == dict.fromkeys(SENSELESS, (4, ["left_out"]))


def test_a_value_with_a_comma_is_found_from_the_form_on(as_alice, deals):
    deal(deals, "Acme, Inc. renewal")
    deal(deals, "Other")
    form = "?column=item.name&operator=contains&value=Acme, Inc&add=1"

    page = as_alice.get(f"/collections/{deals.pk}/filter/{form}", follow=True)
    sort_urls = [each["sort_url"] for each in page.context["columns"]]
    again = as_alice.get(sort_urls[1])

    assert names(page) == ["Acme, Inc. renewal"]
    assert names(again) == ["Acme, Inc. renewal"]


def test_the_ends_of_a_range_are_in_their_order(as_alice, four):
    for address, expected in (
        ("?amount__between=3000,900", ["Euro", "Small"]),
        ("?closedate__between=2026-12-24,2026-11-04", ["Large"]),
    ):
        page = get(as_alice, four, f"{address}&sort=item.name")

        assert names(page) == expected, address


def test_an_odd_identity_is_left_out(as_alice, four):
    odd = ("1", "x,Cleo", "1,Cleo,Dan,Eve", "-1,Cleo", "9" * 16 + ",C")

    pages = [get(as_alice, four, f"?hubspot_owner_id__same={each}") for each in odd]

    assert [codes(page) for page in pages] == [["left_out"]] * len(odd)


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


TEN = "&".join(f"description__contains=w{number}" for number in range(9))
TEN = f"item.name__contains=a&{TEN}"


def test_a_filter_more_than_can_be_used_is_refused_and_none_is_lost(as_alice, four):
    sent = "column=description&operator=contains&drawn=contains&add=1&value="

    refused = get(as_alice, four, f"filter/?{TEN}&{sent}more")
    kept = [(each["name"], each["value"]) for each in refused.context["kept"]]
    changed = as_alice.get(f"/collections/{four.pk}/filter/?{TEN}&{sent}x&edit=9")
    again = as_alice.get(f"/collections/{four.pk}/filter/?{TEN}&{sent}w8")

    assert codes(refused) == ["filter_refused"]
    assert "Remove a filter first: 10 can be used at once." in refused.text
    assert len(kept) == 10
    assert [each["value"] for each in refused.context["filtering"]["fields"]] == [
        "more"
    ]
    assert changed.url.count("__contains") == again.url.count("__contains") == 10


def test_what_falls_out_of_too_many_filters_is_named(as_alice, four):
    page = get(as_alice, four, f"?{TEN}&amount__gt=5")
    many = get(as_alice, four, f"?{TEN}&{TEN.replace('w', 'v')}")

    assert (
        "1 filter more than can be used at once: “Amount is greater than 5”."
        in (page.context["left_out"])
    )
    (told,) = many.context["left_out"]
    assert "9 filters more" in told
    assert "and 6 more." in told


def test_a_group_beside_as_many_filters_as_can_be_used_leads_nowhere(as_alice, deals):
    deal(deals, "A", stage="s1")
    amounts = [f"amount__{each}" for each in ("not=1", "not=2", "empty=1")]
    nine = "&".join([*amounts, *(f"amount__not={n}" for n in range(3, 9))])

    among_nine = get(as_alice, deals, f"?{nine}&group=dealstage")
    among_ten = get(as_alice, deals, f"?{nine}&amount__not=9&group=dealstage")

    (row,) = among_nine.context["group_rows"]
    assert names(as_alice.get(row["url"])) == ["A"]
    (row,) = among_ten.context["group_rows"]
    assert row["url"] == ""


@pytest.fixture
@kept
def alike(deals):
    stages = {"s1": "Résumé", "s2": "Won", "s3": "Resume", "s4": "RESUME", "s5": "Lost"}
    deals.schema = {**SCHEMA, "lookups": {**SCHEMA["lookups"], "stage": stages}}
    deals.save(update_fields=["schema"])
    for stage in stages:
        deal(deals, stage, stage=stage)
    return deals


def test_options_that_a_filter_compares_as_one_are_offered_as_one(as_alice, alike):
    for operator, inputs in (("in", "boxes"), ("not_in", "boxes"), ("is", "choice")):
        assert_offered_as_one(as_alice, alike, operator, inputs)


def assert_offered_as_one(as_alice, alike, operator, inputs):
    query = f"filter/?column=dealstage&operator={operator}"
    offered = get(as_alice, alike, query).context["filtering"][inputs]
    texts = [text for text, _ in offered]
    path = f"/collections/{alike.pk}/filter/"
    sent = {"column": "dealstage", "operator": operator, "value": texts[0], "add": "1"}
    page = as_alice.get(path, sent, follow=True)
    kept = f"filter/?dealstage__{operator}=resume&edit=0"
    changed = get(as_alice, alike, kept).context["filtering"][inputs]

    assert texts == ["Résumé / Resume / RESUME", "Won", "Lost"], operator
    assert page.context["words"] in {"Stage is Résumé", "Stage is not Résumé"}
    found = {"s2", "s5"} if operator == "not_in" else {"s1", "s3", "s4"}
    assert set(names(page)) == found
    assert changed == [(text, text == texts[0]) for text in texts]


def test_values_of_rows_that_a_filter_compares_as_one_are_offered_once(as_alice, deals):
    field = {"name": "tag", "label": "Tag", "kind": "choice"}
    deals.schema = {**SCHEMA, "fields": [*SCHEMA["fields"], field]}
    deals.save(update_fields=["schema"])
    for tag in ("Été", "ete", "Zoo", "\u0301"):
        deal(deals, "A", tag=tag)

    told = get(as_alice, deals, "filter/?column=tag&operator=in&tag__in=ete&edit=0")

    assert told.context["filtering"]["boxes"] == [("ete", True), ("Zoo", False)]

"""Groups of a table count its rows, sum each currency, and lead to their rows."""

import pytest

from tests.support.pages.tables import get, names
from tests.views.items.tables.test_table import SCHEMA, STAGES, codes, deal


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
        "Without Owner": 1,
    }
    for row in owners:
        assert len(names(as_alice.get(row["url"]))) == row["count"]


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
        ("Same Name (41)", 2, [["3 USD"]]),
        ("Same Name (42)", 1, [["30 USD"]]),
        ("Without Owner", 1, [[]]),
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
    offered = "?column=dealstage&operator=in&value=Won, or %22so%22&add=1"
    one_of = as_alice.get(f"/collections/{deals.pk}/filter/{offered}", follow=True)
    assert names(one_of) == ["Won"]


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
    form = get(as_alice, deals, "filter/?column=hubspot_owner_id").context["filtering"]
    assert "same" not in dict(form["operators"])


def test_a_group_of_a_long_value_leads_to_its_rows(as_alice, deals):
    stages = {"s1": "Long  label " * 40, "s2": "Lost"}
    deals.schema = {**SCHEMA, "lookups": {**SCHEMA["lookups"], "stage": stages}}
    deals.save()
    deal(deals, "Long")
    deal(deals, "Lost", stage="s2")

    page = get(as_alice, deals, "?group=dealstage")

    found = [names(as_alice.get(row["url"])) for row in page.context["group_rows"]]
    assert sorted(found) == [["Long"], ["Lost"]]


def test_a_group_leads_to_its_rows_whatever_its_user_is_called(as_alice, deals):
    deals.schema["lookups"]["owner"]["43"] = "\u0301"
    deals.save(update_fields=["schema"])
    deal(deals, "A", owner="43")
    deal(deals, "B", owner="41")

    rows = get(as_alice, deals, "?group=hubspot_owner_id").context["group_rows"]

    assert sorted(names(as_alice.get(row["url"])) for row in rows) == [["A"], ["B"]]

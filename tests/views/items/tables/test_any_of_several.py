"""Rows of several values, where one of several filters holds, or in their groups."""

from itertools import product

import pytest
from msgspec.structs import asdict

from integrations.providers.hubspot.mapping.fields import to_field
from integrations.providers.hubspot.objects import DEALS
from integrations.services.items.tables import listing, selection
from tests.support.pages.kept_rows import kept
from tests.support.pages.tables import get
from tests.support.rows import make_collection
from tests.views.items.tables.test_table import deal

TAGS = {
    "name": "tags",
    "label": "Tags",
    "type": "enumeration",
    "fieldType": "checkbox",
    "options": [{"label": each, "value": each} for each in ("Red", "Blue")],
}
ADDRESS = "?tags__in=Red%2CBlue&amount__is=7&match=any"
NUMBER = 30


@pytest.fixture
@kept
def deals(connection):
    fields = (TAGS, {"name": "amount", "label": "Amount", "type": "number"})
    made = make_collection(
        connection,
        remote_id="deals",
        item_type="deal",
        schema={"fields": [asdict(to_field(each, DEALS)) for each in fields]},
    )
    for number in range(NUMBER):
        tags = "Red;Blue" if number < NUMBER // 2 else "Red"
        deal(made, f"Deal {number:02}", f"{number}", tags=tags)
    made.refresh_from_db()
    return made


def test_a_row_with_several_values_takes_no_other_one_out(
    as_alice, deals, monkeypatch, subtests
):
    for few in (4, 20, 40, 70):
        with subtests.test(few=few):
            monkeypatch.setattr(selection, "FEW", few)

            page = get(as_alice, deals, ADDRESS)

            assert len(page.context["rows"]) == NUMBER
            assert page.context["count_text"] == f"{NUMBER} of {NUMBER} items"


def test_rows_are_counted_up_to_a_limit_each_once(
    as_alice, deals, monkeypatch, subtests
):
    for few, (limit, text) in product(
        (4, 40), ((5, "More than 5"), (29, "More than 29"))
    ):
        with subtests.test(few=few, limit=limit, text=text):
            monkeypatch.setattr(selection, "FEW", few)
            monkeypatch.setattr(listing, "SEVERAL_LIMIT", limit)
            monkeypatch.setattr(listing, "COUNT_LIMIT", limit)

            page = get(as_alice, deals, f"{ADDRESS}&size=25")

            assert page.context["count_text"] == f"{text} of {NUMBER} items"


def test_all_rows_are_counted_each_once(as_alice, deals, monkeypatch, subtests):
    for few in (4, 70):
        with subtests.test(few=few):
            monkeypatch.setattr(selection, "FEW", few)
            monkeypatch.setattr(listing, "SEVERAL_LIMIT", NUMBER)

            page = get(as_alice, deals, f"{ADDRESS}&size=25")

            assert page.context["count_text"] == f"{NUMBER} of {NUMBER} items"


def test_rows_in_several_groups_are_counted_each_once_to_the_last(
    as_alice, deals, monkeypatch
):
    monkeypatch.setattr(selection, "FEW", 4)
    monkeypatch.setattr(listing, "COUNT_LIMIT", 5)

    page = get(as_alice, deals, "?group=tags&amount__gt=3&size=25")

    counts = {row["label"]: row["count"] for row in page.context["group_rows"]}
    assert counts == {"Red": NUMBER - 4, "Blue": NUMBER // 2 - 4}
    assert page.context["count_text"] == f"{NUMBER - 4} of {NUMBER} items"

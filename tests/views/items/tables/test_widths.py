"""How wide columns are: the name as well, kept in views, and texts that are cut."""

import re

import pytest

from integrations.models import SavedView
from tests.views.items.tables.test_table import deals, four, get

__all__ = ["deals", "four"]


def lay_out(client, table, back, **widths):
    """Send the form of a table's columns with widths; return the table that opens."""
    told = {f"width-{name}": width for name, width in widths.items()}
    form = {"columns": ["amount", "description"], "action": "save", "back": back}
    answer = client.post(f"/collections/{table.pk}/columns/", form | told)
    return client.get(answer["Location"])


def widths(page):
    return {
        each["column"].id: each["width"]
        for each in page.context["columns"]
        if each["width"] != "normal"
    }


def test_the_name_has_a_width(as_alice, four):
    page = lay_out(as_alice, four, f"/collections/{four.pk}/", **{"item.name": "wide"})

    assert page.context["name_width"] == "wide"
    assert "grid-box wide-name" in page.content.decode()
    form = as_alice.get(f"/collections/{four.pk}/columns/")
    assert form.context["name_width"] == "wide"
    assert 'name="width-item.name"' in form.content.decode()


def test_a_view_keeps_its_widths_and_leaves_those_of_the_table(as_alice, four):
    home = f"/collections/{four.pk}/"
    lay_out(as_alice, four, home, amount="narrow")
    as_alice.post("/views/new/", {"back": home, "name": "Mine"})
    view = SavedView.objects.get()
    opened = as_alice.get(view.get_absolute_url(), follow=True)
    assert widths(opened) == {"amount": "narrow"}
    assert not opened.context["is_view_changed"]

    back = opened.context["query"].url
    changed = lay_out(as_alice, four, back, amount="wide", **{"item.name": "wide"})
    assert changed.context["is_view_changed"]
    as_alice.post(f"/views/{view.pk}/save/", {"back": changed.context["query"].url})
    again = as_alice.get(view.get_absolute_url(), follow=True)

    assert widths(changed) == widths(again) == {"amount": "wide", "item.name": "wide"}
    assert not again.context["is_view_changed"]
    assert widths(as_alice.get(home)) == {"amount": "narrow"}


def test_the_widths_of_a_view_come_back(as_alice, four):
    home = f"/collections/{four.pk}/"
    lay_out(as_alice, four, home, amount="narrow")
    as_alice.post("/views/new/", {"back": home, "name": "Mine"})
    view = SavedView.objects.get()
    opened = as_alice.get(view.get_absolute_url(), follow=True)
    changed = lay_out(as_alice, four, opened.context["query"].url, amount="wide")

    answer = as_alice.post(
        f"/collections/{four.pk}/columns/",
        {"action": "reset", "back": changed.context["query"].url},
    )

    assert widths(as_alice.get(answer["Location"])) == {"amount": "narrow"}


@pytest.mark.parametrize(
    "told", ["amount", "amount,huge", "gone,wide", "amount,normal", '"', ",,,"]
)
def test_odd_widths_are_none(as_alice, four, told):
    page = get(as_alice, four, f"?widths={told}")

    assert widths(page) == {}


@pytest.mark.parametrize(
    ("length", "width", "is_told"),
    [
        (5, "normal", False),
        (60, "normal", True),
        (15, "narrow", True),
        (15, "wide", False),
    ],
)
def test_a_text_that_a_column_may_cut_is_told_whole(
    as_alice,
    four,
    length,
    width,
    is_told,
):
    text = "x" * length
    four.items.update(properties={"description": text})

    page = lay_out(as_alice, four, f"/collections/{four.pk}/", description=width)

    titles = set(re.findall(r'<td[^>]* title="([^"]*)"', page.content.decode()))
    assert titles == ({text} if is_told else set())


def test_a_long_name_and_the_names_of_chips_are_told_whole(as_alice, four):
    name = "A name that is longer than a narrow column"
    four.items.filter(name="Large").update(name=name)

    page = get(as_alice, four)

    assert f'<th scope="row" title="{name}">' in page.content.decode()

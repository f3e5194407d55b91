"""How wide columns are: the name as well, kept in views, and texts that are cut."""

import re

import pytest
from django.utils import timezone

from integrations.models import Item, SavedView
from integrations.providers.typed.fields import Email, Link
from integrations.providers.typed.plain import plain
from integrations.services.items.tables.columns.columns import Column
from integrations.services.items.tables.table_address import DENSITIES
from integrations.views.items.parts.values import show
from integrations.views.items.tables.cells import MOST_TITLE
from integrations.views.items.tables.drawing import Cell, draw_cells
from tests.support.pages.tables import get
from tests.views.items.tables.test_table import deals, four

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


ADDRESS = "https://shop.example/a-page-with-a-long-name/and-more-behind-it?of=it"
MAIL = "ana.with.a.long.name.that.a.column.may.cut@a-long-domain.example"


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        (Link(url=ADDRESS), False),
        (Link(url=ADDRESS, label=ADDRESS.removeprefix("https://")), False),
        (Email(address=MAIL), False),
        (Link(url=ADDRESS, label="shop.example/a-page-with-a-long-name"), True),
        (Link(url=ADDRESS, label="a-page-with-a-long-name/and-more-behind-it"), True),
    ],
)
def test_the_words_of_a_link_are_told_whole_unless_they_are_all_its_address(
    value, is_told
):
    cell = Cell(value=show(value))

    drawn = draw_cells(Item(), [(Column(id="site", label="Site"), cell)], "/")

    assert (f'title="{plain(value)}"' in drawn) is is_told
    assert ("title=" in drawn) is is_told


def test_a_long_name_and_the_names_of_chips_are_told_whole(as_alice, four):
    name = "A name that is longer than a narrow column"
    four.items.filter(name="Large").update(name=name)

    page = get(as_alice, four)

    assert f'<th scope=row title="{name}">' in page.content.decode()


@pytest.mark.parametrize(
    ("length", "width", "is_told"),
    [(12, "normal", False), (21, "normal", True), (12, "narrow", True)],
)
def test_a_name_is_told_whole_where_its_column_may_cut_it(
    as_alice, four, length, width, is_told
):
    name = "x" * length
    four.items.update(name=name)

    page = lay_out(as_alice, four, f"/collections/{four.pk}/", **{"item.name": width})

    title = f'<th scope=row title="{name}">'
    assert page.content.decode().count(title) == (4 if is_told else 0)


TEXT = " ".join(["word"] * 150)


@pytest.mark.parametrize("length", [len(TEXT), 2 * MOST_TITLE])
def test_tall_rows_have_texts_whole_for_those_who_cannot_hover(as_alice, four, length):
    text = (TEXT * 5)[:length]
    four.items.update(properties={"description": text})
    address = f"/collections/{four.pk}/?columns=description"

    usual = as_alice.get(address)
    tall = as_alice.get(f"{address}&density=tall")

    cut = f"{text[:MOST_TITLE]}…" if length > MOST_TITLE else text
    # A text that was cut ends in an ellipsis, which is not of ASCII.
    drawn = cut if cut.isascii() else f"<bdi>{cut}</bdi>"
    assert f"<td>{drawn}\n" in tall.content.decode()
    assert f">{drawn}\n" not in usual.content.decode()
    assert "<td title" not in tall.content.decode()
    assert {each["label"] for each in tall.context["densities"]} == {
        each.capitalize() for each in DENSITIES
    }


def test_tall_rows_are_remembered_for_a_table_and_its_past(as_alice, four):
    form = {"action": "save", "columns": ["description"], "density": "tall"}
    as_alice.post(f"/collections/{four.pk}/columns/", form)

    table = get(as_alice, four)
    past = as_alice.get(
        f"/collections/{four.pk}/as-of/", {"at": timezone.now().isoformat()}
    )

    for page in (table, past):
        assert page.context["density"] == "tall"
        assert '<table class="sheet tall">' in page.content.decode()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://shop.example/a", "shop.example/a"),
        ("https://shop.example/a:b", "shop.example/a:b"),
        ("http://shop.example/a", "http://shop.example/a"),
        ("https://shop.example:8443/a", "https://shop.example:8443/a"),
        ("https://https://bank.example/a", "https://https://bank.example/a"),
        ("https://javascript:alert(1)", "https://javascript:alert(1)"),
    ],
)
def test_no_address_in_a_cell_looks_like_one_of_another_scheme(address, shown):
    cell = Cell(value=show(Link(url=address)))

    drawn = draw_cells(Item(), [(Column(id="site", label="Site"), cell)], "/")

    assert re.sub("<[^>]*>", "", drawn).strip() == shown

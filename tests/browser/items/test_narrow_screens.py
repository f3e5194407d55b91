"""What stands on a telephone: little above each page, and whole words in a table."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from integrations.models import Collection, Connection, Item
from integrations.providers.typed.fields import Money
from integrations.services.items.tables.groups import Group, Groups
from integrations.templatetags.quick_html import format_html
from integrations.views.items.tables import charts
from integrations.views.items.tables.cells import Row
from integrations.views.items.tables.grouped import HEADING
from tests.browser.fixtures import DESK, PHONE
from tests.browser.items import whole_pages
from tests.browser.items.whole_pages import FITS

pytestmark = pytest.mark.browser

LOOK = Path("static/css/site.css").read_text(encoding="utf-8")
SENTENCE = "The provider no longer accepts the permission you gave."
LONG_NAME = (
    "Northern Lights International Shipping & Logistics Holding (production portal)"
)
# Pixels of a telephone that a notice above each page takes, by the name in it.
MOST_HIGH = {"Acme": 52, LONG_NAME: 124}
NAME = "Wilhelmina Featherstone Administration"
GROUP_NAMES = ("Waiting for the signature of the customer (legal)", "Unbroken" * 30)
# Whether some of an element is not drawn.
IS_CUT = """element => element.scrollHeight > element.clientHeight
    || element.scrollWidth > element.clientWidth"""
# What cuts the ring away that is drawn around the link that has the focus.
CUTTING = """link => {
    const found = []
    for (let e = link; !e.matches('.notices'); e = e.parentElement)
        if (getComputedStyle(e).overflow !== 'visible') found.push(e.localName)
    return found
}"""
# Where the first link of a cell ends, and what stands behind it begins.
AFTER_FIRST = """cell => {
    const range = document.createRange()
    range.setStart(cell.childNodes[1], 0)
    range.setEnd(cell.childNodes[1], 1)
    const comma = range.getBoundingClientRect()
    range.selectNodeContents(cell.firstElementChild)
    const end = [...range.getClientRects()].at(-1)
    return { left: comma.left, right: end.right,
        isOnItsLine: Math.abs(comma.bottom - end.bottom) < 2 }
}"""
# Words of which there are pieces on two lines.
TORN = """() => [...document.querySelectorAll('tbody th > a[id]')]
    .map(element => element.lastChild)
    .flatMap(node => [...node.data.matchAll(/\\w+/g)].map(word => {
        const range = document.createRange()
        range.setStart(node, word.index)
        range.setEnd(node, word.index + word[0].length)
        return new Set([...range.getClientRects()].map(box => box.top)).size > 1
            ? word[0] : '' }))
    .filter(word => word)"""

CHIPS = (
    {"label": "Connection", "value": LONG_NAME},
    {"label": "Collection", "value": "Unbroken" * 30},
)

# Words of a chart that are small, reach out of it or are cut.
UNREADABLE = """() => [...document.querySelectorAll('.bars :is(text, bdi, span)')]
    .filter(text => {
        const box = text.getBoundingClientRect()
        const chart = text.closest('.bars').getBoundingClientRect()
        return box.height < 14 || box.left < chart.left || box.right > chart.right
            || text.scrollWidth > text.clientWidth
    }).map(text => text.textContent)"""
# Wide ones: as many letters as a label keeps, some of which are two others wide.
LABELS = ("Presentation scheduled with both", "商談中の案件" * 6, "WARM LEAD " * 4)
AMOUNT = Money(amount=Decimal("12345678.90"), currency="EUR")


@pytest.fixture
def page(chromium: Browser) -> Page:
    return chromium.new_page(viewport=PHONE)  # type: ignore[arg-type]


def show(page: Page, html: str, *, width: str = "") -> None:
    page.set_content(
        f'<!doctype html><style>{LOOK}</style><body class="{width}">'
        f'<div class="wrap">{html}</div>'
    )


@pytest.mark.parametrize("name", MOST_HIGH)
def test_a_connection_that_needs_its_user_is_named_whole_in_little_room(
    page: Page, name: str
) -> None:
    connection = Connection(
        account_name=name, provider="hubspot", last_synced_at=timezone.now()
    )
    connection.status = SimpleNamespace(  # type: ignore[attr-defined]
        sentence=SENTENCE, actions={"reconnect"}
    )
    html = render_to_string("partials/attention.html", {"attention": [connection]})
    show(page, html)

    notice = page.locator(".notice")
    box, button = notice.bounding_box(), page.locator(".button").bounding_box()
    assert box is not None
    assert button is not None
    assert box["height"] <= MOST_HIGH[name]
    assert button["x"] + button["width"] <= box["x"] + box["width"]
    assert button["height"] >= 32
    expect(notice.locator("strong a")).to_have_text(f"HubSpot: {name}")
    assert not notice.locator("strong").evaluate(IS_CUT)
    # Why is on the page that the name leads to; a wider screen says it here as well.
    why = notice.get_by_text(SENTENCE)
    expect(why).to_be_hidden()
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    expect(why).to_be_visible()
    assert notice.locator("time").count() == 1
    assert notice.locator("strong a").evaluate(CUTTING) == []


def test_words_for_screen_readers_end_with_the_box_they_scroll_in(page: Page) -> None:
    link = '<a href="/">example.com<span class="sr-only"> (for a reader)</span></a>'
    cells = f'<td class="nowrap">{"wide " * 16}</td>' * 2
    table = f"<table><tbody><tr>{cells}<td>{link}</td></tr></tbody></table>"
    for look in ("scroll", "scroll grid-box"):
        show(
            page, f'<section class="panel"><div class="{look}">{table}</div></section>'
        )

        assert page.locator(".scroll .sr-only").count() == 1
        assert page.evaluate(FITS)


def test_a_name_in_a_high_row_breaks_between_its_words(page: Page) -> None:
    item = Item(name=NAME, collection=Collection(connection=Connection()))
    row = Row(item=item, is_writable=True, is_whole=True)
    show(
        page,
        '<div class="panel"><div class="scroll grid-box"><table class="sheet tall">'
        f"<tbody>{row.line}</tbody></table></div></div>",
    )

    assert page.locator("tbody th > a[id]").inner_text() == NAME
    assert page.evaluate(TORN) == []


def test_what_a_filter_is_of_stays_whole_however_long_its_value_is(page: Page) -> None:
    show(page, render_to_string("items/partials/filter_chips.html", {"chips": CHIPS}))

    chips = page.locator("a.chip")
    expect(chips.first).to_contain_text(f"Connection: {LONG_NAME}")
    assert chips.count() == len(CHIPS)
    assert page.evaluate(whole_pages.TORN) == []
    assert page.evaluate(FITS)


def test_what_stands_between_links_of_a_high_row_follows_the_first(page: Page) -> None:
    links = ", ".join(f'<a href="/">{each}</a>' for each in (NAME, "Bo"))
    show(
        page,
        '<div class="panel"><div class="scroll grid-box"><table class="sheet tall">'
        f'<tbody><tr><th scope="row">A</th><td>{links}</td></tr></tbody></table></div>'
        "</div>",
    )

    between = page.locator("td").evaluate(AFTER_FIRST)
    assert between["right"] <= between["left"] <= between["right"] + 1
    assert between["isOnItsLine"]


@pytest.mark.parametrize("read_at", [None, timezone.now()], ids=["short", "long"])
def test_what_a_folded_cell_says_ends_at_its_edge(page: Page, read_at: Any) -> None:
    told = {
        "collection": Collection(links_read_at=read_at),
        "connection": Connection(last_synced_at=read_at),
    }
    fresh = render_to_string("connections/partials/freshness.html", told)
    show(
        page,
        '<table class="fold"><tbody><tr><td data-label="Completeness"><div class="row">'
        f'<span class="badge">Complete</span>{fresh}</div></td></tr></tbody></table>',
    )

    edge = ends(page, "td")
    assert ends(page, ".badge") == edge
    assert page.locator(".note").count() == (read_at is not None)
    if read_at is not None:
        assert ends(page, ".note") == edge


def ends(page: Page, selector: str) -> float:
    """Return where an element ends on the right, in pixels."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"]


def test_an_address_that_everything_is_shown_about_is_read_whole(page: Page) -> None:
    told = {"about": "ana@harbour-and-vale.example"}
    html = render_to_string("items/everything.html", told)
    show(page, html[html.index('<form class="tools"') :])

    address = page.locator("#about")
    expect(address).to_have_value(told["about"])
    assert address.evaluate("input => input.scrollWidth <= input.clientWidth")


def test_a_name_that_only_a_narrow_window_cuts_is_whole_under_a_pointer(
    page: Page,
) -> None:
    item = Item(name="Max Oberholzer 57", collection=Collection())
    show(
        page,
        '<div class="panel"><div class="scroll grid-box"><table class="sheet">'
        f"<tbody>{Row(item=item).line}</tbody></table></div></div>",
    )
    name = page.locator("tbody th > a[id]")
    assert page.locator("[title]").count() == 0
    assert name.evaluate(IS_CUT)

    for reach in (name.hover, name.focus):
        page.mouse.move(0, 0)
        reach()

        assert not name.evaluate(IS_CUT)
        assert page.evaluate(FITS)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.mouse.move(0, 0)
    assert not name.evaluate(IS_CUT)


@pytest.mark.parametrize("label", GROUP_NAMES)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_heading_of_a_group_is_in_view_with_its_number(
    page: Page, size: Any, label: str
) -> None:
    page.set_viewport_size(size)
    heading = format_html(HEADING, 3, label, "12,345 · 1,234,567.00 EUR")
    wide = f'<td class="nowrap">{"wide " * 40}</td>' * 2
    show(
        page,
        '<div class="panel"><div class="scroll grid-box"><table class="sheet"><tbody>'
        f'{heading}<tr><th scope="row">{NAME}</th>{wide}</tr></tbody></table></div>'
        "</div>",
        width="broad",
    )

    box = page.locator(".grid-box")
    for left in (0, 10_000):
        box.evaluate("(element, left) => element.scrollLeft = left", left)
        whole = box.bounding_box()
        assert whole is not None
        for each in (page.locator("bdi", has_text=label), page.locator(".number")):
            place = each.bounding_box()
            assert place is not None
            assert place["x"] >= whole["x"]
            assert place["x"] + place["width"] <= whole["x"] + whole["width"]
    # A name that has room stays on one line.
    is_broken = page.locator(".group-head bdi").evaluate(
        "element => element.getClientRects().length > 1"
    )
    assert is_broken is (size == PHONE or label == GROUP_NAMES[1])


def test_a_group_stretches_no_table_that_has_room(page: Page) -> None:
    heading = format_html(HEADING, 2, GROUP_NAMES[0], "3")
    row = '<tr><th scope="row">A</th><td>B</td></tr>'
    show(
        page,
        '<div class="panel"><div class="scroll grid-box"><table class="sheet">'
        f"<tbody>{heading}{row}</tbody></table></div></div>",
    )

    fits = "element => element.scrollWidth <= element.clientWidth"
    assert page.locator(".grid-box").evaluate(fits)


def test_the_words_of_a_chart_keep_their_size(page: Page) -> None:
    column: Any = SimpleNamespace(id="amount", label="Amount")
    condition: Any = None
    groups = [
        Group(
            key=(label, None),
            label=label,
            count=33_878_600_000,
            condition=condition,
            sums={"amount": [AMOUNT]},
        )
        for label in LABELS
    ]
    made, _ = charts.make_charts(Groups(column=column, summed=[column], groups=groups))
    bars = "items/tables/partials/group_bars.html"
    show(page, f'<div class="panel">{render_to_string(bars, {"charts": made})}</div>')

    assert [len(chart.bars) for chart in made] == [3, 3]
    assert page.get_by_text("12,345,678.90 EUR").count() == 3
    assert page.evaluate(UNREADABLE) == []

"""What is printed is dark on white and whole, whichever theme a user has chosen."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LOOK = Path("static/css/site.css").read_text(encoding="utf-8")
ROWS = "".join(f"<tr><th>Row {n}</th><td>{'long ' * 30}</td></tr>" for n in range(90))
PAGE = f"""<!doctype html><html data-theme="dark"><style>{LOOK}</style><body>
<div class="bars"><p><bdi>Won</bdi></p></div>
<section class="panel"><div class="scroll grid-box"><table class="sheet">
<thead><tr><th>Name</th><th>Text</th></tr></thead><tbody>{ROWS}</tbody>
</table></div></section></body></html>"""
INK = "() => getComputedStyle(document.querySelector('.bars bdi')).color"
CUT = """() => [...document.querySelectorAll('.grid-box, .sheet th, .sheet td')]
    .filter(box => getComputedStyle(box).overflow !== 'visible'
        || getComputedStyle(box).position === 'sticky').length"""
IS_WIDER = "() => document.querySelector('.sheet').scrollWidth > innerWidth"


@pytest.fixture
def page(chromium: Browser) -> Page:
    page = chromium.new_page(viewport={"width": 700, "height": 900})
    page.set_content(PAGE)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chart_and_its_table_are_printed_dark_on_white_and_whole(
    page: Page, scheme: str
) -> None:
    page.emulate_media(media="print", color_scheme=scheme)  # type: ignore[arg-type]

    assert page.evaluate(INK) == "rgb(24, 33, 43)"
    assert page.evaluate(CUT) == 0
    assert not page.evaluate(IS_WIDER)


def test_on_the_screen_the_chosen_theme_stays(page: Page) -> None:
    page.emulate_media(media="screen", color_scheme="light")

    assert page.evaluate(INK) == "rgb(231, 236, 241)"
    assert page.evaluate(CUT) > 0

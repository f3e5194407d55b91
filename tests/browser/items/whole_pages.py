"""See that a page fits its screen: nothing to scroll sideways, nothing torn or cut."""

from typing import Any, Final

from playwright.sync_api import Page

# A screen of 1280 at twice the size.
HALF: Final[Any] = {"width": 640, "height": 360}
FITS = "() => document.documentElement.scrollWidth <= innerWidth"
# Words of ours that are torn apart: of one word, two lines.
TORN = """() => [...document.querySelectorAll(
    'nav a, .button, .chip, .badge, .tag, label, legend, summary, h2, dt, thead th')]
    .flatMap(element => [...element.childNodes])
    .filter(node => node.nodeType === Node.TEXT_NODE)
    .flatMap(node => [...node.data.matchAll(/[a-z]{2,12}/gi)].map(word => {
        const range = document.createRange()
        range.setStart(node, word.index)
        range.setEnd(node, word.index + word[0].length)
        return new Set([...range.getClientRects()].map(box => box.top)).size > 1
            ? word[0] : '' }))
    .filter(word => word && !/^[Wy]+$/.test(word))"""
# What is wider than its box, and neither scrolls there nor says so by an ellipsis.
CUT = """() => [...document.querySelectorAll('main *, header *')].filter(element => {
    const style = getComputedStyle(element)
    return element.getClientRects().length
        && /hidden|clip/.test(style.overflowX)
        && style.textOverflow !== 'ellipsis'
        && !element.closest('.sr-only, svg, progress, input, select, textarea')
        && element.scrollWidth > element.clientWidth + 1
}).map(element => element.outerHTML.slice(0, 200))"""


def find_faults(page: Page, *screens: Any) -> list[object]:
    """Return what does not fit a page that is open, on each of some screens."""
    found: list[object] = []
    for screen in screens:
        page.set_viewport_size(screen)
        told = (not page.evaluate(FITS), page.evaluate(TORN), page.evaluate(CUT))
        if any(told):
            found.append((page.url, screen, *told))
    return found


def fits(page: Page) -> None:
    """See that a page is whole on its screen, and on one of half the size."""
    screen = page.viewport_size
    faults = find_faults(page, HALF, screen)
    assert not faults, faults

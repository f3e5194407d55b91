"""Draw the cells of a table as HTML, by hundreds: a template for each would be slow.

Every word is escaped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.templatetags import icons
from integrations.templatetags.times import shown_time
from integrations.views.items.values import Shown

EMPTY: Final = SafeString('<span class="soft">\N{EN DASH}</span>')
BAR: Final = '<progress max="100" value="{}" aria-hidden="true"></progress> {}'


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: ``look`` chooses how it is drawn, ``more`` counts what is left out."""

    look: str = "value"
    value: Shown | None = None
    parts: Sequence["Part"] = ()
    more: int = 0
    text: str = ""
    title: str = ""
    share: str = ""
    is_true: bool = False

    @property
    def html(self) -> SafeString:
        """Return it drawn, empty where a template draws it."""
        return draw(self)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One chip, with its colour where the provider has one that pages know."""

    text: str
    colour: str = ""


def draw(cell: Cell) -> SafeString:
    """Return a cell's HTML, empty for one that has a template of its own."""
    if cell.value is not None and cell.value.kind == "time":
        return shown_time(cell.value)
    drawing = _DRAWN.get(cell.look)
    return drawing(cell) if drawing else SafeString("")


def _text(cell: Cell) -> SafeString:
    if cell.title:
        return format_html('<span title="{}">{}</span>', cell.title, cell.text)
    return format_html("{}", cell.text)


def _share(cell: Cell) -> SafeString:
    return format_html(BAR, cell.share, _text(cell))


def _check(cell: Cell) -> SafeString:
    if not cell.is_true:
        return format_html('<span class="soft">{}</span>', cell.text)
    ticked = '<span class="ticked">{}</span><span class="sr-only">{}</span>'
    return format_html(ticked, icons.draw("check"), cell.text)


def _chips(cell: Cell) -> SafeString:
    is_user = cell.look == "people"
    icon, look = (icons.draw("user"), "person") if is_user else ("", "choice")
    parts = [
        (f"{look} colour-{part.colour}" if part.colour else look, icon, part.text)
        for part in cell.parts
    ]
    html = format_html_join(" ", '<span class="{}">{}{}</span>', parts)
    if cell.more:
        html = format_html('{} <span class="soft">+{}</span>', html, cell.more)
    if cell.title:
        return format_html('<span title="{}">{}</span>', cell.title, html)
    return html


_DRAWN: Final[Mapping[str, Callable[[Cell], SafeString]]] = {
    "check": _check,
    "chips": _chips,
    "empty": lambda _: EMPTY,
    "line": _text,
    "number": _text,
    "people": _chips,
    "percent": _share,
}

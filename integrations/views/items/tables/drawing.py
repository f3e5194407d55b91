"""Draw cells and options as HTML, by hundreds: a template for each would be slow.

Every word is escaped.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.template.loader import get_template
from django.utils.safestring import SafeString
from msgspec import Struct

from integrations.models import Item
from integrations.models.paths import path_of
from integrations.services.items.tables.columns.columns import Column
from integrations.templatetags.item_rows import ICON, choose_box
from integrations.templatetags.mooring import external, is_safe_link
from integrations.templatetags.quick_html import (
    format_html,
    format_html_join,
    set_apart,
    to_html,
)
from integrations.templatetags.times import shown_time
from integrations.views.items.parts.values import Shown

EMPTY: Final = SafeString('<span class="soft">\N{EN DASH}</span>')
SELECTED, END_GROUP = SafeString(" selected"), SafeString("</optgroup>")
EDIT: Final = '<a class="cell-edit" href={} aria-labelledby="edit r{}"></a>'
OWN: Final = (
    '<a class="own" href="{}"><span class="sr-only">Change {} of {}: </span>{}</a>'
)
# Of an address in a cell; no other is a link.
SCHEME: Final = "https://"
CONTACT: Final = '<a href="{}">{}</a>'
# What stands here without quotes is of letters, digits and signs of ours.
LINK: Final = "<a href={}>{}{}</a>"
# The stylesheet draws the tick.
TICKED: Final = "<span class=ticked><span class=sr-only>{}</span></span>"
ROW: Final = "<tr><th scope=row{}>{}<a{} href={}>{}{}</a>{}{}\n"
# So many letters fit into a column at least, by how wide it is.
ROOM: Final[Mapping[str, int]] = {"narrow": 8, "": 24, "wide": 50}
# And so many more of a time, which is of digits for the most part.
TIME_ROOM: Final = 5
# Of a name there is a box to tick beside. In a window that is too narrow for so many
# the stylesheet shows it whole.
NAME_ROOM: Final[Mapping[str, int]] = {"narrow": 6, "": 20, "wide": 20}
BAR: Final = '<progress max="100" value="{}" aria-hidden="true"></progress> {}'


class Cell(Struct, frozen=True, kw_only=True):
    """One cell: ``look`` chooses how it is drawn, ``more`` counts what is left out.

    It ``has_more`` where the provider, or this site, has more than are counted.
    """

    look: str = "value"
    value: Shown | None = None
    parts: Sequence["Part"] = ()
    more: int = 0
    has_more: bool = False
    text: str = ""
    title: str = ""
    share: str = ""
    is_true: bool = False


class Part(Struct, frozen=True, kw_only=True):
    """One chip, with its colour where the provider has one that pages know."""

    text: str
    colour: str = ""


def draw_row(
    item: Item,
    cells: SafeString,
    *,
    is_writable: bool = False,
    is_whole: bool = False,
    is_unnamed: bool = False,
    width: str = "",
) -> SafeString:
    """Return the HTML of one row: a box to tick, the name, and its cells.

    ``width`` is that of the names. A row that can be edited has a link for that, out
    of which the script makes one for each cell of a column that can be. One that
    ``is_unnamed`` has the sign of an empty cell before what is shown in place of a
    name.
    """
    name, address = item.name or "Untitled", item.get_absolute_url()
    icon = format_html(ICON, item.icon) if item.icon else ""
    icon = f"{EMPTY} {icon}" if is_unnamed else icon
    is_cut = len(name) > NAME_ROOM[width] and not is_whole
    title = f' title="{to_html(name)}"' if is_cut else ""
    name, (box, row_id) = set_apart(name), choose_box(item)
    edit = ""
    if is_writable:
        edit = EDIT.format(path_of("item-edit", item.uuid), item.row_number)
    drawn = (title, box, row_id, address, icon, name, edit, cells)
    return SafeString(ROW.format(*drawn))


def draw_cells(
    item: Item,
    cells: Sequence[tuple[Column, Cell]],
    back: str,
    *,
    is_whole: bool = False,
) -> SafeString:
    """Return the HTML of the cells of one row.

    ``back`` is the address of the table, for the form of a column of the user's own.
    Of cells that show a text ``is_whole`` none tells it once more.
    """
    drawn = []
    for column, cell in cells:
        look = look_of(is_number=column.is_number, width=column.width)
        if cell.value is not None and cell.value.kind == "time":
            drawn.append(f"<td{look}{_of_time(column, cell.value, is_whole=is_whole)}")
            continue
        html = _own(item, column, cell, back) if column.yours else draw(cell)
        title = "" if is_whole else _title(column, cell)
        drawn.append(f"<td{look}{title}>{html}")
    # Each part is drawn as HTML, which ends a cell where the next one begins.
    return SafeString("".join(drawn))


def _title(column: Column, cell: Cell) -> str:
    """Return the attribute that tells a text whole where its column may cut it."""
    text = "" if cell.title else _whole(cell)
    if cell.value is not None and text in _addresses(cell.value.href):
        # Where the link leads is shown as well.
        return ""
    is_cut = len(text) > ROOM[column.width]
    return f' title="{to_html(text)}"' if is_cut else ""


def _of_time(column: Column, value: Shown, *, is_whole: bool) -> str:
    """Return the end of a time's cell: its text, and in the title its source's zone.

    An element of its own would be as long as both, and nobody sees it.
    """
    is_cut = len(value.text) > ROOM[column.width] + TIME_ROOM and not is_whole
    told = (value.text if is_cut else "", value.title)
    title = to_html(" = ".join(filter(None, told)))
    titled = f' title="{title}"' if title else ""
    return f"{titled}>{to_html(value.text)}"


def _addresses(href: str) -> tuple[str, str]:
    """Return the address of a link with its scheme and without, as labels say it."""
    return href, href.partition(":")[2].removeprefix("//")


def _whole(cell: Cell) -> str:
    """Return all that a cell says as one text."""
    if cell.parts:
        return ", ".join(part.text for part in cell.parts)
    if cell.value is None:
        return cell.text
    return ", ".join(item.name for item in cell.value.items) or cell.value.text


@functools.cache
def look_of(*, is_number: bool, width: str) -> SafeString:
    """Return the attribute of a column's head and cells: alignment and width."""
    look = " ".join(name for name in ("right" if is_number else "", width) if name)
    return format_html(' class="{}"', look) if look else SafeString("")


def _own(item: Item, column: Column, cell: Cell, back: str) -> SafeString:
    path = path_of("item-own-values", item.uuid)
    asked = urlencode({"column": column.id, "back": back})
    name = item.name or "Untitled"
    return format_html(OWN, f"{path}?{asked}", column.label, name, draw(cell))


def draw_options(groups: Sequence[Mapping[str, Any]], chosen: str) -> SafeString:
    """Return the HTML of the options of a select: columns, by their groups."""
    drawn = [
        (
            format_html('<optgroup label="{}">', label) if label else "",
            format_html_join(
                "",
                '<option value="{}"{}>{}</option>',
                [
                    (each.id, SELECTED if each.id == chosen else "", each.label)
                    for each in group["columns"]
                ],
            ),
            END_GROUP if label else "",
        )
        for group in groups
        for label in (group["label"],)
    ]
    return format_html_join("", "{}{}{}", drawn)


def draw(cell: Cell) -> SafeString:
    """Return the HTML of a cell."""
    drawing = _DRAWN.get(cell.look)
    if drawing is not None:
        return drawing(cell)
    value = cell.value
    if value is None or not value.text:
        return EMPTY
    if value.kind == "time":
        return shown_time(value)
    if value.kind == "contact":
        return SafeString(CONTACT.format(to_html(value.href), set_apart(value.text)))
    if value.kind == "link" and is_safe_link(value.href):
        return SafeString(external(value.href, _to_link_text(value.text, value.href)))
    template = get_template("items/partials/value_whole.html")
    return SafeString(template.render({"value": value}))


def _to_link_text(text: str, href: str) -> str:
    """Return an address without the scheme that all have, any other text as it is.

    What would look like an address of another scheme then keeps its own.
    """
    rest = text.removeprefix(SCHEME)
    is_plain = text == href and ":" not in rest.partition("/")[0]
    return rest if is_plain else text


def _linked(cell: Cell) -> SafeString:
    """Return links to the first of the linked items, and how many more there are."""
    items = cell.value.items if cell.value else ()
    html = format_html_join(
        ", ",
        LINK,
        [
            (
                item.get_absolute_url(),
                format_html(ICON, item.icon) if item.icon else "",
                SafeString(set_apart(item.name or "Untitled")),
            )
            for item in items
        ],
    )
    if cell.more <= 0:
        if not cell.has_more:
            return html
        return format_html('{} <span class="soft">and more</span>', html)
    count = f"{'more than ' if cell.has_more else ''}{cell.more:,}"
    more = f"and {count} more" if items else f"{count} not stored here"
    return format_html('{} <span class="soft">{}</span>', html, more)


def _text(cell: Cell) -> SafeString:
    if cell.title:
        return format_html('<span title="{}">{}</span>', cell.title, cell.text)
    return SafeString(to_html(cell.text))


def _line(cell: Cell) -> SafeString:
    text = SafeString(set_apart(cell.text))
    if cell.title:
        return format_html('<span title="{}">{}</span>', cell.title, text)
    return text


def _share(cell: Cell) -> SafeString:
    return format_html(BAR, cell.share, _text(cell))


def _check(cell: Cell) -> SafeString:
    if not cell.is_true:
        return format_html('<span class="soft">{}</span>', cell.text)
    return format_html(TICKED, cell.text)


def _chips(cell: Cell) -> SafeString:
    tag = "i" if cell.look == "people" else "b"
    html = SafeString(" ".join(_chip(tag, part) for part in cell.parts))
    if cell.more:
        html = format_html('{} <span class="soft">+{}</span>', html, cell.more)
    if cell.title:
        return format_html('<span title="{}">{}</span>', cell.title, html)
    return html


def _chip(tag: str, part: "Part") -> str:
    """Return one chip; the stylesheet knows the look of such an element in a table."""
    colour = f' class="colour-{part.colour}"' if part.colour else ""
    return f"<{tag}{colour}>{set_apart(part.text)}</{tag}>"


_DRAWN: Final[Mapping[str, Callable[[Cell], SafeString]]] = {
    "check": _check,
    "chips": _chips,
    "empty": lambda _: EMPTY,
    "line": _line,
    "linked": _linked,
    "number": _text,
    "people": _chips,
    "percent": _share,
}

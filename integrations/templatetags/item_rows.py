"""Template tag that draws the rows of a list of items.

There are hundreds of cells on a page, and a template for each would be slow. Every
word is escaped.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django import template
from django.utils.safestring import SafeString

from integrations.models import Item
from integrations.templatetags.mooring import mark, marked, parent_text, type_text
from integrations.templatetags.quick_html import (
    format_html,
    format_html_join,
    set_apart,
    to_html,
)
from integrations.templatetags.times import when_cell

register = template.Library()

# Its row says what it chooses, so that no name stands in a page twice. A browser would
# tick places again, which other rows may have by then; the form around them keeps what
# else was chosen in it.
BOX: Final = (
    "<input type=checkbox name=item value={0} autocomplete=off"
    ' aria-labelledby="c r{0}">'
)
ROW_ID: Final = " id=r{}"
NO_TIME: Final = "\N{EN DASH}"
NAME: Final = "<th scope=row><div>{}{}<div><a{}{} href={}>{}{}</a>{}{}</div></div>"
ICON: Final = '<span aria-hidden="true">{}</span> '
FOUND: Final = "<bdi>{}</bdi>"
PARENT: Final = "<span class=note>{}</span>"
PASSAGE: Final = '<span class="note passage"><bdi>{}</bdi>: <bdi>{}</bdi></span>'
DELETED: Final = SafeString(' class="deleted"')
DISCONNECTED: Final = SafeString("<span class=note>disconnected</span>")


@register.simple_tag
def item_rows(
    items: Sequence[Item],
    columns: Sequence[Mapping[str, str]],
    *,
    can_choose: object = False,
) -> SafeString:
    """Draw a row for each item, with a cell for each column of the list.

    Where rows can be chosen each has a box to tick, of the form around them. What a
    column is called where rows are folded is told by the stylesheet.
    """
    name = _name_with_box if can_choose else _name
    drawn = [_DRAWN.get(each["key"], name) for each in columns]
    rows = ("".join(draw(item) for draw in drawn) for item in items)
    # Cells and rows are drawn as HTML, which ends each where the next one begins.
    return SafeString("".join(f"<tr>{row}\n" for row in rows))


def choose_box(item: Item) -> tuple[str, str]:
    """Draw the box that chooses a row of the form around a list or a table.

    Return it with the attribute of the link that names the row, and so the box.
    """
    return BOX.format(item.row_number), ROW_ID.format(item.row_number)


def _name_with_box(item: Item) -> str:
    return _name(item, choose_box(item))


def _name(item: Item, box: tuple[str, str] = ("", "")) -> str:
    pieces = item.name_pieces
    drawn_box, row_id = box
    return NAME.format(
        drawn_box,
        mark(item.provider, item.provider_name),
        row_id,
        DELETED if item.deleted_at else "",
        to_html(item.page_url),
        format_html(ICON, item.icon) if item.icon else "",
        FOUND.format(marked(pieces)) if pieces else set_apart(item.name or "Untitled"),
        PARENT.format(set_apart(parent_text(item))) if item.parent_name else "",
        format_html_join(
            "", PASSAGE, ((each.label, marked(each.pieces)) for each in item.passages)
        )
        if item.passages
        else "",
    )


def _type(item: Item) -> str:
    return f"<td><span class=tag>{to_html(type_text(item))}</span>"


def _connection(item: Item) -> str:
    note = "" if item.connection.is_connected else DISCONNECTED
    return f"<td><bdi>{to_html(item.connection_title)}</bdi>{note}"


def _updated(item: Item) -> str:
    if item.deleted_at:
        return when_cell(item.deleted_at, NO_TIME, word="deleted ")
    word = "noticed " if item.is_update_noticed else ""
    return when_cell(item.remote_updated_at, NO_TIME, word=word)


def _created(item: Item) -> str:
    return when_cell(item.remote_created_at, NO_TIME)


_DRAWN: Final[Mapping[str, Callable[[Item], str]]] = {
    "type": _type,
    "connection": _connection,
    "updated": _updated,
    "created": _created,
}

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
from integrations.templatetags.quick_html import format_html, format_html_join
from integrations.templatetags.times import when

register = template.Library()

BOX: Final = (
    '<input type="checkbox" name="item" value="{}" form="chosen"'
    ' aria-label="Choose {}">'
)
NO_TIME: Final = "\N{EN DASH}"
NAME: Final = (
    '<th scope="row"><span class="row nowrap-row">{}{}<span class="grow slim">'
    '<a{} href="{}">{}<bdi>{}</bdi></a>{}{}</span></span></th>'
)
ICON: Final = '<span aria-hidden="true">{}</span> '
PARENT: Final = '<span class="note"><bdi>{}</bdi></span>'
PASSAGE: Final = '<span class="note passage"><bdi>{}</bdi>: <bdi>{}</bdi></span>'
DELETED: Final = SafeString(' class="deleted"')
DISCONNECTED: Final = SafeString('<span class="note">disconnected</span>')


@register.simple_tag
def item_rows(
    items: Sequence[Item],
    columns: Sequence[Mapping[str, str]],
    *,
    can_choose: object = False,
) -> SafeString:
    """Draw a row for each item, with a cell for each column of the list.

    Where rows can be chosen each has a box to tick, of the form around them.
    """
    name = _name_with_box if can_choose else _name
    drawn = [(_DRAWN.get(each["key"], name), each["label"]) for each in columns]
    rows = ("".join(draw(item, label) for draw, label in drawn) for item in items)
    # Every cell is drawn as HTML.
    return SafeString("".join(f"<tr>{row}</tr>\n" for row in rows))


def choose_box(item: Item) -> SafeString:
    """Draw the box that chooses a row of the form around a list or a table."""
    return format_html(BOX, item.uuid, item.name or "Untitled")


def _name_with_box(item: Item, label: str) -> SafeString:
    return _name(item, label, box=choose_box(item))


def _name(item: Item, _: str, *, box: str = "") -> SafeString:
    pieces = item.name_pieces
    return format_html(
        NAME,
        box,
        mark(item.provider, item.provider_name),
        DELETED if item.deleted_at else "",
        item.page_url,
        format_html(ICON, item.icon) if item.icon else "",
        marked(pieces) if pieces else item.name or "Untitled",
        format_html(PARENT, parent_text(item)) if item.parent_name else "",
        format_html_join(
            "", PASSAGE, ((each.label, marked(each.pieces)) for each in item.passages)
        ),
    )


def _type(item: Item, label: str) -> SafeString:
    cell = '<td data-label="{}"><span class="tag">{}</span></td>'
    return format_html(cell, label, type_text(item))


def _connection(item: Item, label: str) -> SafeString:
    note = "" if item.connection.is_connected else DISCONNECTED
    cell = '<td data-label="{}"><bdi>{}</bdi>{}</td>'
    return format_html(cell, label, item.connection_title, note)


def _updated(item: Item, label: str) -> SafeString:
    if item.deleted_at:
        return _time(label, "deleted ", when(item.deleted_at))
    word = "noticed " if item.is_update_noticed else ""
    return _time(label, word, when(item.remote_updated_at, NO_TIME))


def _created(item: Item, label: str) -> SafeString:
    return _time(label, "", when(item.remote_created_at, NO_TIME))


def _time(label: str, word: str, at: str) -> SafeString:
    return format_html('<td data-label="{}">{}{}</td>', label, word, at)


_DRAWN: Final[Mapping[str, Callable[[Item, str], SafeString]]] = {
    "type": _type,
    "connection": _connection,
    "updated": _updated,
    "created": _created,
}

"""Template filters that draw a table: its heads and rows, and options of a select."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Final

from django import template
from django.utils.safestring import SafeString

from integrations.templatetags import icons
from integrations.templatetags.quick_html import (
    format_html,
    format_html_join,
    set_apart,
)
from integrations.views.items.facets import Group
from integrations.views.items.tables.cells import Row
from integrations.views.items.tables.drawing import look_of

register = template.Library()

HEAD: Final = '<th scope="col"{} aria-sort="{}"{}><a href="{}"{}>{}{}{}</a></th>\n'
# What the script makes links to edit a cell of.
FIELD: Final = ' data-field="{}" data-label="{}"'
# One ends where the next one begins.
OPTION: Final = '<option value="{}"{}{}>{}\n'
GROUP: Final = '<optgroup label="{}">{}</optgroup>\n'
SELECTED, DISABLED = SafeString(" selected"), SafeString(" disabled")
TITLE: Final = ' title="Sort {}"'
NOTE: Final = ' <span class="note">{}</span>'
ARROWS: Final[Mapping[str, str]] = {"ascending": "up", "descending": "down"}


@register.filter
def drawn_heads(
    heads: Iterable[Mapping[str, Any]], writable: Container[str]
) -> SafeString:
    """Draw the head of each column; of those that are ``writable`` cells are edited."""
    return format_html_join("", HEAD, (_head(each, writable) for each in heads))


@register.filter
def here(address: str) -> str:
    """Return an address of the page that is shown, as a link on it: its query alone."""
    return f"?{address.partition('?')[2]}"


@register.filter
def drawn_rows(rows: Iterable[Row]) -> SafeString:
    """Draw the rows, each with a box to tick, below the headings of their groups."""
    return SafeString("".join(f"{row.heading}{row.line}" for row in rows))


@register.filter
def drawn_choices(choices: Iterable[Sequence[str]]) -> SafeString:
    """Draw the options of a select, each a value and what it is called.

    One ends where the next one begins.
    """
    return format_html_join("", '<option value="{}">{}', choices)


@register.filter
def drawn_groups_of_choices(groups: Iterable[Group], chosen: str) -> SafeString:
    """Draw the choices of a select, with the heading of each group that has one."""
    drawn = (
        format_html(GROUP, each.label, _options(each, chosen))
        if each.label
        else _options(each, chosen)
        for each in groups
    )
    return SafeString("".join(drawn))


def _options(group: Group, chosen: str) -> SafeString:
    return format_html_join(
        "",
        OPTION,
        (
            (
                each.value,
                SELECTED if each.value == chosen else "",
                DISABLED if each.disabled else "",
                each.text,
            )
            for each in group.choices
        ),
    )


def _head(head: Mapping[str, Any], writable: Container[str]) -> tuple[object, ...]:
    column, sorted_by, direction = head["column"], head["sorted_by"], head["direction"]
    is_writable, arrow = column.id in writable, ARROWS.get(direction)
    return (
        format_html(FIELD, column.id, head["label"]) if is_writable else "",
        direction,
        look_of(is_number=column.is_number, width=column.width),
        here(head["sort_url"]),
        format_html(TITLE, sorted_by) if sorted_by else "",
        SafeString(set_apart(head["label"])),
        icons.draw(arrow) if arrow else "",
        format_html(NOTE, sorted_by) if sorted_by and arrow else "",
    )

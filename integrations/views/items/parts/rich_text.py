"""Draw formatted text as HTML: spans here, blocks by the templates of their groups.

Every word is escaped, and only safe addresses become links.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.utils.safestring import SafeString

from integrations.models import Item
from integrations.providers.text.rich_text import (
    Block,
    BlockKind,
    Span,
    Style,
    is_plain_http,
    safe_href,
)
from integrations.templatetags.quick_html import format_html, format_html_join

# Blocks of one of these kinds in a row are one list, one table, one quotation.
GROUPS: Final[Mapping[BlockKind, str]] = {
    BlockKind.ITEM: "list",
    BlockKind.TODO: "todos",
    BlockKind.ROW: "table",
    BlockKind.QUOTE: "quote",
    BlockKind.CALLOUT: "callout",
}
# The page's own name is level 1, and its sections are level 2.
MAX_LEVEL, LEVELS_ABOVE = 6, 2
_TAGS: Final[Mapping[Style, str]] = {
    Style.BOLD: "strong",
    Style.ITALIC: "em",
    Style.STRIKE: "s",
    Style.CODE: "code",
}

BREAK: Final = SafeString("<br>")
# Whoever wrote the text chose the words; the title tells where the link leads.
LINK: Final = '<a href="{0}" title="{0}" rel="noopener noreferrer nofollow">{1}</a>'
# Their words are literal, line breaks included.
LITERAL: Final = frozenset({BlockKind.CODE, BlockKind.EQUATION})

Group = dict[str, Any]


def draw_spans(spans: Sequence[Span]) -> SafeString:
    """Return spans as HTML that holds nothing but text, styles and safe links."""
    return format_html_join("", "{}", ((_draw(span),) for span in spans))


def _draw(span: Span) -> SafeString:
    html = format_html_join(BREAK, "{}", ((line,) for line in span.text.split("\n")))
    for style in reversed(Style):
        if style in span.styles:
            html = format_html("<{0}>{1}</{0}>", _TAGS[style], html)
    href = safe_href(span.href)
    if href:
        return format_html(LINK, href, html)
    if is_plain_http(span.href) and span.href != span.text:
        # Not to be followed from here, but not to be lost either.
        return format_html("{} ({})", html, span.href)
    return html


def to_groups(
    blocks: Sequence[Block], items: Mapping[str, Item] | None = None
) -> list[Group]:
    """Return blocks as a tree: each with what stands deeper behind it, in groups.

    ``items`` are stored items by id, for the blocks that stand for one.
    """
    groups: list[Group] = []
    for block, inside in _families(blocks):
        entry = {**_to_entry(block, items or {}), "groups": to_groups(inside, items)}
        about = _group_of(block)
        if groups and block.kind in GROUPS and groups[-1]["about"] == about:
            groups[-1]["entries"].append(entry)
        else:
            groups.append({"about": about, "entries": [entry], **about})
    return groups


def _group_of(block: Block) -> dict[str, Any]:
    kind = GROUPS.get(block.kind, block.kind.value)
    is_ordered = kind == "list" and block.number is not None
    return {"kind": kind, "is_ordered": is_ordered, "icon": block.icon}


def _families(blocks: Sequence[Block]) -> Iterator[tuple[Block, Sequence[Block]]]:
    """Yield each outer block with the deeper ones that follow it."""
    start = 0
    while start < len(blocks):
        end = start + 1
        while end < len(blocks) and blocks[end].depth > blocks[start].depth:
            end += 1
        yield blocks[start], blocks[start + 1 : end]
        start = end


def _to_entry(block: Block, items: Mapping[str, Item]) -> dict[str, Any]:
    return {
        "kind": block.kind.value,
        "html": block.text if block.kind in LITERAL else draw_spans(block.spans),
        "level": min(block.level + LEVELS_ABOVE, MAX_LEVEL),
        "number": block.number,
        "is_done": block.is_done,
        "language": block.language,
        "cells": [draw_spans(cell) for cell in block.cells],
        "is_child": bool(block.id),
        "item": items.get(block.id),
    }

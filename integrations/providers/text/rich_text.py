"""Represent formatted text of every provider: blocks of styled spans, never markup.

A text is a flat list of blocks in reading order. ``depth`` makes it a tree: a block
holds those after it that are deeper. Parsers build it, pages draw it as HTML, and
search, export and console take its words.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

MAX_DEPTH: Final = 12
INDENT: Final = "  "
CELL_BREAK: Final = " | "
# Under this key a stored text has its spans; one without any style is a string.
SPANS: Final = "spans"
MAIL: Final = re.compile(r"[^\s@<>,;:?&%\"]+@[^\s@<>,;:?&%\"]+\.[^\s@<>,;:?&%\"]+")
DIAL: Final = re.compile(r"\+?\(?[0-9][0-9 ()./-]{2,40}", re.ASCII)


class Style(StrEnum):
    """How a span looks; the order is that in which tags nest."""

    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strike"
    CODE = "code"


class BlockKind(StrEnum):
    """What a block is; the last four are no text of the author's own."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    TODO = "todo"
    QUOTE = "quote"
    CALLOUT = "callout"
    TOGGLE = "toggle"
    CODE = "code"
    EQUATION = "equation"
    ROW = "row"
    DIVIDER = "divider"
    PLACEHOLDER = "placeholder"
    PAGE = "page"
    DATABASE = "database"
    DATA_SOURCE = "data_source"


_KINDS: Final = {kind.value: kind for kind in BlockKind}


class Span(Struct, frozen=True, kw_only=True):
    """A run of text of one look; ``href`` is a link's target, safe or not."""

    text: str
    styles: frozenset[Style] = frozenset()
    href: str = ""


Spans = tuple[Span, ...]


class Block(Struct, frozen=True, kw_only=True):
    """One paragraph, heading, list entry, table row or the like.

    ``level`` is a heading's, ``number`` that of an entry in a numbered list, ``cells``
    are a row's, ``id`` names the item that stands here. A placeholder says what
    is not shown.
    """

    kind: BlockKind
    spans: Spans = ()
    depth: int = 0
    level: int = 1
    number: int | None = None
    is_done: bool = False
    language: str = ""
    icon: str = ""
    id: str = ""
    cells: tuple[Spans, ...] = ()

    @property
    def text(self) -> str:
        """Return the words, those of a row's cells included."""
        if self.cells:
            return CELL_BREAK.join(map(spans_text, self.cells))
        return spans_text(self.spans)


def spans_of(text: str) -> Spans:
    """Return text without any style as spans."""
    return (Span(text=text),) if text else ()


def spans_text(spans: Iterable[Span]) -> str:
    """Return the words of spans."""
    return "".join(span.text for span in spans)


def merge_spans(spans: Iterable[Span]) -> Spans:
    """Join neighbours of one look, and drop what is empty."""
    looks = groupby(
        (span for span in spans if span.text), key=lambda span: (span.styles, span.href)
    )
    return tuple(
        Span(text=spans_text(group), styles=styles, href=href)
        for (styles, href), group in looks
    )


def trim_spans(spans: Iterable[Span]) -> Spans:
    """Join neighbours of one look, without blanks at both ends."""
    merged = merge_spans(spans)
    if not merged:
        return ()
    first = replace(merged[0], text=merged[0].text.lstrip())
    rest = (first, *merged[1:])
    return merge_spans((*rest[:-1], replace(rest[-1], text=rest[-1].text.rstrip())))


def placeholder(what: str, *, depth: int = 0, href: str = "") -> Block:
    """Return what stands in place of something that is not shown, in brackets."""
    span = Span(text=f"[{what}]", href=href)
    return Block(kind=BlockKind.PLACEHOLDER, spans=(span,), depth=depth)


def is_plain(blocks: Sequence[Block]) -> bool:
    """Tell whether a text is nothing but words on lines."""
    return all(
        block.kind is BlockKind.PARAGRAPH
        and not block.depth
        and not any(span.styles or span.href for span in block.spans)
        for block in blocks
    )


def to_plain(blocks: Iterable[Block]) -> str:
    """Return a text as lines, with the marks of lists."""
    lines = (
        f"{INDENT * block.depth}{_mark(block)}{block.text}".rstrip() for block in blocks
    )
    return "\n".join(line for line in lines if line)


def _mark(block: Block) -> str:
    if block.kind is BlockKind.TODO:
        return "[x] " if block.is_done else "[ ] "
    if block.kind is BlockKind.ITEM:
        return "- " if block.number is None else f"{block.number}. "
    return ""


def safe_href(url: str) -> str:
    """Return a link's target if it may be offered, else nothing.

    On the web that is https alone, as for every link of this site. A user name in
    front of a host is how look-alike links are made; what a mail brings besides its
    address is nobody's wish.
    """
    scheme, _, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme == "mailto":
        return url if MAIL.fullmatch(rest) else ""
    if scheme == "tel":
        return url if DIAL.fullmatch(rest) else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_web = parts.scheme == "https" and bool(parts.hostname)
    return url if is_web and "@" not in parts.netloc and url.isprintable() else ""


def is_plain_http(url: str) -> bool:
    """Tell whether a target is no link here only because it is not encrypted."""
    scheme, _, rest = url.partition(":")
    return scheme.lower() == "http" and bool(safe_href(f"https:{rest}"))


def spans_to_json(spans: Sequence[Span]) -> str | dict[str, Any]:
    """Write spans for storage: as a text where that says everything."""
    if not any(span.styles or span.href for span in spans):
        return spans_text(spans)
    return {SPANS: [_span_to_json(span) for span in spans]}


def _span_to_json(span: Span) -> dict[str, Any]:
    styles = [style.value for style in Style if style in span.styles]
    entry = {"text": span.text, "styles": styles, "href": span.href}
    return {name: value for name, value in entry.items() if value}


def spans_from_json(value: object) -> Spans:
    """Read what ``spans_to_json`` wrote; what is something else is left out."""
    if isinstance(value, str):
        return spans_of(value)
    entries = value.get(SPANS) if isinstance(value, Mapping) else None
    found = entries if isinstance(entries, list) else []
    return tuple(_span_from_json(each) for each in found if isinstance(each, Mapping))


def _span_from_json(entry: Mapping[str, Any]) -> Span:
    named = entry.get("styles") or ()
    styles = frozenset(style for style in Style if style.value in named)
    return Span(
        text=str(entry.get("text", "")),
        styles=styles,
        href=str(entry.get("href") or ""),
    )


def to_json(block: Block) -> dict[str, Any]:
    """Write a block for storage, without what is the same for most of its kind."""
    kind = block.kind
    more: dict[str, Any] = {
        "level": block.level if kind is BlockKind.HEADING else None,
        "number": block.number,
        "is_done": block.is_done if kind is BlockKind.TODO else None,
        "language": block.language or None,
        "icon": block.icon if block.icon or kind is BlockKind.CALLOUT else None,
        "id": block.id or None,
        "cells": [spans_to_json(cell) for cell in block.cells] or None,
    }
    return {
        "kind": kind.value,
        "text": spans_to_json(block.spans),
        "depth": block.depth,
        **{name: value for name, value in more.items() if value is not None},
    }


def from_json(entry: Mapping[str, Any]) -> Block:
    """Read what ``to_json`` wrote; a kind of a later version is a paragraph."""
    cells = entry.get("cells")
    return Block(
        kind=_KINDS.get(str(entry.get("kind")), BlockKind.PARAGRAPH),
        spans=spans_from_json(entry.get("text")),
        depth=_number(entry.get("depth")) or 0,
        level=_number(entry.get("level")) or 1,
        number=_number(entry.get("number")),
        is_done=entry.get("is_done") is True,
        language=str(entry.get("language") or ""),
        icon=str(entry.get("icon") or ""),
        id=str(entry.get("id") or ""),
        cells=tuple(map(spans_from_json, cells)) if isinstance(cells, list) else (),
    )


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value

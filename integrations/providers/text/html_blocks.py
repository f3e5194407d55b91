"""Parse HTML into blocks: its words, styles and links, and nothing else of it.

Nothing is trusted and nothing is refused: what looks like a tag and is none stays as
text, unknown tags are left out around their words, and what is beyond the bounds
keeps its words and loses its looks.
"""

import html
import re
from collections import Counter
from typing import Final

from msgspec import Struct, field

from integrations.providers.text.rich_text import (
    MAX_DEPTH,
    Block,
    BlockKind,
    Span,
    Spans,
    Style,
    merge_spans,
    placeholder,
    trim_spans,
)

# Longer than any text that is stored.
MAX_TEXT: Final = 300_000
# More would make a page that nobody can scroll, and that takes seconds to draw.
MAX_BLOCKS: Final = 2000
MAX_SPANS: Final = 10_000
MAX_TAG: Final = 5000

STYLES: Final = {
    **dict.fromkeys(("b", "strong"), Style.BOLD),
    **dict.fromkeys(("em", "i"), Style.ITALIC),
    **dict.fromkeys(("del", "s", "strike"), Style.STRIKE),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), Style.CODE),
}
HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
LISTS: Final = frozenset({"ol", "ul"})
# Their content is dropped; a page is often pasted with its head.
SILENT: Final = frozenset({"head", "script", "style", "template", "title"})
EMBEDDED: Final = frozenset({"audio", "embed", "iframe", "object", "video"})
CELLS: Final = frozenset({"td", "th"})
BLOCKS: Final = frozenset(
    {"address", "article", "blockquote", "caption", "dd", "div", "dl", "dt", "footer"}
    | {"form", "header", "hr", "li", "p", "pre", "section", "table", "tbody", "tfoot"}
    | {"thead", "tr"}
    | CELLS
    | LISTS
    | HEADINGS.keys()
)
_TAG_NAME: Final = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]{0,30})(?![\w.@])")
_WHOLE_TAG: Final = re.compile(r"(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ATTRIBUTE: Final = r"(?<=[\s\"'])%s\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
_ATTRIBUTES: Final = {
    name: re.compile(_ATTRIBUTE % name, re.IGNORECASE)
    for name in ("alt", "href", "src", "width")
}
_BLANKS: Final = re.compile(r"[\s\xa0]+")


def html_blocks(raw: str) -> tuple[Block, ...]:
    """Return a text in HTML as blocks, in time that grows with its length."""
    builder = _Builder()
    first, *parts = _without_comments(raw[:MAX_TEXT]).split("<")
    words, silent = [first], ""
    for part in parts:
        name, is_closing, tag, rest = _read_tag(part)
        if silent:
            if is_closing and name == silent:
                silent, words = "", [rest]
        elif not name:
            words.append(f"<{part}")
        else:
            builder.add("".join(words))
            words = [rest]
            if is_closing:
                builder.close(name)
            elif name in SILENT:
                silent, words = name, []
            else:
                builder.open(name, tag)
    builder.add("".join(words))
    return builder.finish(is_cut=len(raw) > MAX_TEXT)


def _without_comments(text: str) -> str:
    first, *parts = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in parts)


def _read_tag(part: str) -> tuple[str, bool, str, str]:
    """Return a tag's name, whether it closes, the tag, and the text behind it."""
    whole = _WHOLE_TAG.match(part[:MAX_TAG])
    cut = whole.end() - 1 if whole else part.find(">")
    tag = part[: max(cut, 0)]
    found = _TAG_NAME.match(tag)
    if found is None:
        return "", False, "", ""
    return found[2].lower(), bool(found[1]), tag[:MAX_TAG], part[cut + 1 :]


def _attribute(tag: str, name: str) -> str:
    found = _ATTRIBUTES[name].search(tag)
    value = next(filter(None, found.groups()), "") if found else ""
    return html.unescape(value).strip()


class _List(Struct, kw_only=True):
    """An open list; ``is_new`` until an entry of it has its own words."""

    number: int | None
    is_new: bool = True


class _Builder(Struct, kw_only=True):
    """The blocks so far, and what is open around the words that come next."""

    blocks: list[Block] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    cells: list[Spans] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    styles: Counter[Style] = field(default_factory=Counter)
    level: int = 0
    quotes: int = 0
    is_code: bool = False
    is_cell: bool = False
    count: int = 0

    def add(self, text: str) -> None:
        """Add the words between two tags."""
        text = html.unescape(text)
        if not self.is_code:
            text = _BLANKS.sub(" ", text)
            if not self.spans or self.spans[-1].text.endswith((" ", "\n")):
                text = text.removeprefix(" ")
        self._add(text, href=self.links[-1] if self.links else "")

    def _add(self, text: str, *, href: str = "") -> None:
        if not text:
            return
        if self.is_full:
            self.spans.append(Span(text=text))
            return
        self.count += 1
        styles = frozenset(style for style, count in self.styles.items() if count)
        self.spans.append(Span(text=text, styles=styles, href=href))

    @property
    def is_full(self) -> bool:
        """Tell whether what follows is read as mere words."""
        return len(self.blocks) >= MAX_BLOCKS or self.count >= MAX_SPANS

    def open(self, name: str, tag: str) -> None:
        """Begin what a tag begins."""
        if self.is_full:
            self._break(name)
        elif name in BLOCKS:
            self._open_block(name)
        elif name in STYLES:
            self.styles[STYLES[name]] += 1
        elif name == "a":
            self.links.append(_attribute(tag, "href"))
        elif name == "br":
            self._add("\n")
        elif name == "img" and _attribute(tag, "width") != "1":
            what = _attribute(tag, "alt")
            self._add(f"[Image: {what}]" if what else "[Image]")
        elif name in EMBEDDED:
            self._add("[Embedded content]", href=_attribute(tag, "src"))

    def close(self, name: str) -> None:
        """End what a tag ends; one that nothing had begun ends nothing."""
        if self.is_full:
            self._break(name)
        elif name in BLOCKS:
            self._close_block(name)
        elif name in STYLES:
            self.styles[STYLES[name]] -= self.styles[STYLES[name]] > 0
        elif name == "a" and self.links:
            self.links.pop()

    def _break(self, name: str) -> None:
        if name in BLOCKS or name == "br":
            self._add("\n")

    def _open_block(self, name: str) -> None:
        if name in CELLS:
            self.end_cell()
            self.is_cell = True
            return
        self.end_row() if name == "tr" else self.end_block()
        if name == "hr":
            self.blocks.append(Block(kind=BlockKind.DIVIDER))
        elif name in LISTS:
            self.lists.append(_List(number=0 if name == "ol" else None))
        elif name == "li":
            self._begin_entry()
        elif name in HEADINGS:
            self.level = HEADINGS[name]
        elif name == "blockquote":
            self.quotes += 1
        elif name == "pre":
            self.is_code = True

    def _close_block(self, name: str) -> None:
        if name in CELLS:
            self.end_cell()
            return
        self.end_row() if name in {"table", "tr"} else self.end_block()
        if name in LISTS and self.lists:
            self.lists.pop()
        elif name in HEADINGS:
            self.level = 0
        elif name == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        elif name == "pre":
            self.is_code = False

    def _begin_entry(self) -> None:
        if not self.lists:
            self.lists.append(_List(number=None))
        entry = self.lists[-1]
        entry.is_new = True
        if entry.number is not None:
            entry.number += 1

    def end_cell(self) -> None:
        """End a cell of a table."""
        if self.is_cell:
            self.cells.append(self._take())
            self.is_cell = False

    def end_row(self) -> None:
        """End a row of a table."""
        self.end_cell()
        cells, self.cells = tuple(self.cells), []
        if any(cells):
            depth = self._depth()
            self.blocks.append(Block(kind=BlockKind.ROW, cells=cells, depth=depth))

    def end_block(self) -> None:
        """End a paragraph or the like; inside a cell that is a new line."""
        if self.is_cell:
            if self.spans and not self.spans[-1].text.endswith("\n"):
                self._add("\n")
            return
        if spans := self._take():
            self.blocks.append(self._to_block(spans))

    def _take(self) -> Spans:
        spans, self.spans = self.spans, []
        return merge_spans(spans) if self.is_code else trim_spans(spans)

    def _to_block(self, spans: Spans) -> Block:
        depth = self._depth()
        if self.is_code:
            return Block(kind=BlockKind.CODE, spans=spans, depth=depth)
        if self.level:
            kind, level = BlockKind.HEADING, self.level
            return Block(kind=kind, spans=spans, depth=depth, level=level)
        if self.lists and self.lists[-1].is_new:
            self.lists[-1].is_new = False
            number, depth = self.lists[-1].number, depth - 1
            return Block(kind=BlockKind.ITEM, spans=spans, depth=depth, number=number)
        kind = BlockKind.QUOTE if self.quotes else BlockKind.PARAGRAPH
        return Block(kind=kind, spans=spans, depth=depth)

    def _depth(self) -> int:
        return min(len(self.lists), MAX_DEPTH)

    def finish(self, *, is_cut: bool) -> tuple[Block, ...]:
        """Return all blocks; the last one holds the words of those beyond the bound."""
        self.end_row()
        self.end_block()
        if is_cut:
            self.blocks.append(placeholder("The rest is too long to be shown"))
        return tuple(self.blocks)

"""Parse Notion's Markdown into blocks of formatted text.

The dialect is Markdown with tabs for depth, tags in angle brackets for what Markdown
lacks, and attributes in braces. It is read leniently and line by line: what is not
understood loses its tags and keeps its words, and what cannot be shown leaves a
placeholder where it stood.
https://developers.notion.com/guides/data-apis/enhanced-markdown
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.inline import to_spans
from integrations.providers.notion.mapping.titles import UNTITLED, is_emoji
from integrations.providers.notion.mapping.unknown import (
    may_hold_pages,
    to_media,
    to_unknown,
)
from integrations.providers.text.markdown import MAX_LINE
from integrations.providers.text.rich_text import Block, BlockKind, Spans, spans_of
from integrations.providers.typed.values import MORE

MAX_BLOCKS: Final = 2000
MAX_CHARACTERS: Final = 200_000
MAX_DEPTH: Final = 12
MAX_CELLS: Final = 50
MAX_CODE: Final = 20_000


def _nothing(match: "re.Match[str]") -> dict[str, Any]:
    return {}


Mark = tuple["re.Pattern[str]", BlockKind, Callable[["re.Match[str]"], dict[str, Any]]]

_FENCE: Final = re.compile(r"(`{3,}|~{3,})\s*([\w+#. -]*)|(\$\$)\Z")
_HEADING: Final = re.compile(r"(#{1,6})\s+(?P<words>.*)")
_TODO: Final = re.compile(r"[-*+]\s+\[([ xX])\]\s*(?P<words>.*)")
_BULLET: Final = re.compile(r"[-*+]\s+(?P<words>.*)")
_NUMBER: Final = re.compile(r"(\d{1,9})[.)]\s+(?P<words>.*)")
_QUOTE: Final = re.compile(r">\s?(?P<words>.*)")
_RULE: Final = re.compile(r"(?:-{3,}|\*{3,}|_{3,})\s*\Z")
_PIPES: Final = re.compile(r"\|(.*)\|\s*\Z")
_PIPE_RULE: Final = re.compile(r"[\s|:-]+\Z")
_BAR: Final = re.compile(r"(?<!\\)\|")
# Callouts come as tags or as fenced divisions, depending on when one asks.
_CALLOUT: Final = re.compile(r"<callout\b([^<>]*)>|:{3,}\s*callout\b(.*)")
_OTHER_DIVISION: Final = re.compile(r":{3,}\s*[\w-]+")
_CALLOUT_END: Final = re.compile(r"(?:</callout>|:{3,})\s*\Z")
_ICON: Final = re.compile(r'\bicon="([^"<>]{1,40})"')
_SECTION: Final = re.compile(r"<(summary|notes|transcript)>\Z")
_CHILD: Final = re.compile(r"<(page|database|data-source)\b([^<>]*?)/?>(.*)")
# The id ends the address, whatever words stand before it.
_ADDRESS: Final = re.compile(
    r'(?<![\w-])(?:url|id)="[^"<>?#]*?'
    r"([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r'[^"<>0-9a-zA-Z?#]*(?:[?#][^"<>]*)?"'
)
_SUMMARY: Final = re.compile(
    r"(?:<details\b[^<>]*>\s*)?<summary\b[^<>]*>(?P<words>.*?)(?:</summary>|\Z)"
)
_MARKS: Final[Sequence[Mark]] = (
    (_SUMMARY, BlockKind.TOGGLE, _nothing),
    (_HEADING, BlockKind.HEADING, lambda match: {"level": min(len(match[1]), 4)}),
    (_TODO, BlockKind.TODO, lambda match: {"is_done": match[1] != " "}),
    (_BULLET, BlockKind.ITEM, _nothing),
    (_NUMBER, BlockKind.ITEM, lambda match: {"number": int(match[1])}),
    (_QUOTE, BlockKind.QUOTE, _nothing),
)
_ROW, _ROW_END = re.compile(r"(?:<table\b[^<>]*>\s*)?<tr\b[^<>]*>"), "</tr>"
_CELL: Final = re.compile(r"(?<!\\)<t[dh]\b[^<>]*>")


class Outline(Struct, kw_only=True):
    """The blocks of a text, and whether it was too long to keep all.

    ``unknown`` are the positions of those that Notion did not write; ``may_hide``
    says that pages may be inside one of them.
    """

    blocks: list[Block] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    is_cut: bool = False
    may_hide: bool = False


def parse(markdown: str) -> Outline:
    """Return the blocks of a text."""
    parser = _Parser()
    for line in markdown[:MAX_CHARACTERS].splitlines():
        parser.read(line)
        if len(parser.blocks) >= MAX_BLOCKS:
            parser.is_cut = True
            break
    parser.close()
    return Outline(
        blocks=parser.blocks[:MAX_BLOCKS],
        unknown=[at for at in parser.unknown if at < MAX_BLOCKS],
        is_cut=parser.is_cut or len(markdown) > MAX_CHARACTERS,
        may_hide=parser.may_hide,
    )


class _Parser:
    """Read line after line; fences, callouts and table rows span several."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.unknown: list[int] = []
        self.is_cut = False
        self.may_hide = False
        self._fence = ""
        self._code: list[str] = []
        self._callouts: list[str | None] = []
        self._row: list[str] | None = None

    def read(self, line: str) -> None:
        """Take in one line; of a very long one, the beginning."""
        self.is_cut = self.is_cut or len(line) > MAX_LINE
        line = line[:MAX_LINE]
        content = line.lstrip("\t")
        depth = min(len(line) - len(content), MAX_DEPTH)
        stripped = content.strip()
        if self._fence:
            self._read_code(line, stripped)
        elif self._row is not None or _ROW.match(stripped):
            self._read_row(stripped, depth)
        elif stripped:
            self._read_block(stripped, depth)

    def close(self) -> None:
        """End what was left open."""
        if self._fence:
            self._end_code()

    def _read_block(self, text: str, depth: int) -> None:
        fence, callout = _FENCE.match(text), _CALLOUT.match(text)
        if fence:
            self._fence = fence[1] or fence[3]
            self._code = []
            kind = BlockKind.EQUATION if fence[3] else BlockKind.CODE
            self._add(kind, (), depth, language=fence[2] or "")
        elif callout:
            icon = _ICON.search(callout[1] or callout[2] or "")
            self._callouts.append(icon[1] if icon and is_emoji(icon[1]) else "")
            rest = text[callout.end() :] if callout[1] is not None else ""
            if rest.strip():
                self._read_block(rest.strip(), depth)
        elif _OTHER_DIVISION.match(text):
            self._callouts.append(None)
        elif self._callouts and _CALLOUT_END.search(text):
            words = _CALLOUT_END.sub("", text)
            if words.strip():
                self._read_line(words.strip(), depth)
            self._callouts.pop()
        else:
            self._read_line(text, depth)

    def _read_line(self, text: str, depth: int) -> None:
        """Recognise a block that stands on one line."""
        if _RULE.match(text):
            self._add(BlockKind.DIVIDER, (), depth)
        elif hidden := to_unknown(text):
            self.unknown.append(len(self.blocks))
            self.may_hide |= may_hold_pages(text)
            self.blocks.append(replace(hidden, depth=depth))
        elif media := to_media(text):
            self.blocks.append(replace(media, depth=depth))
        elif child := _CHILD.match(text):
            self._add_child(child, depth)
        elif cells := _PIPES.match(text):
            self._add_pipes(cells[1], depth)
        elif section := _SECTION.match(text):
            self._add(BlockKind.TOGGLE, spans_of(section[1].capitalize()), depth)
        else:
            self._read_words(text, depth)

    def _read_words(self, text: str, depth: int) -> None:
        """Recognise a block by the mark that its words begin with."""
        for pattern, kind, about in _MARKS:
            if match := pattern.match(text):
                self._add(kind, to_spans(match["words"]), depth, **about(match))
                return
        self._add_paragraph(to_spans(text), depth)

    def _add_paragraph(self, spans: Spans, depth: int) -> None:
        """Add plain text, as a callout inside of one; tags alone leave nothing."""
        if not spans:
            return
        icon = self._callouts[-1] if self._callouts else None
        if icon is not None:
            self._add(BlockKind.CALLOUT, spans, depth, icon=icon)
        else:
            self._add(BlockKind.PARAGRAPH, spans, depth)

    def _add_child(self, child: "re.Match[str]", depth: int) -> None:
        address = _ADDRESS.search(child[2])
        remote_id = find_id(address[1]) if address else None
        kind = BlockKind(child[1].replace("-", "_"))
        spans = to_spans(child[3]) or spans_of(UNTITLED)
        self._add(kind, spans, depth, id=remote_id or "")

    def _add_pipes(self, line: str, depth: int) -> None:
        if not _PIPE_RULE.match(line):
            self._add_row(_BAR.split(line), depth)

    def _read_row(self, text: str, depth: int) -> None:
        """Gather the cells of a table row, however its lines are broken."""
        self._row = [*(self._row or []), text]
        is_end = _ROW_END in text or "</table>" in text
        if is_end or len(self._row) > MAX_CELLS * 2:
            _before, *cells = _CELL.split(" ".join(self._row))
            self._row = None
            self._add_row(cells, depth)

    def _add_row(self, cells: list[str], depth: int) -> None:
        """Add a table row; one with too many cells ends with an ellipsis."""
        found = [to_spans(cell) for cell in cells[:MAX_CELLS]]
        if len(cells) > MAX_CELLS:
            self.is_cut = True
            found.append(spans_of(MORE))
        if any(found):
            self._add(BlockKind.ROW, (), depth, cells=tuple(found))

    def _read_code(self, line: str, stripped: str) -> None:
        if stripped.startswith(self._fence) and not stripped.strip(self._fence[0]):
            self._end_code()
            return
        depth = self.blocks[-1].depth if self.blocks else 0
        self._code.append(line.removeprefix("\t" * depth))

    def _end_code(self) -> None:
        code = "\n".join(self._code)
        if len(code) > MAX_CODE:
            self.is_cut = True
            code = f"{code[:MAX_CODE]}\n{MORE}"
        self.blocks[-1] = replace(self.blocks[-1], spans=spans_of(code))
        self._fence = ""

    def _add(self, kind: BlockKind, spans: Spans, depth: int, **more: Any) -> None:
        self.blocks.append(Block(kind=kind, spans=spans, depth=depth, **more))

"""Parse Markdown into blocks: headings, lists, tasks, quotations, code and lines."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from integrations.providers.text.html_blocks import MAX_BLOCKS, MAX_TEXT
from integrations.providers.text.markdown import MAX_LINE, markdown_spans
from integrations.providers.text.rich_text import (
    MAX_DEPTH,
    Block,
    BlockKind,
    Span,
    Spans,
    merge_spans,
    placeholder,
    spans_of,
)

TAB: Final = 4
# So many characters are searched for marks; reading them takes its time.
MAX_MARKED: Final = 100_000
_FENCE: Final = re.compile(r"\s*(`{3,}|~{3,})([\w+#.-]*)\s*\Z")
_HEADING: Final = re.compile(r"\s{0,3}(#{1,6})\s+(.*)\Z")
_RULE: Final = re.compile(r"\s{0,3}(?:-{3,}|\*{3,}|_{3,})\s*\Z")
_QUOTE: Final = re.compile(r"\s{0,3}>\s?(.*)\Z")
_ENTRY: Final = re.compile(
    r"(\s*)(?:(?:[-*+]|(\d{1,9})[.)])\s+|(?=\[[ xX]\]\s))"
    r"(?:\[([ xX])\](?:\s+|\Z))?(.*)\Z"
)


def markdown_blocks(raw: str) -> tuple[Block, ...]:
    """Return a text in Markdown as blocks; each line of it is a line."""
    builder = _Builder()
    for line in raw[:MAX_TEXT].splitlines():
        builder.read(line.expandtabs(TAB))
    return builder.finish(is_cut=len(raw) > MAX_TEXT)


class _Builder(Struct, kw_only=True):
    """The blocks so far, and what the next line may go on with."""

    blocks: list[Block] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    indents: list[int] = field(default_factory=list)
    fence: str = ""
    language: str = ""
    marked: int = 0

    def read(self, line: str) -> None:
        """Add one line."""
        if self.fence:
            self._read_code(line)
        elif len(self.blocks) >= MAX_BLOCKS:
            self.lines.append(line)
        elif found := _FENCE.match(line):
            self._end_paragraph()
            self.fence, self.language = found[1], found[2]
        elif not line.strip():
            self._end_paragraph()
        elif block := self._to_block(line):
            self._end_paragraph()
            self.blocks.append(block)
        else:
            if self.indents and not line.startswith(" "):
                self._end_paragraph()
                self.indents = []
            self.lines.append(line.strip())

    def _read_code(self, line: str) -> None:
        is_end = line.strip().startswith(self.fence) and not line.strip(
            f" {self.fence}"
        )
        if is_end:
            self._end_code()
        else:
            self.code.append(line)

    def _to_block(self, line: str) -> Block | None:
        """Return what one line is by itself, None for one of a paragraph."""
        if _RULE.match(line):
            self.indents = []
            return Block(kind=BlockKind.DIVIDER)
        if found := _HEADING.match(line):
            self.indents = []
            spans = self._spans(found[2].rstrip(" #"))
            return Block(kind=BlockKind.HEADING, spans=spans, level=len(found[1]))
        if found := _QUOTE.match(line):
            self.indents = []
            return Block(kind=BlockKind.QUOTE, spans=self._spans(found[1].lstrip("> ")))
        found = _ENTRY.match(line)
        return self._to_entry(found) if found else None

    def _to_entry(self, found: "re.Match[str]") -> Block:
        indent, (_, number, tick, text) = len(found[1]), found.groups()
        self.indents = [each for each in self.indents if each < indent]
        depth = min(len(self.indents), MAX_DEPTH)
        self.indents = [*self.indents, indent][:MAX_DEPTH]
        return Block(
            kind=BlockKind.ITEM if tick is None else BlockKind.TODO,
            spans=self._spans(text),
            depth=depth,
            number=int(number) if number and tick is None else None,
            is_done=tick in ("x", "X"),
        )

    def _end_paragraph(self) -> None:
        lines, self.lines = self.lines, []
        if not lines:
            return
        parts = [self._spans(line) for line in lines]
        spans = [span for part in parts for span in (*part, Span(text="\n"))][:-1]
        self.blocks.append(
            Block(
                kind=BlockKind.PARAGRAPH,
                spans=merge_spans(spans),
                depth=min(len(self.indents), MAX_DEPTH),
            )
        )

    def _spans(self, line: str) -> Spans:
        """Return the spans of a line, of which a very long one is read in parts.

        Beyond the bounds its marks are words.
        """
        self.marked += len(line)
        if self.marked > MAX_MARKED or len(self.blocks) >= MAX_BLOCKS:
            return spans_of(line)
        parts = (markdown_spans(part) for part in _parts(line))
        return merge_spans(span for part in parts for span in part)

    def _end_code(self) -> None:
        text, self.code, self.fence = "\n".join(self.code), [], ""
        if text.strip():
            kind, language = BlockKind.CODE, self.language
            self.blocks.append(
                Block(kind=kind, spans=spans_of(text), language=language)
            )

    def finish(self, *, is_cut: bool) -> tuple[Block, ...]:
        """Return all blocks, one of code that nothing ended among them."""
        self._end_code()
        self._end_paragraph()
        if is_cut:
            self.blocks.append(placeholder("The rest is too long to be shown"))
        return tuple(self.blocks)


def _parts(line: str) -> Iterator[str]:
    for start in range(0, len(line), MAX_LINE):
        yield line[start : start + MAX_LINE]

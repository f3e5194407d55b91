"""Read Notion's Markdown into an outline: blocks of plain text, and no markup.

The dialect is Markdown with tabs for depth, tags in angle brackets for what Markdown
lacks, and attributes in braces. It is read leniently and line by line: what is not
understood loses its tags and keeps its words.
https://developers.notion.com/guides/data-apis/enhanced-markdown
"""

import re
from typing import Any, Final

from integrations.providers.markup import MAX_LINE
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.inline import to_text

MAX_BLOCKS: Final = 2000
MAX_CHARACTERS: Final = 200_000
MAX_DEPTH: Final = 12
MAX_CELLS: Final = 50
MAX_CODE: Final = 20_000

Block = dict[str, Any]

_FENCE: Final = re.compile(r"(`{3,}|~{3,})\s*([\w+#. -]*)|(\$\$)\Z")
_HEADING: Final = re.compile(r"(#{1,6})\s+(.*)")
_TODO: Final = re.compile(r"[-*+]\s+\[([ xX])\]\s*(.*)")
_BULLET: Final = re.compile(r"[-*+]\s+(.*)")
_NUMBER: Final = re.compile(r"(\d{1,9})[.)]\s+(.*)")
_QUOTE: Final = re.compile(r">\s?(.*)")
_RULE: Final = re.compile(r"(?:-{3,}|\*{3,}|_{3,})\s*\Z")
_PIPES: Final = re.compile(r"\|(.*)\|\s*\Z")
_PIPE_RULE: Final = re.compile(r"[\s|:-]+\Z")
_BAR: Final = re.compile(r"(?<!\\)\|")
# Callouts come as tags or as fenced divisions, depending on when one asks.
_CALLOUT: Final = re.compile(r"<callout\b([^<>]*)>|:{3,}\s*callout\b(.*)")
_OTHER_DIVISION: Final = re.compile(r":{3,}\s*[\w-]+")
_CALLOUT_END: Final = re.compile(r"(?:</callout>|:{3,})\s*\Z")
_ICON: Final = re.compile(r'\bicon="([^"<>]{1,40})"')
_CHILD: Final = re.compile(r"<(page|database|data-source)\b([^<>]*?)/?>(.*)")
_ADDRESS: Final = re.compile(r'\b(?:url|id)="[^"<>]*?([0-9a-fA-F-]{32,36})[^"<>]*"')
_SUMMARY: Final = re.compile(
    r"(?:<details\b[^<>]*>\s*)?<summary\b[^<>]*>(.*?)(?:</summary>|\Z)"
)
_ROW, _ROW_END = re.compile(r"(?:<table\b[^<>]*>\s*)?<tr\b[^<>]*>"), "</tr>"
_CELL: Final = re.compile(r"(?<!\\)<t[dh]\b[^<>]*>")


def parse(markdown: str) -> tuple[list[Block], bool]:
    """Return the blocks of a text, and whether it was too long to keep all."""
    parser = _Parser()
    for line in markdown[:MAX_CHARACTERS].splitlines():
        parser.read(line)
        if len(parser.blocks) >= MAX_BLOCKS:
            return parser.blocks[:MAX_BLOCKS], True
    parser.close()
    return parser.blocks, parser.is_cut or len(markdown) > MAX_CHARACTERS


def block_text(block: Block) -> str:
    """Return the words of a block, cells of a table row included."""
    cells = block.get("cells")
    return " | ".join(cells) if isinstance(cells, list) else str(block.get("text", ""))


class _Parser:
    """Read line after line; fences, callouts and table rows span several."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.is_cut = False
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
            kind = "equation" if fence[3] else "code"
            self._add(kind, "", depth, language=fence[2])
        elif callout:
            icon = _ICON.search(callout[1] or callout[2] or "")
            self._callouts.append(to_text(icon[1]) if icon else "")
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
            self._add("divider", "", depth)
        elif child := _CHILD.match(text):
            self._add_child(child, depth)
        elif cells := _PIPES.match(text):
            self._add_pipes(cells[1], depth)
        elif summary := _SUMMARY.match(text):
            self._add("toggle", to_text(summary[1]), depth)
        elif heading := _HEADING.match(text):
            level = min(len(heading[1]), 4)
            self._add("heading", to_text(heading[2]), depth, level=level)
        elif todo := _TODO.match(text):
            self._add("todo", to_text(todo[2]), depth, is_done=todo[1] != " ")
        elif bullet := _BULLET.match(text):
            self._add("item", to_text(bullet[1]), depth)
        elif number := _NUMBER.match(text):
            self._add("item", to_text(number[2]), depth, number=int(number[1]))
        elif quote := _QUOTE.match(text):
            self._add("quote", to_text(quote[1]), depth)
        else:
            self._add_paragraph(to_text(text), depth)

    def _add_paragraph(self, text: str, depth: int) -> None:
        """Add plain text, as a callout inside of one; tags alone leave nothing."""
        if not text:
            return
        icon = self._callouts[-1] if self._callouts else None
        if icon is not None:
            self._add("callout", text, depth, icon=icon)
        else:
            self._add("paragraph", text, depth)

    def _add_child(self, child: "re.Match[str]", depth: int) -> None:
        address = _ADDRESS.search(child[2])
        remote_id = find_id(address[1]) if address else None
        kind = child[1].replace("-", "_")
        self._add(kind, to_text(child[3]), depth, id=remote_id)

    def _add_pipes(self, line: str, depth: int) -> None:
        if not _PIPE_RULE.match(line):
            self._add_row([to_text(cell) for cell in _BAR.split(line)], depth)

    def _read_row(self, text: str, depth: int) -> None:
        """Gather the cells of a table row, however its lines are broken."""
        self._row = [*(self._row or []), text]
        is_end = _ROW_END in text or "</table>" in text
        if is_end or len(self._row) > MAX_CELLS * 2:
            _before, *cells = _CELL.split(" ".join(self._row))
            self._row = None
            self._add_row([to_text(cell) for cell in cells[:MAX_CELLS]], depth)

    def _add_row(self, cells: list[str], depth: int) -> None:
        if any(cells):
            self._add("row", "", depth, cells=cells[:MAX_CELLS])

    def _read_code(self, line: str, stripped: str) -> None:
        if stripped.startswith(self._fence) and not stripped.strip(self._fence[0]):
            self._end_code()
            return
        depth = self.blocks[-1]["depth"] if self.blocks else 0
        self._code.append(line.removeprefix("\t" * depth))

    def _end_code(self) -> None:
        self.blocks[-1]["text"] = "\n".join(self._code)[:MAX_CODE]
        self._fence = ""

    def _add(self, kind: str, text: str, depth: int, **more: Any) -> None:
        block = {"kind": kind, "text": text, "depth": depth, **more}
        self.blocks.append({key: v for key, v in block.items() if v is not None})

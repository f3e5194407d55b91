"""Write blocks in Notion's dialect of Markdown."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.core.storage import Row
from sandbox.notion.api.ids import to_url
from sandbox.notion.seed.nodes import Piece, Text, to_pieces, to_plain

SPECIAL = re.compile(r"([\\*~`$\[\]<>{}|^])")
MARKS = (
    ("bold", "**{}**"),
    ("italic", "*{}*"),
    ("strikethrough", "~~{}~~"),
    ("underline", '<span underline="true">{}</span>'),
)
# What begins a line of text, and what its inside is indented below.
PREFIXES = {
    "paragraph": "",
    "heading_1": "# ",
    "heading_2": "## ",
    "heading_3": "### ",
    "heading_4": "#### ",
    "bulleted_list_item": "- ",
    "quote": "> ",
}
NUMBERED = "numbered_list_item"
Body = dict[str, Any]
Lines = list[str]
Parts = tuple[Lines, Lines]


def escape(text: str) -> str:
    """Put a backslash before what would mean something."""
    return SPECIAL.sub(r"\\\1", text).replace("\n", "<br>")


def to_inline(text: Text | None) -> str:
    """Write rich text on one line."""
    return "".join(_write_piece(piece) for piece in to_pieces(text))


def _write_piece(piece: Piece) -> str:
    if isinstance(piece, str):
        return escape(piece)
    shown = escape(to_plain([piece]))
    if "user" in piece:
        return f'<mention-user url="user://{piece["user"]}">{shown}</mention-user>'
    if "page" in piece:
        return f'<mention-page url="{to_url(piece["page"])}">{shown}</mention-page>'
    if "date" in piece:
        return f'<mention-date start="{piece["date"]}"/>'
    if "eq" in piece:
        return f"$`{piece['eq']}`$"
    if piece.get("code"):
        return f"`{piece['t']}`"
    for name, form in MARKS:
        shown = form.format(shown) if piece.get(name) else shown
    if piece.get("color"):
        shown = f'<span color="{piece["color"]}">{shown}</span>'
    return f"[{shown}]({piece['link']})" if piece.get("link") else shown


def indent(lines: Iterable[str]) -> Lines:
    """Move lines one tab to the right."""
    return [f"\t{line}" for line in lines]


class Outline:
    """Write the blocks of one page until there have been enough."""

    def __init__(
        self, page: str, rows: Iterable[Row], *, most: int, with_transcript: bool
    ) -> None:
        """Sort the blocks by what they are in."""
        self.page = page
        self.left = most
        self.with_transcript = with_transcript
        self.unknown: list[str] = []
        self._inside: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._inside[row["parent"]].append(row)

    def write_inside(self, parent: str) -> Lines:
        """Write everything inside a block or a page."""
        lines: Lines = []
        number = 0
        for row in self._inside[parent]:
            number = number + 1 if row["type"] == NUMBERED else 0
            lines += self.write_one(row, number)
        return lines

    def write_one(self, row: Row, number: int = 0) -> Lines:
        """Write one block with what is inside it, or note that it is missing."""
        kind, body = row["type"], json.loads(row["body"])
        if self.left <= 0:
            self.unknown.append(row["id"])
            return [self._write_unknown(row)]
        self.left -= 1
        if kind == "child_page":
            return [f'<page url="{to_url(row["id"])}">{escape(row["title"])}</page>']
        if kind == "child_database":
            return [_write_database(row, body)]
        if kind == "meeting_notes":
            return self._write_meeting(row, body)
        parts = _write_parts(kind, body, number or 1)
        if parts is None:
            return [self._write_unknown(row)]
        opening, closing = parts
        return [*opening, *indent(self.write_inside(row["id"])), *closing]

    def _get_url(self, row: Row) -> str:
        return f"{to_url(self.page)}#{row['id'].replace('-', '')}"

    def _write_unknown(self, row: Row) -> str:
        return f'<unknown url="{self._get_url(row)}" alt="{row["type"]}"/>'

    def _write_meeting(self, row: Row, body: Body) -> Lines:
        """Write a link in place of the transcript unless it was asked for."""
        lines = [escape(to_plain(body["title"]))]
        transcript = [f"[{lines[0]}]({self._get_url(row)})"]
        if self.with_transcript:
            transcript = self.write_inside(row["id"])
        told = {"summary": [to_inline(body["summary"])]}
        told |= {"notes": [to_inline(body["notes"])], "transcript": transcript}
        for tag, inside in told.items():
            lines += [f"<{tag}>", *indent(inside), f"</{tag}>"]
        return ["<meeting-notes>", *indent(lines), "</meeting-notes>"]


def _write_database(row: Row, body: Body) -> str:
    """Write a database; one that lives elsewhere has no data source to be read."""
    title = escape(row["title"] or body.get("title", ""))
    source = ""
    if row["source"]:
        source = f' data-source-url="collection://{row["source"]}"'
    return f'<database url="{to_url(row["id"])}"{source}>{title}</database>'


def _write_parts(kind: str, body: Body, number: int) -> Parts | None:
    """Return what comes before and after the inside of a block, if it is known."""
    if kind in OWN:
        return OWN[kind](body)
    if kind in PREFIXES or kind in (NUMBERED, "to_do"):
        return [_write_line(kind, body, number)], []
    return None


def _write_line(kind: str, body: Body, number: int) -> str:
    if kind == "paragraph" and not body["text"]:
        return "<empty-block/>"
    prefix = PREFIXES.get(kind, f"{number}. ")
    if kind == "to_do":
        prefix = f"- [{'x' if body['checked'] else ' '}] "
    color = body.get("color", "default")
    attributes = "" if color == "default" else f' {{color="{color}"}}'
    return f"{prefix}{to_inline(body['text'])}{attributes}"


def _write_code(body: Body) -> Parts:
    text = to_plain(body["text"])
    return [f"```{body['language']}", *text.split("\n"), "```"], []


def _write_image(body: Body) -> Parts:
    source = body[body["type"]]["url"]
    return [f"![{to_inline(body.get('caption'))}]({source})"], []


def _write_callout(body: Body) -> Parts:
    head = f'<callout icon="{body["icon"]}" color="{body["color"]}">'
    return [head, f"\t{to_inline(body['text'])}"], ["</callout>"]


def _write_toggle(body: Body) -> Parts:
    head = f"<summary>{to_inline(body['text'])}</summary>"
    return ["<details>", head], ["</details>"]


def _write_table(body: Body) -> Parts:
    flag = str(bool(body["has_column_header"])).lower()
    return [f'<table header-row="{flag}">'], ["</table>"]


def _write_table_row(body: Body) -> Parts:
    cells = [f"\t<td>{to_inline(cell)}</td>" for cell in body["cells"]]
    return ["<tr>", *cells], ["</tr>"]


def _box(tag: str) -> Callable[[Body], Parts]:
    return lambda _: ([f"<{tag}>"], [f"</{tag}>"])


OWN: dict[str, Callable[[Body], Parts]] = {
    "code": _write_code,
    "image": _write_image,
    "divider": lambda _: (["---"], []),
    "equation": lambda body: (["$$", body["expression"], "$$"], []),
    "bookmark": lambda body: ([f"[{escape(body['url'])}]({body['url']})"], []),
    "callout": _write_callout,
    "toggle": _write_toggle,
    "table": _write_table,
    "table_row": _write_table_row,
    "column_list": _box("columns"),
    "column": _box("column"),
    "synced_block": _box("synced_block"),
}

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
MARKS = (("bold", "**"), ("italic", "*"), ("strikethrough", "~~"))
NUMBERED = "numbered_list_item"
Body = dict[str, Any]
Lines = list[str]


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
    for name, mark in MARKS:
        shown = f"{mark}{shown}{mark}" if piece.get(name) else shown
    if piece.get("underline"):
        shown = f'<span underline="true">{shown}</span>'
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
        if kind in ("child_page", "child_database"):
            return [_write_child(row, body)]
        if kind in PLAIN:
            head = PLAIN[kind](body)
            mark = f"{number or 1}. " if kind == NUMBERED else ""
            return [f"{mark}{head}", *indent(self.write_inside(row["id"]))]
        if kind in WHOLE:
            return WHOLE[kind](body)
        if kind == "table":
            return self._write_table(row, body)
        if kind == "meeting_notes":
            return self._write_meeting(row, body)
        if kind in BOXES:
            opening, closing = BOXES[kind](body)
            inside = indent(self.write_inside(row["id"]))
            return [*opening, *inside, closing]
        return [self._write_unknown(row)]

    def _write_unknown(self, row: Row) -> str:
        url = f"{to_url(self.page)}#{row['id'].replace('-', '')}"
        return f'<unknown url="{url}" alt="{row["type"]}"/>'

    def _write_table(self, row: Row, body: Body) -> Lines:
        flag = str(bool(body["has_column_header"])).lower()
        lines = [f'<table header-row="{flag}">']
        for line in self._inside[row["id"]]:
            self.left -= 1
            cells = json.loads(line["body"])["cells"]
            lines += ["\t<tr>", *(f"\t\t<td>{to_inline(c)}</td>" for c in cells)]
            lines.append("\t</tr>")
        return [*lines, "</table>"]

    def _write_meeting(self, row: Row, body: Body) -> Lines:
        """Write a link in place of the transcript unless it was asked for."""
        title = escape(to_plain(body["title"]))
        if not self.with_transcript:
            url = f"{to_url(self.page)}#{row['id'].replace('-', '')}"
            return ["<meeting-notes>", f"\t[{title}]({url})", "</meeting-notes>"]
        inside = indent(self.write_inside(row["id"]))
        lines = ["<meeting-notes>", f"\t{title}", "\t<transcript>", *indent(inside)]
        return [*lines, "\t</transcript>", "</meeting-notes>"]


def _write_child(row: Row, body: Body) -> str:
    tag = "page" if row["type"] == "child_page" else "database"
    title = escape(row["title"] or body.get("title", ""))
    return f'<{tag} url="{to_url(row["id"])}">{title}</{tag}>'


def _colored(body: Body) -> str:
    color = body.get("color", "default")
    return "" if color == "default" else f' {{color="{color}"}}'


def _prefix(mark: str) -> Callable[[Body], str]:
    return lambda body: f"{mark}{to_inline(body['text'])}{_colored(body)}"


def _write_paragraph(body: Body) -> str:
    return f"{to_inline(body['text'])}{_colored(body)}" if body["text"] else EMPTY


def _write_to_do(body: Body) -> str:
    box = "x" if body["checked"] else " "
    return f"- [{box}] {to_inline(body['text'])}{_colored(body)}"


def _write_code(body: Body) -> Lines:
    text = to_plain(body["text"])
    return [f"```{body['language']}", *text.split("\n"), "```"]


def _write_image(body: Body) -> Lines:
    source = body[body["type"]]["url"]
    return [f"![{to_inline(body.get('caption'))}]({source})"]


def _open_callout(body: Body) -> tuple[Lines, str]:
    color = body.get("color", "gray_bg")
    head = f'<callout icon="{body["icon"]}" color="{color}">'
    return [head, f"\t{to_inline(body['text'])}"], "</callout>"


def _open_toggle(body: Body) -> tuple[Lines, str]:
    head = f"<summary>{to_inline(body['text'])}</summary>"
    return ["<details>", head], "</details>"


def _box(tag: str) -> Callable[[Body], tuple[Lines, str]]:
    return lambda _: ([f"<{tag}>"], f"</{tag}>")


EMPTY = "<empty-block/>"
PLAIN: dict[str, Callable[[Body], str]] = {
    "paragraph": _write_paragraph,
    "heading_1": _prefix("# "),
    "heading_2": _prefix("## "),
    "heading_3": _prefix("### "),
    "heading_4": _prefix("#### "),
    "bulleted_list_item": _prefix("- "),
    NUMBERED: _prefix(""),
    "quote": _prefix("> "),
    "to_do": _write_to_do,
}
WHOLE: dict[str, Callable[[Body], Lines]] = {
    "code": _write_code,
    "image": _write_image,
    "divider": lambda _: ["---"],
    "equation": lambda body: ["$$", body["expression"], "$$"],
    "bookmark": lambda body: [f"[{escape(body['url'])}]({body['url']})"],
}
BOXES: dict[str, Callable[[Body], tuple[Lines, str]]] = {
    "callout": _open_callout,
    "toggle": _open_toggle,
    "column_list": _box("columns"),
    "column": _box("column"),
    "synced_block": _box("synced_block"),
}

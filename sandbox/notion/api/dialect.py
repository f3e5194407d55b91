"""Write blocks in Notion's dialect of Markdown."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sandbox.core.storage import Row
from sandbox.notion.api.values import to_url
from sandbox.notion.seed.nodes import Piece, Text, to_pieces, to_plain

SPECIAL = re.compile(r"([\\*~`$\[\]<>{}|^])")
NUMBERED, MEETING = "numbered_list_item", "meeting_notes"
# How a block begins, and after a bar how it ends; between is what is inside it.
FORMS = {
    "paragraph": "{text}{attributes}",
    "heading_1": "# {text}{attributes}",
    "heading_2": "## {text}{attributes}",
    "heading_3": "### {text}{attributes}",
    "heading_4": "#### {text}{attributes}",
    "bulleted_list_item": "- {text}{attributes}",
    NUMBERED: "{number}. {text}{attributes}",
    "to_do": "- [{tick}] {text}{attributes}",
    "quote": "> {text}{attributes}",
    "code": "```{language}\n{plain}\n```",
    "image": "![{caption}]({external[url]})",
    "divider": "---",
    "equation": "$$\n{expression}\n$$",
    "callout": '<callout icon="{icon}" color="{color}">\n\t{text}|</callout>',
    "toggle": "<details>\n<summary>{text}</summary>|</details>",
    "table": '<table header-row="{header}">|</table>',
    "table_row": "<tr>\n{cells}|</tr>",
    "column_list": "<columns>|</columns>",
    "column": "<column>|</column>",
    "synced_block": "<synced_block>|</synced_block>",
    "child_page": '<page url="{own_url}">{title}</page>',
    "child_database": '<database url="{own_url}"{source}>{title}</database>',
    MEETING: "<meeting-notes>\n\t{title}\n\t<summary>\n\t\t{summary}\n\t</summary>"
    "\n\t<notes>\n\t\t{notes}\n\t</notes>\n\t<transcript>"
    "|\t</transcript>\n</meeting-notes>",
}
Lines = list[str]


def escape(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text).replace("\n", "<br>")


def to_inline(text: Text | None) -> str:
    return "".join(_write_piece(piece) for piece in to_pieces(text))


def _write_piece(piece: Piece) -> str:
    if isinstance(piece, str):
        return escape(piece)
    shown = escape(to_plain([piece]))
    if "user" in piece:
        return f'<mention-user url="user://{piece["user"]}">{shown}</mention-user>'
    if "date" in piece:
        return f'<mention-date start="{piece["date"]}"/>'
    if piece.get("code"):
        return f"`{piece['t']}`"
    if piece.get("bold"):
        shown = f"**{shown}**"
    if piece.get("color"):
        shown = f'<span color="{piece["color"]}">{shown}</span>'
    return f"[{shown}]({piece['link']})" if piece.get("link") else shown


class Outline:
    """Write the blocks of one page until there have been enough."""

    def __init__(self, page: str, rows: Iterable[Row], *, most: int) -> None:
        self.page = page
        self.left = most
        self.unknown: list[str] = []
        self.is_cut = False
        self._inside: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self._inside[row["parent"]].append(row)

    def write_inside(self, parent: str) -> Lines:
        lines: Lines = []
        number = 0
        for row in self._inside[parent]:
            number = number + 1 if row["type"] == NUMBERED else 0
            lines += self.write_one(row, number)
        return lines

    def write_one(self, row: Row, number: int = 0) -> Lines:
        """Write one block with what is inside it, or note that it is missing."""
        kind, url = row["type"], f"{to_url(self.page)}#{row['id'].replace('-', '')}"
        self.is_cut = self.is_cut or self.left <= 0
        self.left -= 1
        if self.left < 0 or kind not in FORMS:
            self.unknown.append(row["id"])
            return [f'<unknown url="{url}" alt="{kind}"/>']
        fields = _to_fields(row, number or 1)
        opening, _, closing = FORMS[kind].partition("|")
        # A transcript stands elsewhere.
        if kind == MEETING:
            inside = [f"[{fields['title']}]({url})"]
        else:
            inside = self.write_inside(row["id"])
        tabs = "\t\t" if kind == MEETING else "\t"
        written = opening.format(**fields) or "<empty-block/>"
        ends = closing.split("\n") if closing else ()
        return [*written.split("\n"), *(tabs + line for line in inside), *ends]


def _to_fields(row: Row, number: int) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(row["body"])
    color, texts = body.get("color", "default"), ("text", "caption", "summary", "notes")
    source = f' data-source-url="collection://{row["source"]}"' if row["source"] else ""
    cells = [f"\t<td>{to_inline(cell)}</td>" for cell in body.get("cells", ())]
    return {
        **body,
        **{name: to_inline(body.get(name)) for name in texts},
        "attributes": "" if color == "default" else f' {{color="{color}"}}',
        "number": number,
        "tick": "x" if body.get("checked") else " ",
        "plain": to_plain(body.get("text")),
        "header": json.dumps(body.get("has_column_header")),
        "cells": "\n".join(cells),
        "own_url": to_url(row["id"]),
        "title": escape(row["title"] or to_plain(body.get("title"))),
        "source": source,
    }

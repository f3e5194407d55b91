"""Serve a Notion workspace of equal data sources, whose rows have a text of one line.

A process of its own: ``python -m tests.bench.site.notion PORT SOURCES PAGES``.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.site.serving import JsonHandler, serve

PAGE, COLUMNS = 100, 9
MADE = "2026-01-05T09:30:00.000Z"
OWNER = {"object": "user", "id": "33333333-3333-4333-8333-333333333333"}
PERSON = {**OWNER, "type": "person", "name": "Ana", "avatar_url": None}
TOKENS = {
    "access_token": "bench",
    "token_type": "bearer",
    "refresh_token": "bench",
    "bot_id": "11111111-1111-4111-8111-111111111111",
    "workspace_id": "22222222-2222-4222-8222-222222222222",
    "workspace_name": "Bench",
    "workspace_icon": None,
    "duplicated_template_id": None,
    "owner": {"type": "user", "user": PERSON},
}
STAMPS = {
    "created_time": MADE,
    "last_edited_time": MADE,
    "created_by": OWNER,
    "last_edited_by": OWNER,
    "in_trash": False,
    "is_archived": False,
    "icon": None,
    "cover": None,
    "public_url": None,
}


def id_of(kind: str, number: int) -> str:
    """Return an id: a letter below ``g`` for what it names, and a number."""
    return f"{kind}0000000-0000-4000-8000-{number:012d}"


class Handler(JsonHandler):
    """Answer what one workspace of Notion is asked."""

    sources, pages = 1, 1

    def answer(self, path: str, query: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give tokens to anybody, and rows to whoever asks."""
        names = path.removeprefix("/notion/v1").strip("/").split("/")
        if names[0] == "oauth":
            return TOKENS
        if names[0] == "users":
            return PERSON if len(names) > 1 else _list([PERSON])
        if names == ["search"]:
            return self._search(body)
        number = int(names[1].rpartition("-")[2])
        if names[-1] == "markdown":
            text = f"Row {number} of the bench"
            told = {"id": names[1], "markdown": text, "truncated": False}
            return {"object": "page_markdown", **told, "unknown_block_ids": []}
        if names[-1] == "query":
            return self._query(number, body)
        return {"databases": _database, "data_sources": _source}[names[0]](number)

    def _search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell the data sources; rows are found in those alone."""
        wanted = body.get("filter", {})
        if wanted.get("value") != "data_source" or wanted.get("in_trash"):
            return _list([])
        return _list([_source(number) for number in range(self.sources)])

    def _query(self, source: int, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell all rows; none is archived, or was edited since."""
        if body.get("is_archived") or "filter" in body:
            return _list([])
        page = int(body.get("start_cursor", 0))
        rows = range(page * PAGE, (page + 1) * PAGE)
        following = None if page + 1 >= self.pages else str(page + 1)
        return _list([_row(source, row) for row in rows], following)


def _list(rows: Sequence[object], following: str | None = None) -> dict[str, Any]:
    has_more = following is not None
    told = {"has_more": has_more, "next_cursor": following, "results": rows}
    return {"object": "list", "type": "page_or_data_source", **told}


def _database(number: int) -> dict[str, Any]:
    told = {"object": "database", "id": id_of("b", number), **STAMPS}
    sources = [{"id": id_of("d", number), "name": f"Table {number}"}]
    parent = {"type": "workspace", "workspace": True}
    told |= {"title": _text(f"Base {number}"), "parent": parent, "is_inline": False}
    return {**told, "data_sources": sources, "url": _url("b", number)}


def _source(number: int) -> dict[str, Any]:
    text = {"type": "rich_text", "rich_text": {}}
    columns = {
        f"Column {each}": {"id": f"c{each}", "name": f"Column {each}", **text}
        for each in range(COLUMNS)
    }
    title = {"id": "title", "name": "Name", "type": "title", "title": {}}
    told = {"object": "data_source", "id": id_of("d", number), **STAMPS}
    told |= {"title": _text(f"Table {number}"), "description": []}
    parents = {
        "parent": {"type": "database_id", "database_id": id_of("b", number)},
        "database_parent": {"type": "workspace", "workspace": True},
    }
    properties = {"Name": title, **columns}
    return {**told, **parents, "properties": properties, "url": _url("d", number)}


def _row(source: int, row: int) -> dict[str, Any]:
    number = source * 1_000_000 + row
    values: dict[str, Any] = {
        f"Column {each}": {
            "id": f"c{each}",
            "type": "rich_text",
            "rich_text": _text(f"value {number} {each}"),
        }
        for each in range(COLUMNS)
    }
    name = {"id": "title", "type": "title", "title": _text(f"Row {number}")}
    parent = {
        "type": "data_source_id",
        "data_source_id": id_of("d", source),
        "database_id": id_of("b", source),
    }
    told = {"object": "page", "id": id_of("a", number), **STAMPS, "parent": parent}
    return {**told, "url": _url("a", number), "properties": {"Name": name, **values}}


def _text(words: str) -> list[dict[str, Any]]:
    plain = {"bold": False, "italic": False, "strikethrough": False}
    plain |= {"underline": False, "code": False}
    return [
        {
            "type": "text",
            "text": {"content": words, "link": None},
            "annotations": {**plain, "color": "default"},
            "plain_text": words,
            "href": None,
        }
    ]


def _url(kind: str, number: int) -> str:
    return f"https://app.notion.com/p/{id_of(kind, number).replace('-', '')}"


if __name__ == "__main__":
    Handler.sources, Handler.pages = int(sys.argv[2]), int(sys.argv[3])
    serve(Handler)

"""Serve an Airtable account of equal bases, one table each, late by so much.

A process of its own: ``python -m tests.bench.site.airtable PORT BASES PAGES SECONDS``.
"""

import sys
from typing import Any
from urllib.parse import parse_qs

from tests.bench.site.serving import JsonHandler, serve

PAGE, FIELDS = 100, 10
TOKENS = {"access_token": "bench", "refresh_token": "bench", "token_type": "Bearer"}
SCOPES = ("data.records:read", "schema.bases:read", "user.email:read")
LIVES = {"scope": " ".join(SCOPES), "expires_in": 3600, "refresh_expires_in": 5184000}
USER = {"id": "usrBENCH000000001", "email": "bench@example.com", "scopes": SCOPES}


def name_of(kind: str, number: int) -> str:
    """Return an id of Airtable's form: three letters and fourteen more."""
    return f"{kind}{number:014d}"


class Handler(JsonHandler):
    """Answer what one account of Airtable is asked."""

    bases, pages = 1, 1

    def answer(self, path: str, query: str, body: dict[str, Any]) -> dict[str, Any]:
        """Give tokens to anybody, and records to whoever asks."""
        names = _names(path)
        if self.command == "POST":
            return {**TOKENS, **LIVES}
        return self._read(names, int(parse_qs(query).get("offset", ["0"])[0]))

    def _read(self, path: list[str], page: int) -> dict[str, Any]:
        if path == ["meta", "whoami"]:
            return dict(USER)
        if path == ["meta", "bases"]:
            names = [name_of("app", number) for number in range(self.bases)]
            return {"bases": [_base(each) for each in names]}
        if path[0] == "meta":
            return {"tables": [_table(path[2].replace("app", "tbl"))]}
        rows = range(page * PAGE, (page + 1) * PAGE)
        following = {} if page + 1 >= self.pages else {"offset": str(page + 1)}
        return {"records": [_record(path[0], row) for row in rows], **following}

    def limited(self, path: str) -> str:
        """Return the base that a call is for; none for all of them."""
        return next((each for each in _names(path) if each.startswith("app")), "")


def _names(path: str) -> list[str]:
    return path.removeprefix("/airtable/v0").strip("/").split("/")


def _base(base_id: str) -> dict[str, str]:
    return {"id": base_id, "name": f"Base {base_id}", "permissionLevel": "create"}


def _table(table_id: str) -> dict[str, Any]:
    fields = [
        {
            "id": name_of("fld", number),
            "name": f"Field {number}",
            "type": "singleLineText",
        }
        for number in range(FIELDS)
    ]
    primary = fields[0]["id"]
    return {
        "id": table_id,
        "name": "Table",
        "primaryFieldId": primary,
        "fields": fields,
        "views": [],
    }


def _record(base_id: str, row: int) -> dict[str, Any]:
    number = int(base_id.removeprefix("app")) * 1_000_000 + row
    values = {name_of("fld", each): f"value {number} {each}" for each in range(FIELDS)}
    made = "2026-01-05T09:30:00.000Z"
    return {"id": name_of("rec", number), "createdTime": made, "fields": values}


if __name__ == "__main__":
    Handler.bases, Handler.pages = int(sys.argv[2]), int(sys.argv[3])
    Handler.latency = float(sys.argv[4])
    serve(Handler)

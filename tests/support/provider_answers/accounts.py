"""Accounts whose tables come and go: what all collections are held against."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from integrations.http.sending.transport import Headers, Request, Response, Timeouts
from tests.providers.contract.case import Case, sent
from tests.support.provider_answers.cells.common import ANEW
from tests.support.provider_answers.changing import MADE
from tests.support.provider_answers.tables import (
    WORKSPACE,
    Table,
    notion_list,
    notion_object,
)

FORBIDDEN = {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"}}
NOT_FOUND = {"error": {"type": "MODEL_ID_NOT_FOUND"}}
Answer = tuple[int, Any]


@dataclass(kw_only=True, repr=False)
class Account:
    """A provider of some tables, and the names of the bases or databases around."""

    case: Case
    tables: dict[str, Table] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    answered: int = 0
    # What a search still tells of tables, by id, whatever became of them since.
    indexed: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def open_tables(self) -> dict[str, Table]:
        """Return the tables that are shown, by id."""
        return {key: each for key, each in self.tables.items() if not each.end}

    @property
    def open_holders(self) -> dict[str, str]:
        """Return the names of what holds tables that are shown."""
        held = {each.holder for each in self.open_tables.values()}
        return {key: name for key, name in self.holders.items() if key in held}

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer one request."""
        path = urlsplit(request.url).path.removeprefix(f"/{self.case.slug}")
        asked = sent(request)
        self.asked.append(f"{request.method} {path}")
        for table in self.tables.values():
            table.asked_properties = _properties_in(asked)
        ask = {
            "airtable": self._ask_airtable,
            "hubspot": self._ask_hubspot,
            "notion": self._ask_notion,
        }
        status, body = ask[self.case.slug](request.method, path, asked)
        self.answered += 1
        content = json.dumps(body).replace(ANEW, f"{self.answered}").encode()
        return Response(status=status, body=content, headers=Headers({}))

    def _ask_airtable(self, method: str, path: str, asked: Any) -> Answer:
        steps = path.strip("/").split("/")[1:]
        if steps == ["meta", "bases"]:
            bases = [
                {"id": key, "name": name, "permissionLevel": "create"}
                for key, name in self.open_holders.items()
            ]
            return 200, {"bases": bases}
        if steps[0] == "meta":
            tables = [t for t in self.open_tables.values() if t.holder == steps[2]]
            told = {"tables": [each.describe() for each in tables]}
            return (200, told) if tables else (403, FORBIDDEN)
        table = self.tables.get("/".join(steps))
        if table is None or table.end:
            return (
                (404, NOT_FOUND) if table and table.end == "gone" else (403, FORBIDDEN)
            )
        first = self.case.route("pages", 0).partition(" ")[2]
        return 200, table.ask(method, first, asked)

    def _ask_hubspot(self, method: str, path: str, asked: Any) -> Answer:
        found = re.fullmatch(r"/crm/(objects|properties)/[\d-]+/(\w+)(/.*)?", path)
        if found is None:
            return 200, self._names_in_hubspot(path, asked["query"])
        table = self.tables[found[2]]
        if table.end:
            return 403, self.case.new().load("error_missing_scopes")
        if found[1] == "properties":
            return 200, table.describe()
        path = path.replace(f"/{table.id}", "/contacts")
        body = table.ask(method, path, asked)
        return (200, body) if body is not None else (404, self._missing)

    def _names_in_hubspot(self, path: str, query: Any) -> Any:
        """Return owners and pipelines as recorded, and no association."""
        if path.startswith("/crm/pipelines"):
            return self.case.new().load("pipelines_deals")
        if path.startswith("/crm/owners"):
            is_archived = query["archived"] == "true"
            return self.case.new().load("owners_archived" if is_archived else "owners")
        return {"status": "COMPLETE", "results": []}

    def _ask_notion(self, method: str, path: str, asked: Any) -> Answer:
        steps = path.strip("/").split("/")[1:]
        body = self._find_in_notion(method, path, steps, asked)
        return (200, body) if body is not None else (404, self._missing)

    def _find_in_notion(
        self, method: str, path: str, steps: list[str], asked: Any
    ) -> Any:
        if steps == ["search"]:
            return notion_list(self._search(asked["json"]["filter"]))
        if steps[0] == "users":
            return self.case.new().load("users")
        if steps[0] == "databases":
            return self._database(steps[1])
        if steps[0] == "pages":
            return self._page_of_table(method, path, steps, asked)
        table = self.tables.get(steps[1])
        if table is None or table.end == "gone" or steps[0] != "data_sources":
            return None
        if steps[2:] != ["query"]:
            return table.describe()
        if table.end:
            return None
        first = self.case.route("pages", 0).partition(" ")[2]
        return table.ask(method, first, asked)

    def _page_of_table(
        self, method: str, path: str, steps: list[str], asked: Any
    ) -> Any:
        for table in self.open_tables.values():
            if steps[1] in table.records:
                return table.ask(method, path, asked)
        return None

    def _search(self, wanted: Any) -> list[Any]:
        if wanted["value"] != "data_source":
            return []
        end = "listed" if wanted.get("in_trash") else ""
        late = {} if end else self.indexed
        tables = self.tables.values()
        found = [each for each in tables if each.end == end or each.id in late]
        found.sort(key=lambda each: each.edited, reverse=True)
        return [late.get(each.id) or each.describe() for each in found]

    def _database(self, remote_id: str) -> Any:
        held = [t for t in self.tables.values() if t.holder == remote_id]
        inside = [each for each in held if not each.end]
        if not inside and not any(each.end == "listed" for each in held):
            return None
        return {
            **notion_object("database", remote_id, MADE),
            "in_trash": not inside,
            "title": [{"type": "text", "plain_text": self.holders[remote_id]}],
            "parent": WORKSPACE,
            "data_sources": [{"id": each.id, "name": each.name} for each in inside],
        }

    @property
    def _missing(self) -> Any:
        return self.case.new().load("error_not_found")


def _properties_in(asked: Any) -> list[str]:
    told = asked.get("json", {}).get("properties")
    if isinstance(told, list):
        return told
    return str(asked["query"].get("properties", "")).split(",")

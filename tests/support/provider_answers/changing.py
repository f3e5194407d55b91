"""Providers whose records change between syncs: what a copy is held against.

Each answers the calls for one set of records as its documentation says, by the times,
filters and cursors that are really asked with, and everything else as recorded.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from integrations.http.sending.transport import Headers, Request, Response, Timeouts
from tests.providers.contract import paths
from tests.providers.contract.case import Case, sent

PAGE_SIZE = 3
MADE = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
# Where a row of each provider has a text that is kept as it came, what it is kept as,
# and where it has the time of its last edit.
KEPT = {
    "hubspot": ("properties.lastname", "lastname"),
    "airtable": ("fields.fldAAAAAAAAAstate", "fldAAAAAAAAAstate"),
    "notion": ("properties.Cost.number", "c%3Ao"),
}
EDITED = {
    "hubspot": "updatedAt",
    "airtable": "fields.fldAAAAAAAAAAedit",
    "notion": "last_edited_time",
}
SEARCH_ID = "hs_object_id"


@dataclass(kw_only=True)
class Record:
    """One record: what is kept of it, and ``end`` once it is no more.

    An end that is ``listed`` is in the provider's list of what is archived; one that
    is ``gone`` is nowhere.
    """

    id: str
    kept: Any
    edited: datetime = MADE
    end: str = ""


@dataclass(kw_only=True)
class Fault:
    """What is wrong with the answer to a call of one sync, counted from zero."""

    call: int
    status: int = 200
    body: bytes | None = None
    row: Any = None

    @property
    def is_row(self) -> bool:
        """Tell whether only a row is added that none can read."""
        return self.body is None


@dataclass(kw_only=True)
class Changing:
    """A provider of one set of records."""

    case: Case
    records: dict[str, Record] = field(default_factory=dict)
    fault: Fault | None = None
    calls: int = 0

    @property
    def living(self) -> dict[str, Record]:
        """Return the records that are there, by id."""
        return {key: each for key, each in self.records.items() if not each.end}

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer one request; the call that is to fail is counted among the others."""
        path = urlsplit(request.url).path.removeprefix(f"/{self.case.slug}")
        answers = {
            "hubspot": self._ask_hubspot,
            "airtable": self._ask_airtable,
            "notion": self._ask_notion,
        }
        body = answers[self.case.slug](request.method, path, sent(request))
        if body is None:
            body = self._recorded(f"{request.method} {path}")
        missing = json.dumps(self.case.new().load("error_not_found")).encode()
        status, content = (404, missing) if body is None else (200, b"")
        fault = self.fault if self.fault and self.fault.call == self.calls else None
        self.calls += 1
        if fault and not fault.is_row:
            status, content = fault.status, fault.body or b""
        elif body is not None:
            where = self.case.listing["rows"]
            if fault and isinstance(paths.get(body, where), list):
                body = paths.put(body, where, [*paths.get(body, where), fault.row])
            content = json.dumps(body).encode()
        return Response(status=status, body=content, headers=Headers({}))

    def _recorded(self, route: str) -> Any:
        for step in ("schema", "collections", "identify"):
            names = self.case.script.get(step, {}).get(route)
            if names:
                return self.case.new().load(names[-1])
        return None

    def _row(self, record: Record, **more: Any) -> Any:
        row = paths.put(self.case.rows[0], self.case.row["id"], record.id)
        row = paths.put(row, KEPT[self.case.slug][0], record.kept)
        row = paths.put(row, EDITED[self.case.slug], record.edited.isoformat())
        row.pop("associations", None)
        return {**row, **more}

    def _page(self, records: Sequence[Record], cursor: Any, **more: Any) -> Any:
        """Return one page of records, with a cursor where there are others behind."""
        where, first = self.case.listing, int(str(cursor).rpartition("-")[2] or 0)
        shown = [self._row(each, **more) for each in records[first:][:PAGE_SIZE]]
        body, last = self.case.with_rows(shown), first + PAGE_SIZE
        if last < len(records):
            return paths.put(body, where["cursor"], f"page-{last}")
        if "more" in where:
            body = paths.put(body, where["more"], False)
            return paths.put(body, where["cursor"], None)
        return paths.put(body, where["end"], paths.MISSING)

    def _ended(self) -> list[Record]:
        return [each for each in self.records.values() if each.end == "listed"]

    def _ask_hubspot(self, method: str, path: str, asked: Any) -> Any:
        path = path.removeprefix("/crm/")
        if path.startswith("associations/"):
            return {"status": "COMPLETE", "results": []}
        if not re.match(r"objects/[\d-]+/contacts", path):
            return None
        if path.endswith("/search"):
            return self._search(asked["json"])
        if path.endswith("/batch/read"):
            ids = [each["id"] for each in asked["json"]["inputs"]]
            rows = [self._row(self.living[each]) for each in ids if each in self.living]
            return {"status": "COMPLETE", "results": rows}
        if path.endswith("/contacts"):
            is_archived = asked["query"]["archived"] == "true"
            records = self._ended() if is_archived else list(self.living.values())
            more = {"archived": True} if is_archived else {}
            return self._page(records, asked["query"].get("after", ""), **more)
        record = self.living.get(path.rpartition("/")[2])
        return self._row(record) if record else None

    def _search(self, asked: Any) -> Any:
        """Answer HubSpot's search by what its filters ask for."""
        found = sorted(self.living.values(), key=lambda each: int(each.id))
        groups = asked["filterGroups"]
        for each in groups[0]["filters"] if groups else ():
            bound = int(each["value"])
            if each["propertyName"] == SEARCH_ID:
                found = [record for record in found if int(record.id) > bound]
            else:
                found = [r for r in found if r.edited.timestamp() * 1000 >= bound]
        rows = [self._row(each) for each in found[:PAGE_SIZE]]
        more = {"next": {"after": str(PAGE_SIZE)}} if found[PAGE_SIZE:] else None
        paging = {"paging": more} if more else {}
        return {"total": len(found), "results": rows, **paging}

    def _ask_airtable(self, method: str, path: str, asked: Any) -> Any:
        if f"{method} {path}" != self.case.route("pages", 0):
            return None
        query, found = asked["query"], list(self.living.values())
        formula = query.get("filterByFormula", "")
        if formula:
            ids = set(re.findall(r'RECORD_ID\(\)="(\w+)"', formula))
            times = re.findall(r'DATETIME_PARSE\("([^"]+)"\)', formula)
            after = datetime.fromisoformat(times[0]) if times else None
            found = [
                each
                for each in found
                if each.id in ids or (after and each.edited > after)
            ]
        return self._page(found, query.get("offset", ""))

    def _ask_notion(self, method: str, path: str, asked: Any) -> Any:
        if path.startswith("/v1/pages/"):
            record = self.records.get(path.rpartition("/")[2])
            if record is None or record.end == "gone":
                return None
            flags = {"in_trash": bool(record.end), "is_archived": bool(record.end)}
            return self._row(record, **flags)
        if f"{method} {path}" != self.case.route("pages", 0):
            return None
        body = asked["json"]
        more: Any = {}
        if body.get("is_archived"):
            found, more = self._ended(), {"in_trash": True, "is_archived": True}
        else:
            found = list(self.living.values())
        for text in re.findall(
            r'last_edited_time": \{"on_or_after": "([^"]+)"', json.dumps(body)
        ):
            since = datetime.fromisoformat(text)
            found = [each for each in found if each.edited >= since]
        return self._page(found, body.get("start_cursor", ""), **more)

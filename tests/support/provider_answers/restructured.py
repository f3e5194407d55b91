"""Providers whose tables are changed in their structure between syncs."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.http.sending.transport import Request, Response, Timeouts
from tests.support.provider_answers.changing import Changing, Record
from tests.support.provider_answers.columns import LEFT_OUT, Cell, Column

# As many entries of a list are in a row of Notion; the others are asked for.
MOST_IN_ROW = 25
PAGE_OF_VALUES = 20
RESULTS = {"formula": {"type": "number", "options": {"precision": 2}}}
RESULTS["multipleLookupValues"] = RESULTS["formula"]


@dataclass(kw_only=True)
class Restructured(Changing):
    """A provider of one table, whose columns and cells are these."""

    columns: dict[str, Column] = field(default_factory=dict)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    asked_properties: list[str] = field(default_factory=list)

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        """Answer one request; HubSpot answers the properties that are asked for."""
        query = parse_qs(urlsplit(request.url).query)
        self.asked_properties = ",".join(query.get("properties", ())).split(",")
        if request.body and b'"properties"' in request.body:
            told = json.loads(request.body).get("properties")
            self.asked_properties = told if isinstance(told, list) else []
        return super().send(request, timeouts, max_bytes)

    def sent(self, record: Record) -> Mapping[str, Any]:
        """Return what is sent of a record's own cells, by the ids of their columns."""
        cells = self.cells.get(record.id, {})
        return {
            key: cells[key][0]
            for key in self.columns
            if key in cells and cells[key][0] is not LEFT_OUT
        }

    def _row(self, record: Record, **more: Any) -> Any:
        row, sent = super()._row(record, **more), self.sent(record)
        if self.case.slug == "airtable":
            return {**row, "fields": {**row["fields"], **sent}}
        if self.case.slug == "hubspot":
            told = {k: sent.get(k) for k in self.columns if k in self.asked_properties}
            return {**row, "properties": {**row["properties"], **told}}
        told = {
            self.columns[key].name: self._property(self.columns[key], value)
            for key, value in sent.items()
        }
        return {**row, "properties": {**row["properties"], **told}}

    def _property(self, column: Column, value: Any) -> Any:
        told = {"id": column.id, "type": column.type, column.type: value}
        if column.type == "relation":
            told["relation"] = value[:MOST_IN_ROW]
            told["has_more"] = len(value) > MOST_IN_ROW
        return told

    def _recorded(self, route: str) -> Any:
        body = copy.deepcopy(super()._recorded(route))
        own = list(self.columns.values())
        if route.endswith("/tables"):
            for table in body["tables"]:
                if self.case.script["collection"]["remote_id"].endswith(table["id"]):
                    table["fields"] += map(airtable_field, own)
        elif route.endswith("/contacts") and "/properties/" in route:
            body["results"] += map(hubspot_property, own)
        elif "/v1/data_sources/" in route and route.startswith("GET"):
            body["properties"] |= {each.name: notion_column(each) for each in own}
        return body

    def _ask_notion(self, method: str, path: str, asked: Any) -> Any:
        steps = path.strip("/").split("/")
        if len(steps) == 5 and steps[3] == "properties":
            return self._list_values(steps[2], steps[4], asked["query"])
        return super()._ask_notion(method, path, asked)

    def _list_values(self, record_id: str, key: str, query: Any) -> Any:
        """Answer a page of a relation or a rollup, whose entries are items."""
        value = self.sent(self.records[record_id])[key]
        is_relation = isinstance(value, list)
        kind = "relation" if is_relation else "rollup"
        about = {} if is_relation else {**value, "array": []}
        rows = [{"type": kind, kind: one} for one in value] if is_relation else []
        rows = rows or list(value["array"])
        first = int(query.get("start_cursor", 0))
        last = first + PAGE_OF_VALUES
        return {
            "object": "list",
            "type": "property_item",
            "property_item": {"id": key, "type": kind, kind: about},
            "results": [
                {"object": "property_item", "id": key, **each}
                for each in rows[first:last]
            ],
            "has_more": last < len(rows),
            "next_cursor": str(last) if last < len(rows) else None,
        }


def airtable_field(column: Column) -> Any:
    """Return a field as Airtable describes it."""
    told: Any = {"id": column.id, "name": column.name, "type": column.type}
    if column.type in {"singleSelect", "multipleSelects"}:
        told["options"] = {"choices": _options(column)}
    if column.type in RESULTS:
        told["options"] = {"isValid": True, "result": RESULTS[column.type]}
    if column.type in {"number", "percent", "currency"}:
        told["options"] = {"precision": 4, "symbol": "€"}
    if column.type == "duration":
        told["options"] = {"durationFormat": "h:mm:ss"}
    if column.type == "multipleRecordLinks":
        told["options"] = {"linkedTableId": "tblAAAAAAAAAAAAA2"}
    return told


def hubspot_property(column: Column) -> Any:
    """Return a property as HubSpot describes it."""
    kind, _, form = column.type.partition("/")
    options = [
        {"label": each, "value": f"v_{each}", "displayOrder": place, "hidden": False}
        for place, each in enumerate(column.options)
    ]
    return {
        "name": column.id,
        "label": column.name,
        "type": kind,
        "fieldType": form,
        "groupName": "contactinformation",
        "options": options if kind == "enumeration" else [],
        "hidden": False,
    }


def notion_column(column: Column) -> Any:
    """Return a column as Notion describes it."""
    about: Any = {}
    if column.type in {"select", "status", "multi_select"}:
        about = {"options": _options(column)}
    if column.type == "number":
        about = {"format": "number"}
    if column.type == "relation":
        about = {"data_source_id": "d1000000-0000-4000-8000-000000000002"}
    told = {"id": column.id, "name": column.name, "type": column.type}
    return {**told, column.type: about}


def _options(column: Column) -> list[Any]:
    return [
        {"id": f"o{place}", "name": each, "color": column.colour}
        for place, each in enumerate(column.options)
    ]

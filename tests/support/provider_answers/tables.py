"""Tables whose columns, cells and records change between syncs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.providers.hubspot.objects import OBJECT_TYPES, SYSTEM_PROPERTIES
from tests.support.provider_answers.cells import airtable, hubspot, notion
from tests.support.provider_answers.cells.common import LEFT_OUT, Cell, Column
from tests.support.provider_answers.changing import MADE, PAGE_SIZE, Changing, Record

CELLS = {
    "airtable": airtable.CELLS,
    "hubspot": hubspot.CELLS,
    "notion": notion.CELLS,
}
TITLE = "fldAAAAAAAAAtitle"
WORKSPACE = {"type": "workspace", "workspace": True}
# As many entries of a list are in a row of Notion; the others are asked for.
MOST_IN_ROW = 25
PAGE_OF_VALUES = 20


@dataclass(kw_only=True, repr=False)
class Table(Changing):
    """One table: its id and name, what holds it, and how it ended if it did.

    The name of a record is what is kept of it. HubSpot answers the properties that
    are asked for.
    """

    id: str
    name: str
    holder: str = ""
    end: str = ""
    edited: datetime = MADE
    columns: dict[str, Column] = field(default_factory=dict)
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    asked_properties: list[str] = field(default_factory=list)

    def sent(self, record: Record) -> Mapping[str, Any]:
        """Return what is sent of a record's own cells, by the ids of their columns."""
        cells = self.cells.get(record.id, {})
        return {
            key: cells[key][0]
            for key in self.columns
            if key in cells and cells[key][0] is not LEFT_OUT
        }

    def _page(self, records: Sequence[Record], cursor: Any, **more: Any) -> Any:
        first = int(str(cursor).rpartition("-")[2] or 0)
        last = first + PAGE_SIZE
        rows = [self._row(each, **more) for each in records[first:last]]
        behind = f"page-{last}" if last < len(records) else None
        if self.case.slug == "airtable":
            return {"records": rows, **({"offset": behind} if behind else {})}
        if self.case.slug == "hubspot":
            paging = {"paging": {"next": {"after": behind}}} if behind else {}
            return {"results": rows, **paging}
        return notion_list(rows, behind)

    def _row(self, record: Record, **more: Any) -> Any:
        make = {"airtable": self._record, "hubspot": self._object, "notion": self._note}
        return {**make[self.case.slug](record), **more}

    def _record(self, record: Record) -> Any:
        named = {TITLE: record.kept} if record.kept else {}
        fields = {**named, **self.sent(record)}
        return {"id": record.id, "createdTime": MADE.isoformat(), "fields": fields}

    def _object(self, record: Record) -> Any:
        asked, cells = self.asked_properties, self.sent(record)
        own = {
            "hs_object_id": record.id,
            naming_of(self.id): record.kept,
            hubspot.CURRENCY: hubspot.OWN_CURRENCY,
            **{key: cells.get(key) for key in self.columns},
        }
        return {
            "id": record.id,
            "properties": {key: own[key] for key in own if key in asked},
            "createdAt": MADE.isoformat(),
            "updatedAt": record.edited.isoformat(),
            "archived": False,
        }

    def _note(self, record: Record) -> Any:
        title = [{"type": "text", "plain_text": record.kept}] if record.kept else []
        told = {"Name": {"id": "title", "type": "title", "title": title}}
        for key, value in self.sent(record).items():
            column = self.columns[key]
            told[column.name] = self._property(column, value)
        parent = {"data_source_id": self.id, "database_id": self.holder}
        return {
            **notion_object("page", record.id, record.edited),
            "parent": {"type": "data_source_id", **parent},
            "properties": told,
        }

    def describe(self) -> Any:
        """Return the table with its columns as its provider describes it."""
        own = list(self.columns.values())
        if self.case.slug == "airtable":
            title = {"id": TITLE, "name": "Title", "type": "singleLineText"}
            fields = [title, *map(airtable.to_field, own)]
            about = {"id": self.id.partition("/")[2], "name": self.name}
            return {**about, "primaryFieldId": TITLE, "fields": fields, "views": []}
        if self.case.slug == "hubspot":
            kind = OBJECT_TYPES[self.id]
            names = {*SYSTEM_PROPERTIES, kind.modified, kind.leading[0]}
            known = [
                {"name": name, "label": name, "type": "string", "fieldType": "text"}
                for name in sorted(names | {naming_of(self.id)})
            ]
            return {"results": [*known, *map(hubspot.to_property, own)]}
        columns = {"Name": {"id": "title", "type": "title", "title": {}}}
        columns |= {each.name: notion.to_column(each) for each in own}
        return {
            **notion_object("data_source", self.id, self.edited),
            "in_trash": self.end == "listed",
            "title": [{"type": "text", "plain_text": self.name}],
            "parent": {"type": "database_id", "database_id": self.holder},
            "database_parent": WORKSPACE,
            "properties": columns,
        }

    def _property(self, column: Column, value: Any) -> Any:
        told = {"id": column.id, "type": column.type, column.type: value}
        if column.type == "relation":
            told["relation"] = value[:MOST_IN_ROW]
            told["has_more"] = len(value) > MOST_IN_ROW
        return told

    def ask(self, method: str, path: str, asked: Any) -> Any:
        """Answer a call for records, whose path is that of the recorded table."""
        answers = {
            "airtable": self._ask_airtable,
            "hubspot": self._ask_hubspot,
            "notion": self._ask_notion,
        }
        return answers[self.case.slug](method, path, asked)

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
        rows = rows or list([] if is_relation else value.get("array", []))
        first = int(query.get("start_cursor", 0))
        last = first + PAGE_OF_VALUES
        items = [
            {"object": "property_item", "id": key, **each} for each in rows[first:last]
        ]
        return {
            **notion_list(items, str(last) if last < len(rows) else None),
            "type": "property_item",
            "property_item": {"id": key, "type": kind, kind: about},
        }


def naming_of(object_type: str) -> str:
    """Return the property that names the objects of a type, here."""
    return OBJECT_TYPES[object_type].naming or "lastname"


def notion_list(rows: list[Any], behind: str | None = None) -> Any:
    """Return a page of a list."""
    more = {"has_more": behind is not None, "next_cursor": behind}
    return {"object": "list", "results": rows, **more}


def notion_object(kind: str, remote_id: str, edited: datetime) -> Any:
    """Return what all objects of Notion have."""
    return {
        "object": kind,
        "id": remote_id,
        "created_time": MADE.isoformat(),
        "last_edited_time": edited.isoformat(),
        "in_trash": False,
        "url": f"https://app.notion.com/p/{remote_id.replace('-', '')}",
    }

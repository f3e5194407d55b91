"""Make one base out of its plan: ids first, then links, then cells."""

import json
import random
import re
from collections.abc import Sequence
from typing import Any

from sandbox.airtable.seed.cells import CELLS, OLDEST, Draft
from sandbox.airtable.values import derive_id, is_empty, make_id
from sandbox.core.data import load
from sandbox.core.provider import User
from sandbox.core.times import NEWEST

LINK = "multipleRecordLinks"
COLORS = ("blueLight2", "greenLight2", "yellowLight2", "redLight2", "grayLight2")
# However small the sandbox is made, a table keeps this much of itself.
LEAST = 12
EMPTY_EVERY = 50

Plan = dict[str, Any]

# A table that is like another has the same fields; linked tables come first in a base.
TABLES = {table["key"]: table for table in load(__package__, "tables")}
BASES: list[Plan] = load(__package__, "bases")


class BaseMaker:
    """Make one base; nothing is stored yet."""

    def __init__(
        self, rng: random.Random, people: Sequence[User], base: Plan, share: float
    ) -> None:
        self.rng, self.people = rng, people
        self.id = make_id("app", rng)
        self.tables = [
            {**TABLES[key], "fields": get_fields(key)} for key in base["tables"]
        ]
        # Of the tables by `key.`, of their fields by `table.field`.
        self.ids: dict[str, str] = {}
        self.drafts: dict[str, list[Draft]] = {}
        for table in self.tables:
            key, size = table["key"], table["size"]
            self.ids[f"{key}."] = make_id("tbl", rng)
            for field in table["fields"]:
                self.ids[f"{key}.{field['key']}"] = make_id("fld", rng)
            size = max(round(size * share), min(size, LEAST))
            self.drafts[key] = [self._make_draft(number) for number in range(size)]
        for table in self.tables:
            for field in table["fields"]:
                if field["type"] == LINK and not field.get("is_back"):
                    self._link(table["key"], field)
        for table in self.tables:
            for draft in self.drafts[table["key"]]:
                # A record nobody has typed anything into yet.
                if draft.number % EMPTY_EVERY != 25:
                    self._fill(table, draft)

    def _make_draft(self, number: int) -> Draft:
        created = OLDEST + int(self.rng.random() * (NEWEST - OLDEST))
        modified = None
        if number % 3:
            modified = created + int(self.rng.random() * (NEWEST - created))
        return Draft(
            rng=self.rng,
            id=make_id("rec", self.rng),
            number=number,
            created=created,
            modified=modified,
            people=self.people,
        )

    def _link(self, table: str, field: Plan) -> None:
        """Draw which records a field links to, and fill the other side of it."""
        targets, most = self.drafts[field["to"]], field.get("most", 1)
        for draft in self.drafts[table]:
            count = draft.whole(most) if most > 1 else 1
            drawn = self.rng.sample(targets, min(count, len(targets)))
            draft.linked[field["key"]] = drawn
            for target in drawn:
                target.linked.setdefault(field.get("inverse", ""), []).append(draft)

    def _fill(self, table: Plan, draft: Draft) -> None:
        for field in table["fields"]:
            value = self._make_cell(table["key"], field, draft)
            if not is_empty(value):
                draft.cells[field["key"]] = value

    def _make_cell(self, table: str, field: Plan, draft: Draft) -> Any:
        if field["type"] == LINK:
            return [other.id for other in draft.linked.get(field["key"], ())]
        for name in (f"{table}.{field['key']}", field["key"], field["type"]):
            if name in CELLS:
                return CELLS[name](draft)
        choices: list[str] = field.get("choices", [])
        if field["type"] == "multipleSelects":
            return self.rng.sample(choices, draft.whole(field.get("most", 1)))
        return draft.pick(choices) if choices else None

    def show_table(self, table: Plan) -> dict[str, Any]:
        key = table["key"]
        fields = [self._show_field(key, field) for field in table["fields"]]
        shown = {"id": self.ids[f"{key}."], "name": table["name"]}
        if "description" in table:
            shown["description"] = table["description"]
        views = [
            {"id": make_id("viw", self.rng), "name": name, "type": kind}
            for name, kind in table.get("views", [["Grid view", "grid"]])
        ]
        first = fields[0]["id"]
        return {**shown, "primaryFieldId": first, "fields": fields, "views": views}

    def _show_field(self, table: str, field: Plan) -> dict[str, Any]:
        shown = {"id": self.ids[f"{table}.{field['key']}"]}
        shown |= {name: field[name] for name in ("name", "type")}
        # `@key`, `@table.` and `@table.key` stand for ids.
        options = re.sub(
            r"@([a-z_]+\.?[a-z_]*)",
            lambda m: self.ids[m[1] if "." in m[1] else f"{table}.{m[1]}"],
            json.dumps(_make_options(field)),
        )
        return shown if options == "{}" else {**shown, "options": json.loads(options)}


def get_fields(table: str) -> list[Plan]:
    """Return key, name, type and more of a table's fields, or of the one it is like."""
    names, like = ("key", "name", "type", "more"), TABLES[table].get("like", table)
    fields = (dict(zip(names, row, strict=False)) for row in TABLES[like]["fields"])
    return [{**field, **field.pop("more", {})} for field in fields]


def _make_options(field: Plan) -> dict[str, Any]:
    if field["type"] == LINK:
        is_single = field.get("most", 1) == 1 and not field.get("is_back")
        made = {"linkedTableId": f"@{field['to']}.", "isReversed": False}
        made["prefersSingleRecordLink"] = is_single
        if "inverse" in field:
            made["inverseLinkFieldId"] = f"@{field['to']}.{field['inverse']}"
        return made
    if "choices" in field:
        return {
            "choices": [
                {"id": derive_id("sel", name), "name": name, "color": COLORS[n % 5]}
                for n, name in enumerate(field["choices"])
            ]
        }
    return dict(field.get("options", {}))

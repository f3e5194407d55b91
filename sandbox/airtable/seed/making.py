"""Make one base out of its plan: ids first, then links, then cells."""

import random
from collections.abc import Sequence
from typing import Any

from sandbox.airtable.api.cells import is_empty
from sandbox.airtable.api.ids import make_id
from sandbox.airtable.seed.plans import (
    NEWEST,
    OLDEST,
    BasePlan,
    Draft,
    FieldPlan,
    TablePlan,
)
from sandbox.core.provider import Person

# However small the sandbox is made, a table keeps this much of itself.
LEAST = 12
EMPTY_EVERY = 50


class BaseMaker:
    """Make one base: ids first, then links, then cells."""

    def __init__(
        self,
        rng: random.Random,
        account: str,
        people: Sequence[Person],
        base: BasePlan,
        share: float,
    ) -> None:
        """Make the whole base; nothing is stored yet."""
        self.rng, self.account, self.people, self.base = rng, account, people, base
        self.share = share
        self.id = make_id("app", rng)
        self.tables = {table.key: make_id("tbl", rng) for table in base.tables}
        self.fields = {
            (table.key, field.key): make_id("fld", rng)
            for table in base.tables
            for field in table.fields
        }
        self.records: dict[str, list[str]] = {}
        self.drafts: dict[str, list[Draft]] = {}
        self.links: dict[tuple[str, str], list[list[int]]] = {}
        for table in base.tables:
            self._start(table)
        for table in base.tables:
            for field in table.fields:
                self._link(table, field)
        for table in base.tables:
            self._fill(table)

    def _start(self, table: TablePlan) -> None:
        size = max(round(table.size * self.share), min(table.size, LEAST))
        self.records[table.key] = [make_id("rec", self.rng) for _ in range(size)]
        self.drafts[table.key] = [self._make_draft(number) for number in range(size)]

    def _make_draft(self, number: int) -> Draft:
        created = OLDEST + int(self.rng.random() * (NEWEST - OLDEST))
        modified = None
        if number % 3:
            modified = created + int(self.rng.random() * (NEWEST - created))
        return Draft(
            rng=self.rng,
            number=number,
            created=created,
            modified=modified,
            people=self.people,
        )

    def _link(self, table: TablePlan, field: FieldPlan) -> None:
        """Draw which records a field links to, and fill the other side of it."""
        if field.type != "multipleRecordLinks" or (table.key, field.key) in self.links:
            return
        if not field.inverse and field.to != table.key:
            # The other side fills this one, and comes later.
            return
        targets, size = len(self.records[field.to]), len(self.records[table.key])
        drawn: list[list[int]] = []
        for _ in range(size):
            count = int(self.rng.random() * (field.most + 1)) if field.most > 1 else 1
            drawn.append(self.rng.sample(range(targets), min(count, targets)))
        self.links[table.key, field.key] = drawn
        if not field.inverse:
            return
        back: list[list[int]] = [[] for _ in range(targets)]
        for number, found in enumerate(drawn):
            for target in found:
                back[target].append(number)
        self.links[field.to, field.inverse] = back

    def _fill(self, table: TablePlan) -> None:
        linked = {f.key: f.to for f in table.fields if (table.key, f.key) in self.links}
        for draft in self.drafts[table.key]:
            # A record nobody has typed anything into yet.
            if draft.number % EMPTY_EVERY == 25:
                continue
            draft.linked = {
                key: [
                    self.drafts[to][n] for n in self.links[table.key, key][draft.number]
                ]
                for key, to in linked.items()
            }
            for field in table.fields:
                value = self._make_cell(table, field, draft)
                if not is_empty(value):
                    draft.cells[field.key] = value

    def _make_cell(self, table: TablePlan, field: FieldPlan, draft: Draft) -> Any:
        if (table.key, field.key) in self.links:
            found = self.links[table.key, field.key][draft.number]
            return [self.records[field.to][number] for number in found]
        if field.type == "count":
            key = field.options["recordLinkFieldId"].removeprefix("@")
            return len(self.links[table.key, key][draft.number])
        return field.cell(draft) if field.cell else None

    def resolve(self, table: TablePlan, value: Any) -> Any:
        """Put ids in the place of `@key`, `@table.` and `@table.key`."""
        if isinstance(value, dict):
            return {name: self.resolve(table, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(table, inner) for inner in value]
        if not isinstance(value, str) or "@" not in value:
            return value
        if value.startswith("@"):
            other, dot, key = value[1:].partition(".")
            if not dot:
                return self.fields[table.key, other]
            return self.fields[other, key] if key else self.tables[other]
        for field in table.fields:
            field_id = self.fields[table.key, field.key]
            value = value.replace(f"{{@{field.key}}}", f"{{{field_id}}}")
        return value

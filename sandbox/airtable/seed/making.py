"""Make one base out of its plan: ids first, then links, then cells."""

import random
from collections.abc import Sequence
from typing import Any

from sandbox.airtable.seed.cells import CELLS, NEWEST, OLDEST, Draft
from sandbox.airtable.seed.plans import LINK, BasePlan, FieldPlan, TablePlan
from sandbox.airtable.values import is_empty, make_id
from sandbox.core.provider import Person

# However small the sandbox is made, a table keeps this much of itself.
LEAST = 12
EMPTY_EVERY = 50


class BaseMaker:
    """Make one base; nothing is stored yet."""

    def __init__(
        self,
        rng: random.Random,
        people: Sequence[Person],
        base: BasePlan,
        share: float,
    ) -> None:
        """Make the whole base, with a share of the records it has in full."""
        self.rng, self.people, self.base, self.share = rng, people, base, share
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
                if field.type == LINK and not field.is_back:
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
        targets = len(self.records[field.to])
        drawn: list[list[int]] = []
        back: list[list[int]] = [[] for _ in range(targets)]
        for number in range(len(self.records[table.key])):
            count = int(self.rng.random() * (field.most + 1)) if field.most > 1 else 1
            drawn.append(self.rng.sample(range(targets), min(count, targets)))
            for target in drawn[-1]:
                back[target].append(number)
        self.links[table.key, field.key] = drawn
        if field.inverse:
            self.links[field.to, field.inverse] = back

    def _fill(self, table: TablePlan) -> None:
        links = [field for field in table.fields if field.type == LINK]
        for draft in self.drafts[table.key]:
            # A record nobody has typed anything into yet.
            if draft.number % EMPTY_EVERY == 25:
                continue
            for field in links:
                numbers = self.links[table.key, field.key][draft.number]
                draft.linked[field.key] = [self.drafts[field.to][n] for n in numbers]
            for field in table.fields:
                value = self._make_cell(table, field, draft)
                if not is_empty(value):
                    draft.cells[field.key] = value

    def _make_cell(self, table: TablePlan, field: FieldPlan, draft: Draft) -> Any:
        if field.type == LINK:
            numbers = self.links[table.key, field.key][draft.number]
            return [self.records[field.to][number] for number in numbers]
        if field.type == "count":
            key = field.options["recordLinkFieldId"].removeprefix("@")
            return len(draft.linked[key])
        for name in (f"{table.key}.{field.key}", field.key, field.type):
            if name in CELLS:
                return CELLS[name](draft)
        if field.type == "multipleSelects":
            return self.rng.sample(field.choices, draft.whole(field.most))
        return draft.pick(field.choices) if field.choices else None

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

"""Describe the bases, tables and fields of the seed before they have ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable.values import derive_id
from sandbox.core.data import load

COLORS = ("blueLight2", "greenLight2", "yellowLight2", "redLight2", "grayLight2")
LINK = "multipleRecordLinks"


@dataclass(frozen=True, kw_only=True)
class FieldPlan:
    """The plan of one field; `@key` and `@table.key` in its options become ids."""

    key: str
    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    choices: Sequence[str] = ()
    # How many links or choices a cell has at most.
    most: int = 1
    # The table a link leads to, and its field that leads back.
    to: str = ""
    inverse: str = ""
    # Marks the side of a link that is filled by the other one.
    is_back: bool = False

    def make_options(self) -> dict[str, Any]:
        """Return the options as the schema shows them, but for the ids."""
        if self.type == LINK:
            made = {
                "linkedTableId": f"@{self.to}.",
                "isReversed": False,
                "prefersSingleRecordLink": self.most == 1 and not self.is_back,
            }
            inverse = {"inverseLinkFieldId": f"@{self.to}.{self.inverse}"}
            return made | inverse if self.inverse else made
        if self.choices:
            return {
                "choices": [_make_choice(*pair) for pair in enumerate(self.choices)]
            }
        return dict(self.options)


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """The plan of one table."""

    key: str
    name: str
    size: int
    fields: Sequence[FieldPlan]
    description: str = ""
    # Name, kind and, in some, the key of the field that must be filled.
    views: Sequence[Sequence[str]] = (("Grid view", "grid"),)


@dataclass(frozen=True, kw_only=True)
class BasePlan:
    """The plan of one base, and who may do what in it; linked tables come first."""

    account: str
    workspace: str
    name: str
    levels: Mapping[str, str]
    tables: Sequence[TablePlan]


def _make_choice(number: int, name: str) -> dict[str, str]:
    color = COLORS[number % len(COLORS)]
    return {"id": derive_id("sel", name), "name": name, "color": color}


def _read_tables() -> dict[str, TablePlan]:
    """Read the tables; one that is like another has the same fields."""
    found: dict[str, TablePlan] = {}
    for row in load(__package__, "tables"):
        fields = [FieldPlan(**one) for one in row.pop("fields", ())]
        like = row.pop("like", "")
        plan = TablePlan(**row, fields=found[like].fields if like else fields)
        found[plan.key] = plan
    return found


TABLES = _read_tables()
BASES = [
    BasePlan(**{**row, "tables": [TABLES[key] for key in row["tables"]]})
    for row in load(__package__, "bases")
]

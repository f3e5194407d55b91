"""Say what one base, table, field and seeded record are before they have ids."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable.api.times import DAY_MS, to_date, to_iso
from sandbox.airtable.seed import words
from sandbox.airtable.seed.accounts import Workspace
from sandbox.core.provider import Person

# Fixed moments, so that the same seed makes the same data on any day.
NEWEST = 1_793_491_200_000  # 2026-11-01
OLDEST = NEWEST - 3 * 365 * DAY_MS


@dataclass(kw_only=True)
class Draft:
    """Hold one record while its cells are made, in the order of the fields."""

    rng: random.Random
    number: int
    created: int
    modified: int | None
    people: Sequence[Person]
    cells: dict[str, Any] = field(default_factory=dict)
    linked: Mapping[str, Sequence["Draft"]] = field(default_factory=dict)

    def pick(self, options: Sequence[Any]) -> Any:
        """Draw one of several."""
        return options[int(self.rng.random() * len(options))]

    def happens(self, share: float) -> bool:
        """Decide something by chance."""
        return self.rng.random() < share

    def whole(self, highest: int, lowest: int = 0) -> int:
        """Draw a whole number."""
        return lowest + int(self.rng.random() * (highest - lowest + 1))

    def day(self) -> str:
        """Draw a day."""
        return to_date(OLDEST + self.whole(1_200) * DAY_MS)

    def moment(self) -> str:
        """Draw a moment."""
        return to_iso(OLDEST + self.whole(1_200 * 1_440) * 60_000)

    def person(self) -> dict[str, str]:
        """Draw somebody of the company, as a cell shows them."""
        return show_person(self.pick(self.people))

    def odd(self) -> str:
        """Return the oddity whose turn it is."""
        return words.ODD_VALUES[(self.number // 30) % len(words.ODD_VALUES)]


Cell = Callable[[Draft], Any]


@dataclass(frozen=True, kw_only=True)
class FieldPlan:
    """Plan one field; `@key` and `@table.key` in its options become ids."""

    key: str
    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)
    cell: Cell | None = None
    to: str = ""
    inverse: str = ""
    most: int = 1
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class TablePlan:
    """Plan one table; the tables it links to come before it."""

    key: str
    name: str
    size: int
    fields: Sequence[FieldPlan]
    description: str = ""
    # Name, kind and the key of the field that must be filled.
    views: Sequence[tuple[str, str, str]] = (("Grid view", "grid", ""),)


@dataclass(frozen=True, kw_only=True)
class BasePlan:
    """Plan one base and who may do what in it."""

    name: str
    workspace: Workspace
    levels: Mapping[str, str]
    tables: Sequence[TablePlan]


def show_person(person: Person) -> dict[str, str]:
    """Return somebody as a cell shows them."""
    return {"id": person.id, "email": person.email, "name": person.name}


def plain(key: str, name: str, kind: str, cell: Cell | None = None, /) -> FieldPlan:
    """Plan a field without options."""
    return FieldPlan(key=key, name=name, type=kind, cell=cell)


def choices(*names: str) -> dict[str, Any]:
    """Make the options of a select."""
    colors = ("blueLight2", "greenLight2", "yellowLight2", "redLight2", "grayLight2")
    return {
        "choices": [
            {
                "id": "sel" + hashlib.sha256(name.encode()).hexdigest()[:14],
                "name": name,
                "color": colors[number % len(colors)],
            }
            for number, name in enumerate(names)
        ]
    }


def links(
    key: str, name: str, to: str, inverse: str, *, most: int = 1, back: bool = False
) -> FieldPlan:
    """Plan a link to another table; `back` marks the side that is filled by it."""
    options = {
        "linkedTableId": f"@{to}.",
        "isReversed": False,
        "prefersSingleRecordLink": most == 1 and not back,
        "inverseLinkFieldId": f"@{to}.{inverse}",
    }
    return FieldPlan(
        key=key,
        name=name,
        type="multipleRecordLinks",
        options=options,
        to=to,
        inverse="" if back else inverse,
        most=most,
    )


def attach(draft: Draft, count: int) -> list[dict[str, Any]]:
    """Make stored files; their addresses are made for each answer."""
    made = []
    for index in range(count):
        mark = hashlib.sha256(f"{draft.rng.random()}".encode()).hexdigest()[:14]
        file = {
            "id": f"att{mark}",
            "filename": draft.pick(
                (
                    "foto é.jpg",
                    "angebot.pdf",
                    "صورة.png",
                    "a b&c.pdf",
                    "x" * 120 + ".pdf",
                )
            ),
            "size": draft.whole(9_000_000, 900),
        }
        is_picture = file["filename"].endswith(("jpg", "png"))
        file["type"] = "image/jpeg" if is_picture else "application/pdf"
        if is_picture:
            file |= {"width": 1600, "height": 1200 + index}
        made.append(file)
    return made

"""Make the cells of one seeded record, realistic and awkward."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable.seed.accounts import show_person
from sandbox.core.data import load
from sandbox.core.provider import Person
from sandbox.core.times import DAY_MS, to_date, to_iso

# Fixed times, so that the same seed makes the same data on any day.
NEWEST = 1_793_491_200_000  # 2026-11-01
OLDEST = NEWEST - 3 * 365 * DAY_MS
WORDS = load(__package__, "words")
ODD_VALUES = (*WORDS["odd_values"], "x" * 300)
NOTE, MARKDOWN = WORDS["note"], WORDS["markdown"]
FILES = ("foto é.jpg", "angebot.pdf", "صورة.png", "a b&c.pdf", "x" * 120 + ".pdf")
# A date whose calendar day differs between time zones.
EDGES = (
    "2026-03-29T00:59:59.999Z",
    "2026-12-31T23:30:00.000Z",
    "1969-12-31T12:00:00.000Z",
)
NUMBERS = (0, -1, 0.1, 1e-7, 12_345_678_901_234, -0.005, 1 / 3)
ADDRESSES = ("https://example.com/ä?b=1", "javascript:alert(1)")
BROKEN = ({"error": "#ERROR!"}, {"specialValue": "NaN"}, {"specialValue": "Infinity"})
NO_SUMMARY = {
    "state": "error",
    "errorType": "emptyDependency",
    "isStale": True,
    "value": None,
}


@dataclass(kw_only=True)
class Draft:
    """One record while its cells are made, in the order of the fields."""

    rng: random.Random
    number: int
    created: int
    modified: int | None
    people: Sequence[Person]
    cells: dict[str, Any] = field(default_factory=dict)
    linked: dict[str, Sequence["Draft"]] = field(default_factory=dict)

    def pick(self, options: Sequence[Any]) -> Any:
        """Draw one of several."""
        return options[int(self.rng.random() * len(options))]

    def word(self, name: str) -> str:
        """Draw one word of a list."""
        return str(self.pick(WORDS[name]))

    def happens(self, share: float) -> bool:
        """Decide something by chance."""
        return self.rng.random() < share

    def whole(self, highest: int, lowest: int = 0) -> int:
        """Draw a whole number."""
        return lowest + int(self.rng.random() * (highest - lowest + 1))

    def day(self) -> str:
        """Draw a day."""
        return to_date(OLDEST + self.whole(1_200) * DAY_MS)

    def person(self) -> dict[str, str]:
        """Draw somebody of the company, as a cell shows them."""
        return show_person(self.pick(self.people))

    def odd(self, every: int) -> str:
        """Return the oddity whose turn it is."""
        return str(ODD_VALUES[(self.number // every) % len(ODD_VALUES)])


Cell = Callable[[Draft], Any]


def _make_name(draft: Draft) -> str | None:
    if draft.number % 30 == 7:
        return draft.odd(30)
    if draft.number % 55 == 11:
        return None
    return f"{draft.word('first_names')} {draft.word('last_names')}"


def _make_title(draft: Draft) -> str | None:
    if draft.number % 30 == 9:
        return draft.odd(30)
    if draft.number % 60 == 13:
        return None
    return f"{draft.word('verbs')} {draft.word('things')}"


def _make_note(draft: Draft) -> str | None:
    """Make a note: mostly none, sometimes very long."""
    if draft.number % 400 == 19:
        return str(NOTE * 800)
    return NOTE if draft.happens(0.2) else None


def _make_every_name(draft: Draft) -> str | None:
    if draft.number % 20 == 3:
        return draft.odd(20)
    return None if draft.number % 20 == 5 else f"Every field {draft.number}"


def _make_total(draft: Draft) -> Any:
    """Compute an order's total; a division by zero and an error now and then."""
    if draft.number % 90 == 21:
        return BROKEN[0]
    if draft.number % 90 == 23:
        return BROKEN[1]
    return round(draft.cells["amount"] * (1 - draft.cells.get("discount", 0)), 2)


def _make_formula(draft: Draft) -> Any:
    is_broken = draft.number % 10 == 4
    return BROKEN[draft.number // 10 % 3] if is_broken else draft.number / 4


def _make_summary(draft: Draft) -> dict[str, Any]:
    if draft.number % 5 == 2:
        return NO_SUMMARY
    return {"state": "generated", "value": NOTE, "isStale": False}


def _look_up_tiers(draft: Draft) -> list[Any]:
    return [
        one.cells["tier"] for one in draft.linked["customer"] if "tier" in one.cells
    ]


def _attach(draft: Draft, count: int) -> list[dict[str, Any]]:
    """Make stored files; their addresses are made for each answer."""
    made = []
    for index in range(count):
        mark = hashlib.sha256(f"{draft.rng.random()}".encode()).hexdigest()[:14]
        name = draft.pick(FILES)
        size = draft.whole(9_000_000, 900)
        file = {"id": f"att{mark}", "filename": name, "size": size}
        if name.endswith(("jpg", "png")):
            file |= {"type": "image/jpeg", "width": 1600, "height": 1200 + index}
        else:
            file["type"] = "application/pdf"
        made.append(file)
    return made


# By table and key, by key alone or by type; other choices come from the options.
CELLS: dict[str, Cell] = {
    "name": _make_name,
    "title": _make_title,
    "notes": _make_note,
    "place": lambda d: d.word("places"),
    "autoNumber": lambda d: d.number + 1,
    "singleCollaborator": Draft.person,
    "createdBy": Draft.person,
    "lastModifiedBy": Draft.person,
    "customers.email": lambda d: (
        f"p{d.number}@c{d.number % 97}.example" if d.number % 7 else None
    ),
    "customers.phone": lambda d: f"+1 555 {d.whole(9999999)}",
    "customers.company": lambda d: d.word("companies"),
    "customers.tier": lambda d: d.pick(("Gold", "Silver", "Bronze", "نحاس", None)),
    "products.sku": lambda d: f"SKU-{d.number:05d}",
    "products.name": lambda d: d.word("goods"),
    "products.price": lambda d: d.whole(90_000) / 100,
    "products.photos": lambda d: (
        _attach(d, 1 + d.number % 3) if d.number % 4 == 0 else None
    ),
    "orders.amount": lambda d: d.whole(900_000) / 100,
    "orders.discount": lambda d: d.whole(40) / 100 if d.happens(0.3) else None,
    "orders.total": _make_total,
    "orders.tier": _look_up_tiers,
    "orders.due": lambda d: d.day() if d.happens(0.8) else None,
    "orders.paid": lambda d: d.happens(0.5),
    "shipments.code": lambda d: f"S{d.number:06d}",
    "shipments.weight": lambda d: d.whole(90_000) / 1000,
    "shipments.note": lambda d: d.word("verbs"),
    "every.name": _make_every_name,
    "every.long": lambda d: NOTE * d.whole(3),
    "every.rich": lambda _: MARKDOWN,
    "every.mail": lambda d: f"e{d.number}@every.example",
    "every.link": lambda d: d.pick(ADDRESSES),
    "every.phone": lambda _: "(555) 010-9999",
    "every.users": lambda d: [show_person(p) for p in d.people],
    "every.number": lambda d: d.pick(NUMBERS),
    "every.percent": lambda d: d.whole(1500) / 1000,
    "every.money": lambda d: d.whole(9999) / 100,
    "every.stars": lambda d: d.whole(5) or None,
    "every.time": lambda d: d.whole(10**6) / 8,
    "every.date": Draft.day,
    "every.when": lambda d: d.pick(EDGES),
    "every.tick": lambda d: d.number % 2 == 0,
    "every.files": lambda d: _attach(d, d.whole(3)),
    "every.code": lambda d: {"text": f"{d.whole(10**12)}", "type": "ean13"},
    "every.button": lambda _: {"label": "Open", "url": "https://example.com/"},
    "every.ai": _make_summary,
    "every.formula": _make_formula,
    "every.rollup": lambda d: d.whole(99),
    "every.lookup": lambda _: [1, None, 2.5],
    "every.source": lambda _: "Sheet A",
    "every.place": lambda d: f"a{d.number:05d}",
    # A type Airtable has not told anybody about yet.
    "every.future": lambda d: {"depth": d.number},
    "tasks.effort": lambda d: d.whole(80) * 900 if d.happens(0.6) else None,
    "tasks.done": lambda d: d.cells.get("stage") == "Done ✅",
    "tasks.notes": lambda d: MARKDOWN * d.whole(1),
    # The primary field is a time: a title must be made from something else.
    "meetings.when": lambda d: to_iso(OLDEST + d.whole(1_200 * 1_440) * 60_000),
    "meetings.guests": lambda d: [d.person()],
    "articles.title": lambda d: d.word("articles"),
    "articles.link": lambda d: f"https://example.com/a/{d.number}",
}

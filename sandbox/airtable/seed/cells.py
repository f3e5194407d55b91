"""Make the cells of one seeded record, realistic and awkward."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.airtable.seed.accounts import show_person
from sandbox.core.data import load
from sandbox.core.provider import User
from sandbox.core.times import DAY_MS, NEWEST, to_date, to_iso

OLDEST = NEWEST - 3 * 365 * DAY_MS
WORDS = load(__package__, "words")
ODD_VALUES = (*WORDS["odd_values"], "x" * 300)
FILES = (*WORDS["files"], "x" * 120 + ".pdf")
NOTE, MARKDOWN, BROKEN = WORDS["note"], WORDS["markdown"], WORDS["broken"]
SUMMARY = {"state": "generated", "value": NOTE, "isStale": False}


@dataclass(kw_only=True, eq=False)
class Draft:
    """One record while its cells are made, in the order of the fields."""

    rng: random.Random
    id: str
    number: int
    created: int
    modified: int | None
    people: Sequence[User]
    cells: dict[str, Any] = field(default_factory=dict)
    linked: dict[str, list["Draft"]] = field(default_factory=dict)

    def pick(self, options: Sequence[Any]) -> Any:
        return options[int(self.rng.random() * len(options))]

    def word(self, name: str) -> Any:
        return self.pick(WORDS[name])

    def happens(self, share: float) -> bool:
        return self.rng.random() < share

    def whole(self, highest: int, lowest: int = 0) -> int:
        return lowest + int(self.rng.random() * (highest - lowest + 1))

    def day(self) -> str:
        return to_date(OLDEST + self.whole(1_200) * DAY_MS)

    def user(self) -> dict[str, str]:
        return show_person(self.pick(self.people))

    def vary(self, text: str, *, every: int, odd: int, none: int) -> str | None:
        """Return a text; now and then it is an odd one, or nothing."""
        if self.number % every == odd:
            return str(ODD_VALUES[(self.number // every) % len(ODD_VALUES)])
        return None if self.number % (2 * every) == none else text


def _make_note(draft: Draft) -> str | None:
    if draft.number % 400 == 19:
        return str(NOTE * 800)
    return NOTE if draft.happens(0.2) else None


def _make_total(draft: Draft) -> Any:
    """Compute an order's total; a division by zero and an error now and then."""
    if draft.number % 90 in (21, 23):
        return BROKEN[draft.number % 90 // 23]
    return round(draft.cells["amount"] * (1 - draft.cells.get("discount", 0)), 2)


def _make_formula(draft: Draft) -> Any:
    is_broken = draft.number % 10 == 4
    return BROKEN[draft.number // 10 % 3] if is_broken else draft.number / 4


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
CELLS: dict[str, Callable[[Draft], Any]] = {
    "name": lambda d: d.vary(
        f"{d.word('first_names')} {d.word('last_names')}", every=30, odd=7, none=11
    ),
    "title": lambda d: d.vary(
        f"{d.word('verbs')} {d.word('things')}", every=30, odd=9, none=13
    ),
    "notes": _make_note,
    "place": lambda d: d.word("places"),
    "autoNumber": lambda d: d.number + 1,
    "singleCollaborator": Draft.user,
    "createdBy": Draft.user,
    "lastModifiedBy": Draft.user,
    "customers.email": lambda d: (
        f"p{d.number}@c{d.number % 97}.example" if d.number % 7 else None
    ),
    "customers.phone": lambda d: f"+1 555 {d.whole(9999999)}",
    "customers.company": lambda d: d.word("companies"),
    "customers.tier": lambda d: d.pick(("Gold", "Silver", "Bronze", "نحاس", None)),
    "customers.count": lambda d: len(d.linked.get("orders", ())),
    "products.sku": lambda d: f"SKU-{d.number:05d}",
    "products.name": lambda d: d.word("goods"),
    "products.price": lambda d: d.whole(90_000) / 100,
    "products.photos": lambda d: (
        _attach(d, 1 + d.number % 3) if d.number % 4 == 0 else None
    ),
    "orders.amount": lambda d: d.whole(900_000) / 100,
    "orders.discount": lambda d: d.whole(40) / 100 if d.happens(0.3) else None,
    "orders.total": _make_total,
    "orders.tier": lambda d: [
        one.cells["tier"] for one in d.linked["customer"] if "tier" in one.cells
    ],
    "orders.due": lambda d: d.day() if d.happens(0.8) else None,
    "orders.paid": lambda d: d.happens(0.5),
    "shipments.code": lambda d: f"S{d.number:06d}",
    "shipments.weight": lambda d: d.whole(90_000) / 1000,
    "shipments.note": lambda d: d.word("verbs"),
    "every.name": lambda d: d.vary(f"Every field {d.number}", every=20, odd=3, none=5),
    "every.long": lambda d: NOTE * d.whole(3),
    "every.rich": lambda _: MARKDOWN,
    "every.mail": lambda d: f"e{d.number}@every.example",
    "every.link": lambda d: d.word("addresses"),
    "every.phone": lambda _: "(555) 010-9999",
    "every.users": lambda d: [show_person(p) for p in d.people],
    "every.number": lambda d: d.word("numbers"),
    "every.percent": lambda d: d.whole(1500) / 1000,
    "every.money": lambda d: d.whole(9999) / 100,
    "every.stars": lambda d: d.whole(5) or None,
    "every.time": lambda d: d.whole(10**6) / 8,
    "every.date": Draft.day,
    # Dates whose calendar day differs between time zones.
    "every.when": lambda d: d.word("edges"),
    "every.tick": lambda d: d.number % 2 == 0,
    "every.files": lambda d: _attach(d, d.whole(3)),
    "every.code": lambda d: {"text": f"{d.whole(10**12)}", "type": "ean13"},
    "every.button": lambda _: {"label": "Open", "url": "https://example.com/"},
    "every.ai": lambda d: WORDS["no_summary"] if d.number % 5 == 2 else SUMMARY,
    "every.formula": _make_formula,
    "every.count": lambda d: len(d.linked["friends"]),
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
    "meetings.guests": lambda d: [d.user()],
    "articles.title": lambda d: d.word("articles"),
    "articles.link": lambda d: f"https://example.com/a/{d.number}",
}

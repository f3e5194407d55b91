"""Make the rows of the data sources, and the pages that are many."""

import random
from collections.abc import Iterator
from typing import Any

from sandbox.core.times import DAY_MS, NEWEST, to_date
from sandbox.notion.seed.nodes import OLDEST, Node, make_id, make_page, p, read
from sandbox.notion.seed.workspaces import WORDS

IMPORTED = NEWEST - 47 * DAY_MS
SHARE_IMPORTED = 0.25
MANY = 30
PARTS = ("brief", "budget", "minutes", "retrospective")
URGENT = {"t": " urgent", "bold": True, "color": "red"}


def pick(name: str, number: int) -> Any:
    return WORDS[name][number % len(WORDS[name])]


def draw(rng: random.Random, *names: str) -> str:
    return " ".join(rng.choice(WORDS[name]) for name in names)


class Rows:
    """Make the rows of one workspace, some of which name its people and clients."""

    def __init__(self, rng: random.Random, people: list[str], clients: int) -> None:
        self.rng = rng
        self.people = people
        self.mention = {"user": people[0], "shown": "@Ines Okafor"}
        self.clients_id = make_id(rng)
        self.clients = [make_id(rng) for _ in range(clients)]

    def _draw(self, *names: str) -> str:
        return draw(self.rng, *names)

    def _draw_day(self) -> str:
        return to_date(self.rng.randint(OLDEST, NEWEST))

    def _verify(self, date: Any) -> dict[str, Any]:
        return {"by": self.people[0], "date": date}

    def make_shipment(self, number: int) -> Node:
        # One import leaves thousands of rows on one instant.
        is_imported = self.rng.random() < SHARE_IMPORTED
        name = f"{self._draw('cities')} → {self._draw('cities')} {number:05d}"
        return make_page(
            name if number % 97 else "",
            [p(pick("sentences", number))] if number % 400 == 3 else (),
            created=IMPORTED if is_imported else None,
            is_archived=number % 50 == 7,
            in_trash=number % 150 == 11,
            values={
                "w%3Ag": self.rng.randint(1, 90_000) / 10,
                "sh%7Bp": self._draw_day(),
                "c%40rr": self._draw("carriers"),
                "d%60lv": self.rng.random() < 0.9,
            },
        )

    def make_task(self, number: int) -> Node:
        due, first = _make_due(self._draw_day(), number), self._draw("first")
        notes = [pick("sentences", number), URGENT] if number % 3 == 0 else None
        rest = "" if number % 9 == 0 else f"{self._draw('second')} {number}"
        return make_page(
            f"{first} {rest}" if rest else [f"{first} {number} ", self.mention],
            _make_steps(number) if number % 6 == 0 else (),
            icon=pick("icons", number) if number % 3 == 0 else None,
            is_archived=number % 80 == 5,
            in_trash=number % 90 == 8,
            values={
                "st%3Ds": self._draw("states"),
                "as%5Bn": [self.rng.choice(self.people)] if number % 4 else [],
                "du%3Be": due,
                "cl%7Ct": self._draw_clients(),
                "id%3Fx": {"prefix": "TASK", "number": number + 1},
                "n%24te": notes,
            },
        )

    def _draw_clients(self) -> list[str]:
        most = min(self.rng.randint(0, 2), len(self.clients))
        return self.rng.sample(self.clients, most)

    def make_client(self, number: int) -> Node:
        name = self._draw("companies", "legal")
        return make_page(
            name if number % 60 else pick("odd_titles", number // 60),
            id=self.clients[number],
            values={
                "em%40l": f"office{number}@client.example" if number % 11 else None,
                "ph%23n": f"+351 555 {number:04d}",
                "ur%3Cl": f"https://client{number}.example/",
                "tg%2Bs": self.rng.sample(["VIP", "Export", "新規"], number % 4),
            },
        )

    def make_animal(self, number: int) -> Node:
        """Make a row with every type of value; one is empty, and one too full."""
        if number == 0:
            return make_page("All empty")
        if number == 1:
            texts = [t for n in range(MANY) for t in (self.mention, f" and {n}, ")]
            many = {"tx%3At": texts, "rl%3Dn": self.clients[:MANY]}
            return make_page(texts, values=many)
        return make_page(
            pick("odd_titles", number),
            icon=pick("icons", number),
            values={
                **WORDS["zoo"],
                "tx%3At": [pick("awkward", number), {"eq": "e^{i\\pi}+1=0"}],
                "nu%3Db": self.rng.randint(1, 100) / 4,
                "sl%40c": self._draw("zoo_choices"),
                "ss%40t": self._draw("states"),
                "pp%3Dl": self.people,
                "fi%3Al": _make_files(f"https://files.example/{number}.pdf", number),
                "cb%3Ax": number % 2 == 0,
                "fo%3Am": pick("formulas", number),
                "rl%3Dn": self.clients[number : number + 2],
                "ru%3Ap": pick("rollups", number),
                "ui%3Dd": {"prefix": None, "number": number},
                "vr%3Ai": self._verify(self._draw_day()) if number % 2 else None,
            },
        )

    def make_guide(self, number: int) -> Node:
        checked = self._verify({"start": "2026-01-10"}) if number % 2 else None
        values = {"ow%40n": self.people[:1], "vf%3Ay": checked, "tg%21s": ["Policy"]}
        inside = [p("See also:"), make_page(f"Appendix to guide {number}")]
        title = f"{self._draw('first')} guide {number}"
        return make_page(title, inside, icon="📖", values=values)

    def make_year(self, year: int, projects: int) -> Node:
        inside = [self._make_project(year, n) for n in range(projects)]
        return make_page(f"Projects {year}", inside, icon="🗂️")

    def _make_project(self, year: int, number: int) -> Node:
        name = f"{self._draw('first', 'second')} {year}/{number}"
        texts = [self._draw("sentences") for _ in range(5)]
        parts = zip(PARTS, texts[1:], strict=True)
        pages = [["page", f"{name} — {part}", ["paragraph", t]] for part, t in parts]
        inside = read([["heading_2", "Goal"], ["paragraph", texts[0]], *pages], {})
        title = pick("odd_titles", number // 7) if number % 7 == 3 else name
        icon = pick("icons", number) if number % 4 else None
        return make_page(title, list(inside), icon=icon)


def _make_due(start: str, number: int) -> dict[str, Any] | str | None:
    if number % 8 == 0:
        return None
    if number % 7 == 0:
        return {"start": f"{start}T09:30:00.000+09:00", "time_zone": "Asia/Tokyo"}
    return {"start": start, "end": "2027-01-31"} if number % 5 == 0 else start


def _make_steps(number: int) -> Iterator[Node]:
    draft = ["to_do", {"text": "First draft", "checked": False}]
    notes = ["bulleted_list_item", "Only seen by walking"]
    steps: list[list[Any]] = [
        ["heading_2", "Steps"],
        ["to_do", {"text": "Write it down", "checked": True}, draft],
        ["to_do", {"text": f"Ask for number {number}", "checked": False}],
        ["page", f"Notes on task {number}", notes],
    ]
    return read(steps if number % 30 == 0 else steps[:-1], {})


def _make_files(url: str, number: int) -> list[dict[str, Any]]:
    own = {"url": url, "expiry_time": "2026-11-01T01:00:00.000Z"}
    return [
        {"name": f"Scan {number}.pdf", "type": "external", "external": {"url": url}},
        {"name": "絵 <1>.png", "type": "file", "file": own},
    ]

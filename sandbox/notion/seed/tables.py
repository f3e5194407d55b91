"""Make the databases of the large workspace."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox.notion.seed.building import DAY_MS, NEWEST, OLDEST, make_id
from sandbox.notion.seed.data import ODD_TITLES, WORDS, make_schema
from sandbox.notion.seed.nodes import (
    Block,
    Item,
    Page,
    make_database,
    make_source,
    p,
    read_all,
)
from sandbox.notion.seed.workspaces import Workspace

IMPORTED = NEWEST - 47 * DAY_MS
SHARE_IMPORTED = 0.25
MANY, ANIMALS, GUIDES, TERMS = 30, 24, 20, 12
URGENT = {"t": " urgent", "bold": True, "color": "red"}
EULER = {"eq": "e^{i\\pi}+1=0"}


def pick(name: str, number: int) -> Any:
    """Return one of the words of a kind, in turn."""
    words = WORDS[name]
    return words[number % len(words)]


def draw(rng: random.Random, *names: str) -> str:
    """Draw words, one of each kind."""
    return " ".join(rng.choice(WORDS[name]) for name in names)


def make_table(title: str, name: str, rows: Iterable[Page], icon: str = "") -> Item:
    """Make a database with one data source of its own name."""
    source = make_source(title, make_schema(name), rows)
    return make_database(title, icon or None, [source])


class Tables:
    """Make the rows of one workspace, some of which name its people and clients."""

    def __init__(self, rng: random.Random, workspace: Workspace, clients: int) -> None:
        """Draw the ids of the clients, which others point to."""
        self.rng = rng
        self.people = [person.id for person in workspace.people]
        self.mention = {"user": self.people[0], "shown": "@Ines Okafor"}
        self.clients_id = make_id(rng)
        self.clients = [make_id(rng) for _ in range(clients)]

    def make_logistics(self, rows: int) -> Page:
        """Make the page with the data source that no single query can list."""
        rows_made = map(self._make_shipment, range(rows))
        shipments = make_source("Sendungen", make_schema("shipments"), rows_made)
        lines = [["heading_1", "Logistics"], ["paragraph", "Every parcel since 2024."]]
        database = make_database("Shipments", "🚢", [shipments])
        return Page(title="Logistics", icon="📦", inside=[*read_all(lines), database])

    def _make_shipment(self, number: int) -> Page:
        # One import leaves thousands of rows on one instant.
        is_imported = self.rng.random() < SHARE_IMPORTED
        name = f"{self._draw('cities')} → {self._draw('cities')} {number:05d}"
        return Page(
            title=name if number % 97 else "",
            created=IMPORTED if is_imported else None,
            is_archived=number % 50 == 7,
            in_trash=number % 150 == 11,
            inside=[p(pick("sentences", number))] if number % 400 == 3 else (),
            values={
                "w%3Ag": self.rng.randint(1, 90_000) / 10,
                "sh%7Bp": self._draw_day(),
                "c%40rr": self._draw("carriers"),
                "d%60lv": self.rng.random() < 0.9,
            },
        )

    def _draw(self, *names: str) -> str:
        return draw(self.rng, *names)

    def _draw_day(self) -> str:
        seconds = self.rng.randint(OLDEST, NEWEST) / 1000
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"

    def make_operations(self, tasks: int) -> Item:
        """Make the database with two data sources, the second named by the first."""
        columns = make_schema("tasks", self.clients_id)
        rows = [self._make_task(number) for number in range(tasks)]
        clients = [self._make_client(n, i) for n, i in enumerate(self.clients)]
        sources = [
            make_source("Tasks", columns, rows),
            make_source("Clients", make_schema("clients"), clients, self.clients_id),
        ]
        return make_database("Operations", "🛠️", sources, "Two tables in one database.")

    def _make_task(self, number: int) -> Page:
        due, first = _make_due(self._draw_day(), number), self._draw("first")
        notes = [pick("sentences", number), URGENT] if number % 3 == 0 else None
        return Page(
            title=[f"{first} {number} ", self.mention]
            if number % 9 == 0
            else f"{first} {self._draw('second')} {number}",
            icon=pick("icons", number) if number % 3 == 0 else None,
            inside=_make_steps(number) if number % 6 == 0 else (),
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

    def _make_client(self, number: int, client_id: str) -> Page:
        name = self._draw("companies", "legal")
        return Page(
            id=client_id,
            title=name if number % 60 else ODD_TITLES[number // 60 % len(ODD_TITLES)],
            values={
                "em%40l": f"office{number}@client.example" if number % 11 else None,
                "ph%23n": f"+351 555 {number:04d}",
                "ur%3Cl": f"https://client{number}.example/",
                "tg%2Bs": self.rng.sample(["VIP", "Export", "新規"], number % 4),
            },
        )

    def make_zoo_page(self) -> Page:
        """Make the page whose inline database has a column of every type."""
        animals = [self._make_animal(number) for number in range(2, ANIMALS)]
        texts = [piece for n in range(MANY) for piece in (self.mention, f" and {n}, ")]
        related = self.clients[:MANY]
        many = Page(title=texts, values={"tx%3At": texts, "rl%3Dn": related})
        rows = [Page(title="All empty"), many, *animals]
        columns = make_schema("everything", self.clients_id)
        source = make_source("Everything", columns, rows)
        zoo = make_database("Property zoo", "🦓", [source])
        for item in (source, zoo):
            item.flags["is_inline"] = True
        # A database that lives elsewhere: the id of its block opens nothing.
        linked = Block(type="child_database", body={"title": "Tasks of this week"})
        return Page(
            title="Every kind of property",
            icon=WORDS["zoo_icon"],
            inside=[p("One column of every type."), zoo, linked],
        )

    def _make_animal(self, number: int) -> Page:
        return Page(
            title=ODD_TITLES[number % len(ODD_TITLES)],
            icon=pick("icons", number),
            values={
                **WORDS["zoo"],
                "tx%3At": [pick("awkward", number), EULER],
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

    def _verify(self, date: Any) -> dict[str, Any]:
        return {"by": self.people[0], "date": date}

    def make_wiki(self) -> Item:
        """Make a wiki: its rows have pages inside, and a database stands beside."""
        rows = [self._make_guide(number) for number in range(GUIDES)]
        wiki = make_table("Company wiki", "wiki", rows, "📚")
        terms = [Page(title=f"Term {number}") for number in range(TERMS)]
        wiki.inside = [*wiki.inside, make_table("Glossary", "glossary", terms)]
        return wiki

    def _make_guide(self, number: int) -> Page:
        checked = self._verify({"start": "2026-01-10"}) if number % 2 else None
        owner = self.people[:1]
        return Page(
            title=f"{self._draw('first')} guide {number}",
            icon="📖",
            values={"ow%40n": owner, "vf%3Ay": checked, "tg%21s": ["Policy"]},
            inside=[p("See also:"), Page(title=f"Appendix to guide {number}")],
        )


def _make_due(start: str, number: int) -> dict[str, Any] | str | None:
    if number % 8 == 0:
        return None
    if number % 7 == 0:
        return {"start": f"{start}T09:30:00.000+09:00", "time_zone": "Asia/Tokyo"}
    return {"start": start, "end": "2027-01-31"} if number % 5 == 0 else start


def _make_steps(number: int) -> list[Any]:
    draft = ["to_do", {"text": "First draft", "checked": False}]
    notes = ["bulleted_list_item", "Only seen by walking"]
    steps: list[list[Any]] = [
        ["heading_2", "Steps"],
        ["to_do", {"text": "Write it down", "checked": True}, draft],
        ["to_do", {"text": f"Ask for number {number}", "checked": False}],
    ]
    if number % 30 == 0:
        steps.append(["page", f"Notes on task {number}", notes])
    return read_all(steps)


def _make_files(url: str, number: int) -> list[dict[str, Any]]:
    own = {"url": url, "expiry_time": "2026-11-01T01:00:00.000Z"}
    return [
        {"name": f"Scan {number}.pdf", "type": "external", "external": {"url": url}},
        {"name": "絵 <1>.png", "type": "file", "file": own},
    ]

"""Make the databases of the large workspace."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.notion.seed.building import DAY_MS, NEWEST, OLDEST, make_id
from sandbox.notion.seed.data import ODD_TITLES, WORDS
from sandbox.notion.seed.nodes import Block, Database, Page, Source, p, read_all
from sandbox.notion.seed.schemas import Column, make_schema
from sandbox.notion.seed.workspaces import Workspace

IMPORTED = NEWEST - 47 * DAY_MS
SHARE_IMPORTED = 0.25
MANY, ANIMALS, GUIDES, TERMS = 30, 24, 20, 12


def draw_day(rng: random.Random) -> str:
    """Draw a day of the two seeded years."""
    return f"{datetime.fromtimestamp(rng.randint(OLDEST, NEWEST) / 1000, UTC):%Y-%m-%d}"


def pick(name: str, number: int) -> Any:
    """Return one of the words of a kind, in turn."""
    words = WORDS[name]
    return words[number % len(words)]


def make_database(
    title: str, schema: list[Column], rows: Iterable[Page], **more: Any
) -> Database:
    """Make a database with one data source of its own name."""
    source = Source(title=title, schema=schema, inside=rows)
    return Database(title=title, inside=[source], **more)


def make_logistics(rng: random.Random, rows: int) -> Page:
    """Make the page with the data source that no single query can list."""
    shipments = Source(
        title="Sendungen",
        schema=make_schema("shipments"),
        inside=(_make_shipment(rng, number) for number in range(rows)),
    )
    lines = [["heading_1", "Logistics"], ["paragraph", "Every parcel since 2024."]]
    database = Database(title="Shipments", icon="🚢", inside=[shipments])
    return Page(title="Logistics", icon="📦", inside=[*read_all(lines), database])


def _make_shipment(rng: random.Random, number: int) -> Page:
    # One import leaves thousands of rows on one instant.
    is_imported = rng.random() < SHARE_IMPORTED
    cities = WORDS["cities"]
    name = f"{rng.choice(cities)} → {rng.choice(cities)} {number:05d}"
    return Page(
        title=name if number % 97 else "",
        created=IMPORTED if is_imported else None,
        is_archived=number % 50 == 7,
        in_trash=number % 150 == 11,
        inside=[p(pick("sentences", number))] if number % 400 == 3 else (),
        values={
            "w%3Ag": rng.randint(1, 90_000) / 10,
            "sh%7Bp": draw_day(rng),
            "c%40rr": rng.choice(WORDS["carriers"]),
            "d%60lv": rng.random() < 0.9,
        },
    )


def make_operations(
    rng: random.Random, workspace: Workspace, *, tasks: int, clients: int
) -> tuple[Database, str, list[str]]:
    """Make the database with two data sources, the second named by the first."""
    clients_id = make_id(rng)
    client_ids = [make_id(rng) for _ in range(clients)]
    people = [person.id for person in workspace.people]
    sources = [
        Source(
            title="Tasks",
            schema=make_schema("tasks", clients_id),
            inside=[_make_task(rng, n, people, client_ids) for n in range(tasks)],
        ),
        Source(
            title="Clients",
            id=clients_id,
            schema=make_schema("clients"),
            inside=[_make_client(rng, n, i) for n, i in enumerate(client_ids)],
        ),
    ]
    about = "Two tables in one database."
    database = Database(title="Operations", icon="🛠️", description=about, inside=sources)
    return database, clients_id, client_ids


def _make_task(
    rng: random.Random, number: int, people: list[str], clients: list[str]
) -> Page:
    due = _make_due(draw_day(rng), number)
    first = f"{rng.choice(WORDS['first'])} "
    asked = {"user": people[0], "shown": "@Ines Okafor"}
    urgent = {"t": " urgent", "bold": True, "color": "red"}
    return Page(
        title=[f"{first}{number} ", asked]
        if number % 9 == 0
        else f"{first}{rng.choice(WORDS['second'])} {number}",
        icon=pick("icons", number) if number % 3 == 0 else None,
        inside=_make_steps(number) if number % 6 == 0 else (),
        is_archived=number % 80 == 5,
        in_trash=number % 90 == 8,
        values={
            "st%3Ds": rng.choice(WORDS["states"]),
            "as%5Bn": [rng.choice(people)] if number % 4 else [],
            "du%3Be": due,
            "cl%7Ct": rng.sample(clients, min(rng.randint(0, 2), len(clients))),
            "id%3Fx": {"prefix": "TASK", "number": number + 1},
            "n%24te": [pick("sentences", number), urgent] if number % 3 == 0 else None,
        },
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


def _make_client(rng: random.Random, number: int, client_id: str) -> Page:
    name = f"{rng.choice(WORDS['companies'])} {rng.choice(WORDS['legal'])}"
    return Page(
        id=client_id,
        title=name if number % 60 else ODD_TITLES[number // 60 % len(ODD_TITLES)],
        values={
            "em%40l": f"office{number}@client.example" if number % 11 else None,
            "ph%23n": f"+351 555 {number:04d}",
            "ur%3Cl": f"https://client{number}.example/",
            "tg%2Bs": rng.sample(["VIP", "Export", "新規"], number % 4),
        },
    )


def make_zoo_page(
    rng: random.Random, workspace: Workspace, clients_id: str, clients: list[str]
) -> Page:
    """Make the page whose inline database has a column of every type."""
    people = [person.id for person in workspace.people]
    source = Source(
        title="Everything",
        schema=make_schema("everything", clients_id),
        inside=[_make_animal(rng, n, people, clients) for n in range(ANIMALS)],
        is_inline=True,
    )
    zoo = Database(title="Property zoo", icon="🦓", is_inline=True, inside=[source])
    # A database that lives elsewhere: the id of its block opens nothing.
    linked = Block(type="child_database", body={"title": "Tasks of this week"})
    return Page(
        title="Every kind of property",
        icon=WORDS["zoo_icon"],
        inside=[p("One column of every type."), zoo, linked],
    )


def _make_animal(
    rng: random.Random, number: int, people: Sequence[str], clients: list[str]
) -> Page:
    if number == 0:
        return Page(title="All empty")
    if number == 1:
        mention = {"user": people[0], "shown": "@Ines Okafor"}
        texts = [piece for n in range(MANY) for piece in (mention, f" and {n}, ")]
        related = clients[:MANY]
        return Page(title=texts, values={"tx%3At": texts, "rl%3Dn": related})
    return Page(
        title=ODD_TITLES[number % len(ODD_TITLES)],
        icon=pick("icons", number),
        values={
            **WORDS["zoo"],
            "tx%3At": [pick("awkward", number), {"eq": "e^{i\\pi}+1=0"}],
            "nu%3Db": rng.randint(1, 100) / 4,
            "sl%40c": rng.choice(("One", "Zwei", "三")),
            "ss%40t": rng.choice(WORDS["states"]),
            "pp%3Dl": people,
            "fi%3Al": _make_files(f"https://files.example/{number}.pdf", number),
            "cb%3Ax": number % 2 == 0,
            "fo%3Am": pick("formulas", number),
            "rl%3Dn": clients[number : number + 2],
            "ru%3Ap": pick("rollups", number),
            "ui%3Dd": {"prefix": None, "number": number},
            "vr%3Ai": {"by": people[0], "date": draw_day(rng)} if number % 2 else None,
        },
    )


def _make_files(url: str, number: int) -> list[dict[str, Any]]:
    own = {"url": url, "expiry_time": "2026-11-01T01:00:00.000Z"}
    return [
        {"name": f"Scan {number}.pdf", "type": "external", "external": {"url": url}},
        {"name": "絵 <1>.png", "type": "file", "file": own},
    ]


def make_wiki(rng: random.Random, workspace: Workspace) -> Database:
    """Make a wiki: its rows have pages inside, and a database stands beside."""
    owner = workspace.people[0].id
    rows = [_make_guide(rng, number, owner) for number in range(GUIDES)]
    wiki = make_database("Company wiki", make_schema("wiki"), rows, icon="📚")
    terms = [Page(title=f"Term {number}") for number in range(TERMS)]
    glossary = make_database("Glossary", make_schema("glossary"), terms)
    wiki.inside = [*wiki.inside, glossary]
    return wiki


def _make_guide(rng: random.Random, number: int, owner: str) -> Page:
    checked = {"by": owner, "date": {"start": "2026-01-10"}}
    return Page(
        title=f"{rng.choice(WORDS['first'])} guide {number}",
        icon="📖",
        values={
            "ow%40n": [owner],
            "vf%3Ay": checked if number % 2 else None,
            "tg%21s": ["Policy"],
        },
        inside=[p("See also:"), Page(title=f"Appendix to guide {number}")],
    )

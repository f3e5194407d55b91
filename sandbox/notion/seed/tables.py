"""Write down the databases of the large workspace."""

import random
from typing import Any

from sandbox.notion.api import schemas
from sandbox.notion.api.ids import make_id, to_iso
from sandbox.notion.api.nodes import Database, Page, Source, h, li, linked_view, p, todo
from sandbox.notion.seed import words
from sandbox.notion.seed.building import NEWEST, OLDEST
from sandbox.notion.seed.workspaces import Workspace

IMPORTED = NEWEST - 47 * 86_400_000
SHARE_IMPORTED = 0.25
MANY = 30


def draw_day(rng: random.Random) -> str:
    """Draw a day of the two seeded years."""
    return to_iso(rng.randint(OLDEST, NEWEST))[:10]


def make_logistics(rng: random.Random, rows: int) -> Page:
    """Write down the page with the data source that no single query can list."""
    shipments = Source(
        title="Sendungen",
        schema=schemas.SHIPMENTS,
        rows=(_make_shipment(rng, number) for number in range(rows)),
    )
    database = Database(title="Shipments", icon="🚢", sources=[shipments])
    return Page(
        title="Logistics",
        icon="📦",
        inside=[h(1, "Logistics"), p("Every parcel since 2024."), database],
    )


def _make_shipment(rng: random.Random, number: int) -> Page:
    # One import leaves thousands of rows on one instant.
    is_imported = rng.random() < SHARE_IMPORTED
    name = f"{rng.choice(words.CITIES)} → {rng.choice(words.CITIES)} {number:05d}"
    return Page(
        title=name if number % 97 else "",
        created=IMPORTED if is_imported else None,
        is_archived=number % 50 == 7,
        in_trash=number % 150 == 11,
        inside=[p(words.SENTENCES[number % 6])] if number % 400 == 3 else (),
        values={
            "w%3Ag": rng.randint(1, 90_000) / 10,
            "sh%7Bp": draw_day(rng),
            "c%40rr": rng.choice(schemas.CARRIERS),
            "d%60lv": rng.random() < 0.9,
        },
    )


def make_operations(
    rng: random.Random, workspace: Workspace, *, tasks: int, clients: int
) -> tuple[Database, str, list[str]]:
    """Write down the database with two data sources, the second named by the first."""
    clients_id = make_id(rng)
    client_ids = [make_id(rng) for _ in range(clients)]
    people = [person.id for person in workspace.people]
    database = Database(
        title="Operations",
        icon="🛠️",
        description="Two tables in one database.",
        sources=[
            Source(
                title="Tasks",
                schema=schemas.make_tasks(clients_id),
                rows=[_make_task(rng, n, people, client_ids) for n in range(tasks)],
            ),
            Source(
                title="Clients",
                id=clients_id,
                schema=schemas.CLIENTS,
                rows=[_make_client(rng, n, i) for n, i in enumerate(client_ids)],
            ),
        ],
    )
    return database, clients_id, client_ids


def _make_task(
    rng: random.Random, number: int, people: list[str], clients: list[str]
) -> Page:
    start = draw_day(rng)
    due: dict[str, Any] | str = start
    if number % 5 == 0:
        due = {"start": start, "end": "2027-01-31"}
    if number % 7 == 0:
        moment = f"{start}T09:30:00.000+09:00"
        due = {"start": moment, "time_zone": "Asia/Tokyo"}
    asked = {"user": people[0], "shown": "@Ines Okafor"}
    return Page(
        title=[f"{rng.choice(words.FIRST)} {number} ", asked]
        if number % 9 == 0
        else f"{rng.choice(words.FIRST)} {rng.choice(words.SECOND)} {number}",
        icon=words.ICONS[number % 8] if number % 3 == 0 else None,
        inside=_make_steps(number) if number % 6 == 0 else (),
        is_archived=number % 80 == 5,
        in_trash=number % 90 == 8,
        values={
            "st%3Ds": rng.choice(schemas.STATES),
            "as%5Bn": [rng.choice(people)] if number % 4 else [],
            "du%3Be": due if number % 8 else None,
            "cl%7Ct": rng.sample(clients, min(rng.randint(0, 2), len(clients))),
            "id%3Fx": {"prefix": "TASK", "number": number + 1},
            "n%24te": [
                words.SENTENCES[number % 6],
                {"t": " urgent", "bold": True, "color": "red"},
            ]
            if number % 3 == 0
            else None,
        },
    )


def _make_steps(number: int) -> list[Any]:
    return [
        h(2, "Steps"),
        todo("Write it down", todo("First draft"), checked=True),
        todo(f"Ask for number {number}", checked=False),
        *([Page(title=f"Notes on task {number}", inside=[li("Only seen by walking")])]
          if number % 30 == 0 else []),
    ]  # fmt: skip


def _make_client(rng: random.Random, number: int, client_id: str) -> Page:
    name = f"{rng.choice(words.COMPANIES)} {rng.choice(words.LEGAL)}"
    return Page(
        id=client_id,
        title=name if number % 60 else words.ODD_TITLES[number // 60 % 15],
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
    """Write down the page whose inline database has a column of every type."""
    people = [person.id for person in workspace.people]
    rows = [_make_animal(rng, n, people, clients) for n in range(24)]
    source = Source(title="Everything", schema=schemas.make_zoo(clients_id), rows=rows)
    zoo = Database(title="Property zoo", icon="🦓", is_inline=True, sources=[source])
    return Page(
        title="Every kind of property",
        icon={"type": "external", "external": {"url": "https://icons.example/zoo.svg"}},
        inside=[p("One column of every type."), zoo, linked_view("Tasks of this week")],
    )


def _make_animal(
    rng: random.Random, number: int, people: list[str], clients: list[str]
) -> Page:
    if number == 0:
        return Page(title="All empty")
    if number == 1:
        mention = {"user": people[0], "shown": "@Ines Okafor"}
        texts = [piece for n in range(MANY) for piece in (mention, f" and {n}, ")]
        related = clients[:MANY]
        return Page(title=texts, values={"tx%3At": texts, "rl%3Dn": related})
    amount = rng.randint(1, 100)
    return Page(
        title=words.ODD_TITLES[number % len(words.ODD_TITLES)],
        icon=words.ICONS[number % len(words.ICONS)],
        values={
            "tx%3At": [words.AWKWARD[number % 9], {"eq": "e^{i\\pi}+1=0"}],
            "nu%3Db": amount / 4,
            "sl%40c": rng.choice(("One", "Zwei", "三")),
            "ms%40c": ["a", "c,d"],
            "ss%40t": rng.choice(schemas.STATES),
            "da%3Ft": {"start": "2026-03-29T01:30:00.000+01:00", "end": "2026-04-02"},
            "pp%3Dl": people,
            "fi%3Al": _make_files(number),
            "cb%3Ax": number % 2 == 0,
            "ul%3Au": "https://example.org/?q=a&b=<c>",
            "em%3Aa": "zoo@example.org",
            "ph%3Ao": "+49 (0)30 555-01",
            "fo%3Am": FORMULAS[number % len(FORMULAS)],
            "rl%3Dn": clients[number : number + 2],
            "ru%3Ap": ROLLUPS[number % len(ROLLUPS)],
            "ui%3Dd": {"prefix": None, "number": number},
            "vr%3Ai": {"by": people[0], "date": draw_day(rng)} if number % 2 else None,
        },
    )


def _make_files(number: int) -> list[dict[str, Any]]:
    url = f"https://files.example/{number}.pdf"
    return [
        {"name": f"Scan {number}.pdf", "type": "external", "external": {"url": url}},
        {
            "name": "絵 <1>.png",
            "type": "file",
            "file": {"url": url, "expiry_time": "2026-11-01T01:00:00.000Z"},
        },
    ]


FORMULAS = (
    {"type": "number", "number": 42.5},
    {"type": "string", "string": "two times"},
    {"type": "boolean", "boolean": True},
    {"type": "date", "date": {"start": "2026-05-01", "end": None, "time_zone": None}},
    {"type": "string", "string": None},
)
ROLLUPS = (
    {"type": "number", "number": 2, "function": "count"},
    {
        "type": "array",
        "array": [{"type": "email", "email": "office@client.example"}],
        "function": "show_original",
    },
    {"type": "date", "date": None, "function": "latest_date"},
)


def make_wiki(rng: random.Random, workspace: Workspace) -> Database:
    """Write down a wiki: its rows have pages inside, and a database stands beside."""
    owner = workspace.people[0].id
    rows = [
        Page(
            title=f"{rng.choice(words.FIRST)} guide {number}",
            icon="📖",
            values={
                "ow%40n": [owner],
                "vf%3Ay": {"by": owner, "date": {"start": "2026-01-10"}}
                if number % 2
                else None,
                "tg%21s": ["Policy"],
            },
            inside=[p("See also:"), Page(title=f"Appendix to guide {number}")],
        )
        for number in range(20)
    ]
    terms = [Page(title=f"Term {number}") for number in range(12)]
    glossary = Source(title="Glossary", schema=[schemas.title("Term")], rows=terms)
    return Database(
        title="Company wiki",
        icon="📚",
        sources=[Source(title="Company wiki", schema=schemas.WIKI, rows=rows)],
        databases=[Database(title="Glossary", sources=[glossary])],
    )

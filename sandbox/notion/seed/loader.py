"""Fill the workspaces with nested, awkward and large data, repeatably."""

import random

from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.notion.seed.building import Builder
from sandbox.notion.seed.data import ENDLESS, ODD_TITLES, WORDS, load
from sandbox.notion.seed.nodes import Block, Item, Page, p, read_all, read_page
from sandbox.notion.seed.tables import Tables, draw, make_table, pick
from sandbox.notion.seed.workspaces import LANTERN, WORKSPACES, Workspace

MOST_TASKS, MOST_CLIENTS, MOST_PROJECTS = 900, 600, 250
SECTIONS, LINES, CHAPTERS, BOOKS, DEPTH = 40, 40, 8, 30, 4
PARTS = ("brief", "budget", "minutes", "retrospective")


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill both workspaces; `rows` is the size of the largest data source."""
    for workspace in WORKSPACES:
        rng = random.Random(f"{plan.seed}/{workspace.id}")
        rows = plan.sizes.get("rows", workspace.rows)
        items = (
            _make_large(rng, workspace, rows)
            if workspace is LANTERN
            else _make_small(rng, workspace)
        )
        builder = Builder(workspace=workspace, rng=rng)
        for item in items:
            builder.add(item)
        with sandbox.storage.write() as connection:
            builder.store(connection)


def _make_large(rng: random.Random, workspace: Workspace, rows: int) -> list[Item]:
    tables = Tables(rng, workspace, min(MOST_CLIENTS, rows // 2))
    operations = tables.make_operations(min(MOST_TASKS, rows))
    zoo = tables.make_zoo_page()
    ines, tomasz = tables.people
    names = {f"deep_{n + 1}": draw(rng, "sentences") for n in range(DEPTH)}
    names |= {"ines": ines, "tomasz": tomasz, "endless": ENDLESS}
    written = load("pages", {**WORDS, **names})
    readings = read_page(written["readings"])
    readings.inside = [_make_long(), *readings.inside]
    return [
        read_page(written["handbook"]),
        operations,
        tables.make_logistics(rows),
        zoo,
        tables.make_wiki(),
        _make_projects(rng, min(MOST_PROJECTS, rows // 10)),
        readings,
        *map(read_page, written["others"]),
    ]


def _make_projects(rng: random.Random, number: int) -> Page:
    years = [
        Page(
            title=f"Projects {year}",
            icon="🗂️",
            inside=[_make_project(rng, year, n) for n in range(number // 3 + 1)],
        )
        for year in (2024, 2025, 2026)
    ]
    return Page(title="Projects", icon="🧭", inside=[p("By year."), *years])


def _make_project(rng: random.Random, year: int, number: int) -> Page:
    name = f"{draw(rng, 'first', 'second')} {year}/{number}"
    odd = ODD_TITLES[number // 7 % len(ODD_TITLES)]
    goal = read_all([["heading_2", "Goal"], ["paragraph", draw(rng, "sentences")]])
    parts = [
        Page(title=f"{name} — {part}", inside=[p(draw(rng, "sentences"))])
        for part in PARTS
    ]
    return Page(
        title=odd if number % 7 == 3 else name,
        icon=pick("icons", number) if number % 4 else None,
        inside=[*goal, *parts],
    )


def _make_long() -> Page:
    sections = [
        Block(
            type="toggle",
            body={"text": f"Section {s}"},
            inside=[p(f"Line {s}.{n}: xylophone {s * n}") for n in range(LINES)],
        )
        for s in range(SECTIONS)
    ]
    return Page(title="A page longer than one answer", icon="🐋", inside=sections)


def _make_small(rng: random.Random, workspace: Workspace) -> list[Item]:
    heading = read_all([["heading_1", "مسودات"]])
    chapters = [
        Page(title=f"الفصل {n}", inside=[p(draw(rng, "sentences"))])
        for n in range(CHAPTERS)
    ]
    task = ["to_do", {"text": "راجع الترجمة", "checked": False}]
    books = [
        Page(title=f"كتاب رقم {n}", values={"dt%3A1": f"2026-{n % 12 + 1:02d}-15"})
        for n in range(BOOKS)
    ]
    return [
        Page(title="مسودات", icon="🖋️", inside=[*heading, *chapters]),
        Page(title=f"مهام {workspace.people[0].name}", inside=read_all([task])),
        make_table("الكتب", "books", books, "🐪"),
    ]

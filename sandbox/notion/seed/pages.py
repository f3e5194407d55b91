"""Make the pages of both workspaces: those of the files, and those that are many."""

import random
from typing import Any

from sandbox.notion.seed.data import ENDLESS, ODD_TITLES, WORDS, load
from sandbox.notion.seed.nodes import Block, Item, Page, p, read_all, read_page
from sandbox.notion.seed.schemas import make_schema
from sandbox.notion.seed.tables import make_database
from sandbox.notion.seed.workspaces import Workspace

SECTIONS, LINES, CHAPTERS, BOOKS, DEPTH = 40, 40, 8, 30, 4
PARTS = ("brief", "budget", "minutes", "retrospective")


def load_pages(rng: random.Random, workspace: Workspace) -> dict[str, Any]:
    """Return what the file of pages holds, as it is written there."""
    ines, tomasz = (person.id for person in workspace.people)
    deep = {f"deep_{n + 1}": draw_sentence(rng) for n in range(DEPTH)}
    names = {"ines": ines, "tomasz": tomasz, "endless": ENDLESS}
    pages: dict[str, Any] = load(
        "pages", {**names, **deep, "awkward": WORDS["awkward"]}
    )
    return pages


def draw_sentence(rng: random.Random) -> str:
    """Draw a sentence, in one of several languages."""
    return str(rng.choice(WORDS["sentences"]))


def make_projects(rng: random.Random, number: int) -> Page:
    """Make many ordinary pages, by year."""
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
    words = f"{rng.choice(WORDS['first'])} {rng.choice(WORDS['second'])}"
    name = f"{words} {year}/{number}"
    odd, icons = ODD_TITLES[number // 7 % len(ODD_TITLES)], WORDS["icons"]
    goal = read_all([["heading_2", "Goal"], ["paragraph", draw_sentence(rng)]])
    parts = [
        Page(title=f"{name} — {part}", inside=[p(draw_sentence(rng))]) for part in PARTS
    ]
    return Page(
        title=odd if number % 7 == 3 else name,
        icon=icons[number % len(icons)] if number % 4 else None,
        inside=[*goal, *parts],
    )


def make_readings(written: list[Any]) -> Page:
    """Make pages that are hard to read: long, odd or both."""
    room = read_page(written)
    room.inside = [_make_long(), *room.inside]
    return room


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


def make_small(rng: random.Random, workspace: Workspace) -> list[Item]:
    """Make two pages and a database, mostly in Arabic."""
    heading = read_all([["heading_1", "مسودات"]])
    chapters = [
        Page(title=f"الفصل {n}", inside=[p(draw_sentence(rng))])
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
        make_database("الكتب", make_schema("books"), books, icon="🐪"),
    ]

"""Fill the workspaces with nested, awkward and large data, repeatably."""

import random
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.notion.seed.building import Builder
from sandbox.notion.seed.nodes import Node, make_page, p, read
from sandbox.notion.seed.rows import Rows, draw
from sandbox.notion.seed.schemas import WORDS, load_schemas
from sandbox.notion.seed.workspaces import WORKSPACES, load

MOST_TASKS, MOST_CLIENTS, MOST_PROJECTS = 900, 600, 250
ANIMALS, GUIDES, TERMS, BOOKS, CHAPTERS = 24, 20, 12, 30, 8
SECTIONS, LINES, DEPTH = 40, 40, 4
# What the file of a workspace names: values, and nodes that are many.
Parts = tuple[Mapping[str, Any], Mapping[str, Iterable[Node]]]


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill both workspaces; `rows` is the size of the largest data source."""
    for workspace in WORKSPACES:
        rng = random.Random(f"{plan.seed}/{workspace.id}")
        people = [person.id for person in workspace.people]
        if workspace.file == "large":
            rows = plan.sizes.get("rows", workspace.rows)
            names, made = _make_large(rng, people, rows)
        else:
            names, made = _make_small(rng)
        written = load(workspace.file, {**WORDS, **names})
        with sandbox.storage.write() as connection:
            builder = Builder(connection=connection, workspace=workspace, rng=rng)
            for node in read(written, made):
                builder.add(node)


def _make_large(rng: random.Random, people: list[str], size: int) -> Parts:
    rows = Rows(rng, people, min(MOST_CLIENTS, size // 2))
    made: dict[str, Iterable[Node]] = {
        "tasks": [rows.make_task(n) for n in range(min(MOST_TASKS, size))],
        "clients": [rows.make_client(n) for n in range(len(rows.clients))],
        "animals": list(rows.make_animals(ANIMALS)),
    }
    names = {f"deep_{n + 1}": draw(rng, "sentences") for n in range(DEPTH)}
    names |= dict(zip(("ines", "tomasz"), people, strict=True))
    projects = min(MOST_PROJECTS, size // 10) // 3 + 1
    made |= {
        # Drawn as they are stored.
        "shipments": map(rows.make_shipment, range(size)),
        "guides": [rows.make_guide(n) for n in range(GUIDES)],
        "terms": [make_page(f"Term {n}") for n in range(TERMS)],
        "projects": [rows.make_year(year, projects) for year in (2024, 2025, 2026)],
        "sections": map(_make_section, range(SECTIONS)),
        "awkward": map(p, WORDS["awkward"]),
    }
    schemas = load_schemas(rows.clients_id)
    return {**names, **schemas, "clients_id": rows.clients_id}, made


def _make_section(number: int) -> Node:
    lines = (f"Line {number}.{n}: xylophone {number * n}" for n in range(LINES))
    return Node("toggle", {"text": f"Section {number}"}, map(p, lines))


def _make_small(rng: random.Random) -> Parts:
    chapters = [
        make_page(f"الفصل {n}", [p(draw(rng, "sentences"))]) for n in range(CHAPTERS)
    ]
    books = [
        make_page(f"كتاب رقم {n}", values={"dt%3A1": f"2026-{n % 12 + 1:02d}-15"})
        for n in range(BOOKS)
    ]
    return load_schemas(), {"chapters": chapters, "books": books}

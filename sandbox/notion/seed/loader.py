"""Fill the workspaces with nested, awkward and large data, repeatably."""

import random
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.core.provider import Plan
from sandbox.core.state import Sandbox
from sandbox.notion.seed.nodes import Builder, Node, make_page, p, read
from sandbox.notion.seed.rows import Rows, draw
from sandbox.notion.seed.workspaces import WORDS, WORKSPACES, load, load_schemas

MOST_TASKS, MOST_CLIENTS, MOST_PROJECTS = 900, 600, 250
ANIMALS, GUIDES, TERMS, BOOKS, CHAPTERS = 24, 20, 12, 30, 8
SECTIONS, LINES, DEPTH = 40, 40, 4
# What the file of a workspace names: values, and nodes that are many.
Parts = tuple[Mapping[str, Any], Mapping[str, Iterable[Node]]]


def seed(sandbox: Sandbox, plan: Plan) -> None:
    """Fill both workspaces; `rows` is the size of the largest data source."""
    for workspace in WORKSPACES:
        rng = random.Random(f"{plan.seed}/{workspace.id}")
        people = [user.id for user in workspace.people]
        size = plan.sizes.get("rows", workspace.rows)
        is_large = workspace.file == "large"
        names, made = _make_large(rng, people, size) if is_large else _make_small(rng)
        written = load(workspace.file, {**WORDS, **names})
        with sandbox.storage.write():
            builder = Builder(storage=sandbox.storage, workspace=workspace, rng=rng)
            for node in read(written, made):
                builder.add(node)


def _make_large(rng: random.Random, people: list[str], size: int) -> Parts:
    rows = Rows(rng, people, min(MOST_CLIENTS, size // 2))
    projects = min(MOST_PROJECTS, size // 10) // 3 + 1
    # Whatever draws is made in this order, the shipments as they are stored.
    tasks = list(map(rows.make_task, range(min(MOST_TASKS, size))))
    clients = list(map(rows.make_client, range(len(rows.clients))))
    animals = list(map(rows.make_animal, range(ANIMALS)))
    names = {f"deep_{n + 1}": draw(rng, "sentences") for n in range(DEPTH)}
    names |= {"ines": people[0], "tomasz": people[1], "clients_id": rows.clients_id}
    return {**names, **load_schemas(rows.clients_id)}, {
        "tasks": tasks,
        "clients": clients,
        "animals": animals,
        "shipments": map(rows.make_shipment, range(size)),
        "guides": list(map(rows.make_guide, range(GUIDES))),
        "projects": [rows.make_year(year, projects) for year in (2024, 2025, 2026)],
        "terms": (make_page(f"Term {n}") for n in range(TERMS)),
        "sections": map(_make_section, range(SECTIONS)),
        "awkward": map(p, WORDS["awkward"]),
    }


def _make_section(number: int) -> Node:
    lines = (f"Line {number}.{n}: xylophone {number * n}" for n in range(LINES))
    return Node("toggle", {"text": f"Section {number}"}, map(p, lines))


def _make_small(rng: random.Random) -> Parts:
    texts = [draw(rng, "sentences") for _ in range(CHAPTERS)]
    chapters = [make_page(f"الفصل {n}", [p(text)]) for n, text in enumerate(texts)]
    days = [f"2026-{n % 12 + 1:02d}-15" for n in range(BOOKS)]
    books = [
        make_page(f"كتاب رقم {n}", values={"dt%3A1": day}) for n, day in enumerate(days)
    ]
    return load_schemas(), {"chapters": chapters, "books": books}

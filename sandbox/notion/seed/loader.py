"""Fill the workspaces with nested, awkward and large data, repeatably."""

import random
from typing import TYPE_CHECKING

from sandbox.core.provider import Plan
from sandbox.notion.seed.building import Builder
from sandbox.notion.seed.nodes import Item, read_page
from sandbox.notion.seed.pages import (
    load_pages,
    make_projects,
    make_readings,
    make_small,
)
from sandbox.notion.seed.tables import (
    make_logistics,
    make_operations,
    make_wiki,
    make_zoo_page,
)
from sandbox.notion.seed.workspaces import LANTERN, WORKSPACES, Workspace

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

MOST_TASKS, MOST_CLIENTS, MOST_PROJECTS = 900, 600, 250


def seed(sandbox: "Sandbox", plan: Plan) -> None:
    """Fill both workspaces; `rows` is the size of the largest data source."""
    for workspace in WORKSPACES:
        rng = random.Random(f"{plan.seed}/{workspace.id}")
        rows = plan.sizes.get("rows", workspace.rows)
        items = (
            _make_large(rng, workspace, rows)
            if workspace is LANTERN
            else make_small(rng, workspace)
        )
        builder = Builder(workspace=workspace, rng=rng)
        for item in items:
            builder.add(item)
        with sandbox.storage.write() as connection:
            builder.store(connection)


def _make_large(rng: random.Random, workspace: Workspace, rows: int) -> list[Item]:
    operations, clients_id, client_ids = make_operations(
        rng,
        workspace,
        tasks=min(MOST_TASKS, rows),
        clients=min(MOST_CLIENTS, rows // 2),
    )
    zoo = make_zoo_page(rng, workspace, clients_id, client_ids)
    written = load_pages(rng, workspace)
    logistics, wiki = make_logistics(rng, rows), make_wiki(rng, workspace)
    return [
        read_page(written["handbook"]),
        operations,
        logistics,
        zoo,
        wiki,
        make_projects(rng, min(MOST_PROJECTS, rows // 10)),
        make_readings(written["readings"]),
        read_page(written["board"]),
        *map(read_page, written["leavings"] + written["strays"]),
    ]

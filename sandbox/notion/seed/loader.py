"""Fill the workspaces with nested, awkward and large data, repeatably."""

import random
from typing import TYPE_CHECKING

from sandbox.core.provider import Plan
from sandbox.notion.api.nodes import Database, Page
from sandbox.notion.seed.building import Builder
from sandbox.notion.seed.pages import (
    make_board,
    make_handbook,
    make_leavings,
    make_projects,
    make_readings,
    make_strays,
)
from sandbox.notion.seed.small import make_small
from sandbox.notion.seed.tables import (
    make_logistics,
    make_operations,
    make_wiki,
    make_zoo_page,
)
from sandbox.notion.seed.workspaces import DROMEDARY, LANTERN

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

MOST_TASKS, MOST_CLIENTS, MOST_PROJECTS = 900, 600, 250


def seed(sandbox: "Sandbox", plan: Plan) -> None:
    """Fill both workspaces; `rows` is the size of the largest data source."""
    for workspace in (LANTERN, DROMEDARY):
        rng = random.Random(f"{plan.seed}/{workspace.id}")
        builder = Builder(workspace=workspace, rng=rng)
        if workspace is LANTERN:
            _fill_large(builder, plan.sizes.get("rows", workspace.rows))
        else:
            for page in make_small(rng, workspace):
                builder.add(page)
        with sandbox.storage.write() as connection:
            builder.store(connection)


def _fill_large(builder: Builder, rows: int) -> None:
    rng, workspace = builder.rng, builder.workspace
    tasks, clients = min(MOST_TASKS, rows), min(MOST_CLIENTS, rows // 2)
    operations, clients_id, client_ids = make_operations(
        rng, workspace, tasks=tasks, clients=clients
    )
    zoo = make_zoo_page(rng, workspace, clients_id, client_ids)
    nodes: list[Page | Database] = [
        make_handbook(rng, workspace),
        operations,
        make_logistics(rng, rows),
        zoo,
        make_wiki(rng, workspace),
        make_projects(rng, min(MOST_PROJECTS, rows // 10)),
        make_readings(workspace),
        make_board(workspace),
        *make_leavings(),
        *make_strays(workspace),
    ]
    for node in nodes:
        builder.add(node)

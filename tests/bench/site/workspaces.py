"""More workspaces for the simulated Notion, of some twenty pages each."""

import uuid
from dataclasses import replace

from sandbox.notion import oauth
from sandbox.notion.seed import loader
from sandbox.notion.seed.workspaces import BY_ID, WORKSPACES, Workspace

SPACE = uuid.UUID("6c2d7b1e-54c0-4e0d-9a27-0d7f4b1c9e33")
# With the shelf, its database and a page to itself: twenty pages.
loader.CHAPTERS, loader.BOOKS = 8, 10


def make(number: int) -> Workspace:
    """Return one workspace and the one person in it; always the same."""
    small = WORKSPACES[-1]
    person = replace(small.people[0], id=str(uuid.uuid5(SPACE, f"person {number}")))
    return replace(
        small,
        id=str(uuid.uuid5(SPACE, f"workspace {number}")),
        name=f"Workspace {number}",
        people=(person,),
    )


def identity(number: int) -> str:
    """Return what the consent page calls the person of a workspace."""
    workspace = make(number)
    return f"{workspace.id}:{workspace.people[0].id}"


def add(count: int) -> None:
    """Have the sandbox know so many more, before it is seeded."""
    made = tuple(map(make, range(count)))
    loader.WORKSPACES = (*WORKSPACES, *made)
    object.__setattr__(oauth.POLICY, "accounts", loader.WORKSPACES)
    BY_ID.update({workspace.id: workspace for workspace in made})

"""List the simulated workspaces and the people in them."""

from dataclasses import dataclass

from sandbox.core.provider import Account, Person

SLUG = "notion"
PAGE, DATABASE, DATA_SOURCE = "page", "database", "data_source"
KINDS = {PAGE: "pages", DATABASE: "databases", DATA_SOURCE: "data_sources"}


@dataclass(frozen=True, kw_only=True)
class Workspace(Account):
    """Describe one workspace: its plan's limit, its icon, its size."""

    icon: str | None
    calls_per_minute: int
    rows: int


LANTERN = Workspace(
    id="7a1f0c52-6d0e-4b7c-9a53-2f1d8f6b4e10",
    name="Lantern & Reed",
    note="Large workspace, Plus plan",
    icon="https://files.lantern-and-reed.example/icon.png",
    calls_per_minute=180,
    rows=12_000,
    people=(
        Person(
            id="5b0e3a1c-0d44-4f6a-8f0e-6a1b7c2d3e41",
            name="Ines Okafor",
            email="ines@lantern-and-reed.example",
        ),
        Person(
            id="c2d9a6f7-7b1e-4a35-b8c4-90e1f2a3b4c5",
            name="Tomasz Łukasik",
            email="tomasz@lantern-and-reed.example",
            is_admin=False,
        ),
    ),
)
DROMEDARY = Workspace(
    id="1c8b7e66-3f52-4a19-8d20-b7a6c5d4e3f2",
    name="Dromedary Press",
    note="Small workspace, Business plan",
    icon=None,
    calls_per_minute=600,
    rows=0,
    people=(
        Person(
            id="e4f5a6b7-c8d9-4e0f-91a2-b3c4d5e6f708",
            name="نور الهاشمي",
            email="nour@dromedary.example",
        ),
    ),
)
WORKSPACES = (LANTERN, DROMEDARY)
BY_ID = {workspace.id: workspace for workspace in WORKSPACES}


def find_person(workspace: str, person_id: str) -> Person:
    """Return somebody in a workspace."""
    return next(p for p in BY_ID[workspace].people if p.id == person_id)

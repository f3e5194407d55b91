"""List what a person may pick for an app: what they have full access to."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.core.provider import Person
from sandbox.notion.api.shares import make_holder
from sandbox.notion.seed.workspaces import DATA_SOURCE, SLUG, Workspace

if TYPE_CHECKING:
    from sandbox.core.state import Sandbox

# Top pages and databases, pages set out below one, and what is picked already.
PICKABLE = """
SELECT o.id, o.kind, o.title, o.body, above.title AS above, s.id IS NOT NULL AS shared
FROM notion_object o LEFT JOIN notion_object above ON above.id = o.container
LEFT JOIN notion_share s ON s.holder = ? AND s.id = o.id AND s.allowed
WHERE o.workspace = ? AND o.kind <> ? AND o.in_trash = 0 AND (
    o.container = '' OR s.id IS NOT NULL OR json_extract(o.body, '$.offered'))
ORDER BY o.key
"""
ALIVE = """
SELECT 1 FROM oauth_grant WHERE provider = ? AND account = ? AND user = ?
AND ended_at IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Describe one entry of the picker."""

    id: str
    kind: str
    title: str
    icon: str
    above: str
    is_picked: bool


def list_pickable(
    sandbox: "Sandbox", workspace: Workspace, person: Person
) -> list[Choice]:
    """Return what one person may pick, with what is picked now."""
    holder = make_holder(workspace.id, person.id)
    storage = sandbox.storage
    rows = storage.all(PICKABLE, holder, workspace.id, DATA_SOURCE)
    alive = storage.one(ALIVE, SLUG, workspace.id, person.id)
    choices = []
    for row in rows:
        body = json.loads(row["body"])
        if person.id not in body.get("full_access", [person.id]):
            continue
        icon = body.get("icon")
        choices.append(
            Choice(
                id=row["id"],
                kind=row["kind"],
                title=row["title"] or "Untitled",
                icon=icon if isinstance(icon, str) else "",
                above=row["above"] or "",
                is_picked=bool(row["shared"] if alive else not body.get("unticked")),
            )
        )
    return choices

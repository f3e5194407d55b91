"""Write down the small workspace."""

import random

from sandbox.notion.api import schemas
from sandbox.notion.api.nodes import Database, Page, Source, h, p, todo
from sandbox.notion.seed import words
from sandbox.notion.seed.workspaces import Workspace


def make_small(rng: random.Random, workspace: Workspace) -> list[Page | Database]:
    """Write down two pages and a database, mostly in Arabic."""
    rows = [
        Page(
            title=f"كتاب رقم {number}",
            values={"dt%3A1": f"2026-{number % 12 + 1:02d}-15"},
        )
        for number in range(30)
    ]
    books = Source(title="الكتب", schema=schemas.PLAIN, rows=rows)
    chapters = [
        Page(title=f"الفصل {number}", inside=[p(rng.choice(words.SENTENCES))])
        for number in range(8)
    ]
    name = workspace.people[0].name
    return [
        Page(title="مسودات", icon="🖋️", inside=[h(1, "مسودات"), *chapters]),
        Page(title=f"مهام {name}", inside=[todo("راجع الترجمة", checked=False)]),
        Database(title="الكتب", icon="🐪", sources=[books]),
    ]

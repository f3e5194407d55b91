"""Whatever a workspace holds and however it changes, what is shown is stored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.notion.invented.workspace import (
    ROOT,
    Reading,
    Workspace,
    ids,
    in_block,
    in_page,
    uid,
)
from tests.providers.scenario import Scenario
from tests.support.provider_answers.invented import examples

BLOCKS = ("toggle", "column", "synced_block")
COLLECTIONS = ("databases", "pages")


@dataclass(kw_only=True)
class InventedWorkspace:
    """A workspace, and what is known of it besides: the page that each block is in."""

    workspace: Workspace
    numbers: Iterator[int]
    pages: list[int] = field(default_factory=list)
    blocks: dict[int, int] = field(default_factory=dict)
    telling: set[int] = field(default_factory=set)
    leaves: set[int] = field(default_factory=set)
    sources: dict[int, int] = field(default_factory=dict)
    is_stored: bool = False

    @property
    def shown(self) -> set[str]:
        """Return the ids of all that Notion shows us."""
        hidden = self.workspace.unshared
        return {
            key
            for key, thing in self.workspace.things.items()
            if thing["object"] != "block"
            and not thing["in_trash"]
            and key not in hidden
        }

    def answer(self, steps: list[str], query: Any, body: Any) -> Any:
        """Answer with the Markdown of pages that tell theirs, else as ever."""
        if steps[-1] == "markdown" and uid_of(steps[1]) in self.telling:
            tags = "\n".join(self._tags(steps[1]))
            return {"markdown": tags, "truncated": False, "unknown_block_ids": []}
        return Workspace._answer(self.workspace, steps, query, body)

    def _tags(self, holder: str) -> Iterator[str]:
        rows = Workspace._children(self.workspace, holder, None)
        if rows is None:
            return
        for row in self.workspace.blocks.get(holder, []):
            thing = self.workspace.things[row["id"]]
            if thing["in_trash"] or row["id"] in self.workspace.unshared:
                continue
            if thing["object"] == "block":
                yield from self._tags(row["id"])
            else:
                kind, key = thing["object"], row["id"].replace("-", "")
                yield f'<{kind} url="https://app.notion.com/p/T-{key}">T</{kind}>'


def uid_of(remote_id: str) -> int:
    return int(remote_id[-12:])


@st.composite
def growth(draw: st.DrawFn, invented: InventedWorkspace, at: str) -> None:
    """Add pages, databases and blocks anywhere, some of which no search shows."""
    for _ in range(draw(st.integers(1, 6))):
        number = next(invented.numbers)
        parent, page = ROOT, 0
        if invented.pages and draw(st.booleans()):
            page = draw(st.sampled_from(invented.pages))
            inside = [b for b, holder in invented.blocks.items() if holder == page]
            block = draw(st.sampled_from([0, *inside]))
            parent = in_block(block) if block else in_page(page)
            invented.workspace.things[uid(page)]["last_edited_time"] = at
            invented.leaves.discard(page)
        kind = draw(st.sampled_from(("page", "page", "database", "block")))
        if kind == "block" and page:
            invented.workspace.block(number, parent, draw(st.sampled_from(BLOCKS)))
            invented.blocks[number] = page
            continue
        added = [number]
        if kind == "database":
            source = invented.sources[number] = next(invented.numbers)
            invented.workspace.database(number, [source], parent)
            added.append(source)
        else:
            invented.workspace.page(number, parent)
            invented.pages.append(number)
            invented.telling |= {number} if draw(st.booleans()) else set()
            invented.leaves.add(number)
        for each in added:
            invented.workspace.things[uid(each)]["last_edited_time"] = at
        # An edit of what no search shows is seen by the full refresh alone.
        is_told = (
            uid(page) not in invented.workspace.unsearchable or not invented.is_stored
        )
        if page and is_told and draw(st.booleans()):
            invented.workspace.hide(*added)


@st.composite
def losses(draw: st.DrawFn, invented: InventedWorkspace, at: str) -> set[int]:
    """Edit, trash and unshare some pages; return those that are lost."""
    lost: set[int] = set()
    for number in list(invented.pages):
        way = draw(st.sampled_from(("keep", "keep", "edit", "trash", "unshare")))
        if way in {"trash", "unshare"} and number not in invented.leaves:
            continue
        if way != "keep":
            invented.workspace.things[uid(number)]["last_edited_time"] = at
        if way == "trash":
            invented.workspace.trash(number)
        if way == "unshare":
            invented.workspace.unshared |= ids(number)
        if way in {"trash", "unshare"}:
            invented.pages.remove(number)
            lost.add(number)
    return lost


@pytest.mark.usefixtures("without_logs")
@given(data=st.data())
@examples(25)
def test_what_a_workspace_shows_is_stored_however_it_changes(
    notion: Scenario, data: st.DataObject
) -> None:
    invented = InventedWorkspace(workspace=Workspace(), numbers=iter(range(1, 999)))
    invented.workspace.page_size = data.draw(st.integers(1, 4))
    invented.workspace._answer = invented.answer  # type: ignore[method-assign]
    notion.api.transport = invented.workspace
    reading = Reading(notion, invented.workspace)
    data.draw(growth(invented, "2026-11-20T10:00:00.000Z"))

    reading.full(*COLLECTIONS)

    assert reading.store.live().keys() == invented.shown
    lost: set[int] = set()
    invented.is_stored = True
    for _ in range(data.draw(st.integers(1, 3))):
        since = reading.store.now - timedelta(minutes=5)
        at = reading.store.now.isoformat()
        lost |= data.draw(losses(invented, at))
        data.draw(growth(invented, at))
        for own in COLLECTIONS:
            reading.changes(own, since)
        live = reading.store.live().keys()
        assert invented.shown <= live <= invented.shown | ids(*lost)
    reading.full(*COLLECTIONS)
    assert reading.store.live().keys() == invented.shown

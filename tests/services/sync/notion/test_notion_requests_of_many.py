"""Each phase in the large workspace asks for no more than it has to.

The least is counted at the simulated Notion, not from what was asked: what its search
shows in part or leaves out, which texts and values are longer than an answer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from zlib import crc32

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemContent
from integrations.services.grants import credentials
from tests.sandbox.notion_client import VERSION, NotionClient
from tests.services.fixtures import Connect, FinishSync
from tests.services.readme_figures import read_figures
from tests.services.sync.notion.workspace_rows import LARGE

MOST = 1.2
# What the end of a step cuts short is taken up again by the next.
MOST_REPEATED = 8
REFERENCES = 25
# The README's columns, by the test's parameter.
COLUMNS = {True: 1, False: 2}


@dataclass(kw_only=True)
class Workspace:
    """What has to be asked for, counted by asking the simulated Notion."""

    notion: NotionClient

    @cached_property
    def hits(self) -> dict[str, list[dict[str, Any]]]:
        """Return the hits of both searches."""
        kinds = ("page", "data_source")
        wanted = {kind: {"property": "object", "value": kind} for kind in kinds}
        return {
            kind: list(self.notion.walk("/search", {"filter": each, "page_size": 100}))
            for kind, each in wanted.items()
        }

    @property
    def searches(self) -> int:
        """Return how many pages the searches have."""
        return sum(max(1, math.ceil(len(each) / 100)) for each in self.hits.values())

    @property
    def untold(self) -> int:
        """Return how many objects no listing tells as a whole: each costs a call."""
        whole = {h["id"] for each in self.hits.values() for h in each if "url" in h}
        return len({item.remote_id for item in listed()} - whole)

    @property
    def left_out(self) -> int:
        """Return how many objects search should show first, and does not.

        Nothing else tells that they are there.
        """
        return sum(map(self._left_out, self.hits.values(), ("page", "data_source")))

    def _left_out(self, hits: list[dict[str, Any]], kind: str) -> int:
        first = [hit for hit in hits[:100] if "url" in hit]
        oldest = min(hit["last_edited_time"] for hit in first) if hits[100:] else ""
        shown = {hit["id"] for hit in hits[:100]}
        return sum(
            item.remote_id not in shown and f"{item.remote_updated_at:%FT%T}Z" > oldest
            for item in listed()
            if item.type == kind
        )

    @property
    def structure(self) -> int:
        """Return what names, columns, rows and archived rows take, read in full."""
        databases = Item.objects.live().filter(type="database").count()
        sources = Item.objects.live().filter(type="data_source").count()
        users = 1
        return self.searches + databases + 3 * sources + users + self.long_values

    @cached_property
    def long_values(self) -> int:
        """Return how many values of rows are longer than an answer."""
        return sum(
            len(value[value["type"]] or ()) == REFERENCES
            for source in Item.objects.live().filter(type="data_source")
            for row in self.notion.walk(f"/data_sources/{source.remote_id}/query", {})
            for value in row["properties"].values()
            if isinstance(value[value["type"]], list)
        )

    def texts(self, ids: set[str]) -> int:
        """Return what the texts of pages take: parts, and blocks for headings."""
        contents = ItemContent.objects.filter(item__remote_id__in=ids)
        headed = [
            each
            for each in contents
            if any(block["kind"] == "heading" for block in each.blocks)
        ]
        return sum(map(self._parts, ids)) + len(headed)

    def _parts(self, remote_id: str) -> int:
        """Return in how many answers a text comes; one that has no Markdown in none."""
        answer = self.notion.show(f"{remote_id}/markdown").data
        untold = answer.get("unknown_block_ids", ())
        if untold == [remote_id]:
            return 0
        return 1 + (sum(map(self._parts, untold)) if answer.get("truncated") else 0)


def listed() -> list[Item]:
    """Return what search is asked for: pages without rows, data sources."""
    items = Item.objects.live().filter(type__in=["page", "data_source"])
    return list(items.filter(collection__remote_id__in=["pages", "databases"]))


def pages() -> set[str]:
    items = Item.objects.live().filter(type="page")
    return set(items.values_list("remote_id", flat=True))


@dataclass(kw_only=True)
class Loaded:
    """A connection to the large workspace, and what each sync of it asks."""

    connection: Connection
    notion: NotionClient
    sandbox: Any
    finish: FinishSync
    figures: Mapping[str, Sequence[int]]

    def asked(self, **options: Any) -> list[str]:
        before = len(self.sandbox.log)
        assert self.finish(self.connection, **options).outcome == "complete"
        repeated = self.sandbox.repeated(before)
        assert set(repeated.values()) <= {2}, repeated
        assert len(repeated) <= MOST_REPEATED, repeated
        return list(self.sandbox.log[before:])

    @property
    def workspace(self) -> Workspace:
        """Return the workspace as this connection sees it now."""
        token = credentials.open_access(self.connection.credential).secret.reveal()
        self.notion.headers = {**VERSION, "Authorization": f"Bearer {token}"}
        return Workspace(notion=self.notion)


@pytest.fixture(params=[True, False], ids=["with gaps", "without gaps"])
def loaded(
    request: pytest.FixtureRequest,
    alice: User,
    connect_notion: Connect,
    notion: NotionClient,
    finish_sync: FinishSync,
    sandbox: Any,
    settings: Any,
) -> Loaded:
    settings.CONTENT_PAGES_PER_RUN = 5000
    # How much a step ends in the middle of is not the machine's to say.
    settings.SLICE_SECONDS = 600
    if not request.param:
        for fault in ("search_leaves_out", "partial_hits"):
            notion.switch(fault, 0)
    return Loaded(
        connection=connect_notion(alice, LARGE),
        notion=notion,
        sandbox=sandbox,
        finish=finish_sync,
        figures={
            phase: cells[COLUMNS[request.param]]
            for phase, cells in read_figures("notion").items()
        },
    )


def assert_near(asked: list[str], least: int, figures: Sequence[int]) -> None:
    """Hold what was asked within a fifth of the least, and to the README's figures."""
    assert least <= len(asked) <= least * MOST, asked
    assert [least, len(asked)] == figures


def test_each_phase_of_the_large_workspace_stays_near_the_least(
    loaded: Loaded,
) -> None:
    figures = loaded.figures
    first = loaded.asked()
    workspace = loaded.workspace
    assert len(workspace.hits["page"]) > 100
    told = workspace.structure + workspace.untold
    assert_near(first, told + workspace.texts(pages()), figures["first load"])
    assert ItemContent.objects.count() == len(pages())

    sources = Collection.objects.filter(remote_id__contains="-").count()
    nothing = 2 + sources + workspace.left_out
    assert_near(loaded.asked(), nothing, figures["nothing changed"])

    edited = sorted(pages())[::100]
    for remote_id in edited:
        loaded.notion.command("records/edit", id=remote_id, text="Quagga")
    changed = nothing + workspace.texts(set(edited))
    assert_near(loaded.asked(), changed, figures["1 % changed"])

    # Before the first spot check, which has a budget of its own.
    with time_machine.travel(timezone.now() + timedelta(hours=3), tick=True):
        turn = Collection.objects.get(remote_id="pages").generation + 1
        walked = {each for each in pages() if crc32(each.encode()) % 7 == turn % 7}
        asked = loaded.asked(full=True)
        walked |= set(edited)
        assert_near(asked, told + workspace.texts(walked), figures["full refresh"])

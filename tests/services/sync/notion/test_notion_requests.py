"""Each phase asks for no more than it has to, counted at the simulated Notion."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from zlib import crc32

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Collection, Connection, Item, ItemContent
from tests.sandbox.notion_client import NotionClient
from tests.services.fixtures import Connect, FinishSync, read_once
from tests.services.readme_figures import read_figures
from tests.services.sync.notion.workspace_rows import assert_equal_to, item_named
from tests.support.pages.snapshots import made_once

# What may be asked for beyond the least that tells everything.
MOST = 1.2
# The README's column.
SMALL = 0


@contextmanager
def at_most(sandbox: Any, least: int, *, phase: str) -> Iterator[None]:
    """Hold what is asked for inside within a fifth of the least, and not below it.

    The README has the same figures for the phase.
    """
    before = len(sandbox.log)
    yield
    asked = sandbox.log[before:]
    assert least <= len(asked) <= least * MOST, asked
    assert sandbox.repeated(before) == {}
    assert [least, len(asked)] == read_figures("notion")[phase][SMALL]


def with_headings() -> int:
    """Count the pages whose Markdown does not tell headings from paragraphs."""
    return sum(
        any(b["kind"] == "heading" and not b.get("depth") for b in each.blocks)
        for each in ItemContent.objects.all()
    )


def structure() -> int:
    """Return what schemas, rows, databases and the two searches take, read in full."""
    databases = Item.objects.live().filter(type="database").count()
    sources = Item.objects.live().filter(type="data_source").count()
    has_users = any(each.schema.get("users") for each in Collection.objects.all())
    searches, users = 2, int(has_users)
    # Each data source: its columns, its rows, its archived rows.
    return searches + users + databases + 3 * sources


@pytest.fixture
def told(notion: NotionClient, settings: Any) -> NotionClient:
    """Return a Notion whose search tells everything; texts are read."""
    settings.CONTENT_PAGES_PER_RUN = 200
    for fault in ("search_leaves_out", "partial_hits"):
        notion.switch(fault, 0)
    return notion


@pytest.fixture
@made_once
def loaded(
    request: pytest.FixtureRequest,
    sandbox: Any,
    told: NotionClient,
    with_texts: Connection,
) -> Iterator[Connection]:
    """Return a workspace that has been read once."""
    yield from read_once(request, sandbox, with_texts)


def test_connecting_takes_the_exchange_of_the_code(
    alice: User, connect_notion: Connect, sandbox: Any, told: NotionClient
) -> None:
    with at_most(sandbox, 1, phase="connect"):
        connect_notion(alice)


def test_a_first_load_asks_for_each_page_once(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    sandbox: Any,
    told: NotionClient,
) -> None:
    connection = connect_notion(alice)
    before = len(sandbox.log)

    finish_sync(connection)

    pages = Item.objects.live().filter(type="page").count()
    least = structure() + pages + with_headings()
    asked = sandbox.log[before:]
    assert least <= len(asked) <= least * MOST, asked
    assert sandbox.repeated(before) == {}
    assert [least, len(asked)] == read_figures("notion")["first load"][SMALL]
    assert ItemContent.objects.count() == pages
    assert_equal_to(told)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=40)])
def test_what_was_only_just_stored_here_is_no_news(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    sandbox: Any,
    told: NotionClient,
    ahead: timedelta,
) -> None:
    """Whatever our clock says: an answer's Date alone puts it a second off theirs."""
    connection = connect_notion(alice)
    with time_machine.travel(timezone.now() + ahead, tick=True):
        sandbox.client.sandbox.clock = lambda: time.time() - ahead.total_seconds()
        assert finish_sync(connection).outcome == "complete"
        sources = Collection.objects.filter(remote_id__contains="-").count()

        with at_most(sandbox, 2 + sources, phase="nothing changed"):
            run = finish_sync(connection)

    assert (run.outcome, run.created, run.changed) == ("complete", 0, 0)


def test_what_changed_there_is_all_that_is_read(
    loaded: Connection, finish_sync: FinishSync, sandbox: Any, told: NotionClient
) -> None:
    page = item_named("الفصل 3")
    told.command("records/edit", id=page.remote_id, text="Quagga")
    sources = Collection.objects.filter(remote_id__contains="-").count()

    with at_most(sandbox, 2 + sources + 1, phase="1 % changed"):
        run = finish_sync(loaded)

    assert run.changed == 1
    page.refresh_from_db()
    assert "Quagga" in page.content.text


@pytest.mark.parametrize("is_computed_anew", [False, True])
def test_a_full_refresh_walks_a_seventh_of_what_nobody_edited(
    loaded: Connection, finish_sync: FinishSync, sandbox: Any, is_computed_anew: bool
) -> None:
    valued = Item.objects.live().filter(type="page").exclude(properties={}).count()
    if is_computed_anew:
        # As if they had come days ago, and their formulas had other values now.
        Item.objects.filter(type="page").update(
            first_seen_at=timezone.now() - timedelta(days=3), properties={}, digest=""
        )
    turn = Collection.objects.get(remote_id="pages").generation + 1
    ids = Item.objects.live().filter(type="page").values_list("remote_id", flat=True)
    walked = [each for each in ids if crc32(each.encode()) % 7 == turn % 7]
    headed = ItemContent.objects.filter(
        item__remote_id__in=walked, blocks__0__kind="heading"
    ).count()

    least = structure() + len(walked) + headed
    with at_most(sandbox, least, phase="full refresh"):
        run = finish_sync(loaded, full=True)

    # A page without values has none that differ.
    changed = valued if is_computed_anew else 0
    assert (run.outcome, run.created, run.changed) == ("complete", 0, changed)

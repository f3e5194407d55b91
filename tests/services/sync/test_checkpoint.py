"""A checkpoint is what was written, or is refused; its steps are its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import InvalidResponse
from integrations.models import Collection, Connection, Item
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.sync.progress import CollectionProgress, Phase, ProgressState
from integrations.providers.kinds import (
    Deletion,
    DeletionKind,
    Incomplete,
    IncompleteKind,
    Pending,
    PendingKind,
)
from integrations.providers.mistakes import Mistake
from integrations.providers.records import IntegrationItem, Page, Same
from integrations.providers.typed.typed_json import UnreadableError
from integrations.services.sync import engine, runs
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import (
    Checkpoint,
    CheckpointError,
    FullRefresh,
    Incremental,
)
from integrations.services.sync.refresh.cycle import Cycle
from integrations.services.sync.refresh.mistakes import Mistakes
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import assert_equal_to

BEGAN = datetime(2026, 11, 28, 5, 30, tzinfo=UTC)
NOTED = {
    "1": Deletion(kind=DeletionKind.ARCHIVED),
    "2": Deletion(kind=DeletionKind.MERGED, detail="9:1"),
}
FULL = FullRefresh(
    began=BEGAN,
    phase=Phase.DELETIONS,
    cursor='{"after": "ä"}',
    cycle=Cycle(mark="a" * 32, steps=3, length=8),
    unreadable=2,
    mistakes=Mistakes(count=1, reference="00ff", origin="KeyError at a.py:3"),
    noted=NOTED,
    has_more_noted=True,
    listed=1_000_000,
    nameless=1,
    incomplete=Incomplete(kind=IncompleteKind.CAPPED, number=10_000),
    pending=Pending(kind=PendingKind.TAKES_TURNS, number=500),
    unseen=0,
    deleted=7,
)
INCREMENTAL = Incremental(
    began=BEGAN, since=BEGAN, reads_late_arrivals=True, delta=3, noted=NOTED
)


@pytest.mark.parametrize(
    "written",
    [
        None,
        FullRefresh(began=BEGAN),
        replace(FullRefresh(began=BEGAN), phase=Phase.ENDING),
        FULL,
        Incremental(began=BEGAN, since=BEGAN),
        INCREMENTAL,
        replace(INCREMENTAL, waiting=FULL, phase=Phase.ENDING, cursor=""),
    ],
)
def test_what_is_written_is_read(written: Checkpoint | None) -> None:
    assert checkpoint.from_json(checkpoint.to_json(written)) == written


def test_what_has_its_default_is_not_written() -> None:
    assert checkpoint.to_json(FullRefresh(began=BEGAN)) == {
        "kind": "full_refresh",
        "began": BEGAN.isoformat(),
    }


DAMAGES: list[Any] = [
    {"phase": "full", "began": BEGAN.isoformat(), "seen": 0},
    {"kind": "sideways", "began": BEGAN.isoformat()},
    {"kind": "full_refresh"},
    {"kind": "incremental", "began": BEGAN.isoformat()},
    {"kind": "full_refresh", "began": "yesterday"},
    {"kind": "full_refresh", "began": "2026-11-28T05:30:00"},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "listed": "3"},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "listed": True},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "phase": "changes"},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "phase": "gone"},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "noted": {"1": "odd"}},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "noted": ["1"]},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "cycle": 3},
    {"kind": "full_refresh", "began": BEGAN.isoformat(), "surplus": 1},
    {"kind": []},
    ["full_refresh"],
    "full_refresh",
]


@pytest.mark.parametrize("damaged", DAMAGES)
def test_what_was_not_written_is_refused(damaged: Any) -> None:
    with pytest.raises(CheckpointError):
        checkpoint.from_json(damaged)


@pytest.mark.parametrize("damaged", [DAMAGES[1], DAMAGES[10]])
def test_a_damaged_checkpoint_begins_the_listing_again(
    connection: Connection, finish_sync: FinishSync, sandbox: Any, damaged: Any
) -> None:
    run, _ = runs.open_run(connection, trigger="user")
    engine.run_slice(run.pk, seconds=0.000001)
    Collection.objects.filter(remote_id="contacts").update(checkpoint=damaged)

    assert finish_sync(connection).outcome == "complete"
    assert_equal_to(sandbox)


def test_a_damaged_checkpoint_behind_a_watermark_reads_everything(
    synced: Connection, finish_sync: FinishSync, sandbox: Any
) -> None:
    Collection.objects.update(checkpoint=DAMAGES[1])
    Item.objects.filter(type="contact").delete()

    assert finish_sync(synced).outcome == "complete"
    assert_equal_to(sandbox)


def page(*ids: str, cursor: str | None = None, **values: Any) -> Page:
    items = [IntegrationItem(id=each, type="contact", name=each) for each in ids]
    return Page(items=items, next_cursor=cursor, **values)


def test_a_page_moves_the_cursor_and_counts_what_it_showed() -> None:
    shown = page("1", "2", cursor="next", unreadable=3, unreadable_ids=("8", "9"))

    behind = checkpoint.after_page(FullRefresh(began=BEGAN), shown)

    assert isinstance(behind, FullRefresh)
    assert (behind.cursor, behind.phase) == ("next", Phase.LISTING)
    assert (behind.listed, behind.unreadable, behind.nameless) == (5, 3, 1)


def test_a_listing_that_does_not_move_on_or_goes_round_is_refused() -> None:
    here = replace(FullRefresh(began=BEGAN), cursor="a")
    with pytest.raises(InvalidResponse):
        checkpoint.after_page(here, page(cursor="a"))

    def walk() -> None:
        found: Checkpoint = FullRefresh(began=BEGAN)
        for cursor in ("a", "b", "c") * 10:
            found = checkpoint.after_page(found, page(cursor=cursor))

    with pytest.raises(InvalidResponse):
        walk()


@pytest.mark.parametrize(
    ("found", "following"),
    [
        (FullRefresh(began=BEGAN), Phase.DELETIONS),
        (replace(FULL, cursor=None), Phase.ENDING),
        (Incremental(began=BEGAN, since=BEGAN), Phase.ENDING),
        (INCREMENTAL, Phase.DELETIONS),
        (replace(INCREMENTAL, phase=Phase.DELETIONS), Phase.ENDING),
    ],
)
def test_the_last_page_leads_to_the_next_phase(
    found: Checkpoint, following: Phase
) -> None:
    assert checkpoint.after_page(found, page()).phase is following


def test_a_restarted_listing_forgets_what_it_counted_but_not_when_it_began() -> None:
    found = replace(FULL, phase=Phase.LISTING)

    assert checkpoint.restarted(found) == FullRefresh(began=BEGAN)
    assert checkpoint.restarted(FULL) == replace(FULL, cursor=None, cycle=Cycle())


def test_deletions_are_noted_up_to_a_bound_and_forgotten_when_shown_again() -> None:
    many = {
        str(n): Deletion(kind=DeletionKind.ARCHIVED)
        for n in range(checkpoint.MOST_NOTED + 1)
    }

    noted = checkpoint.with_noted(FullRefresh(began=BEGAN), page(), many)
    after = checkpoint.with_noted(noted, page("0"), {})

    assert (len(noted.noted), noted.has_more_noted) == (checkpoint.MOST_NOTED, True)
    assert "0" not in after.noted


def test_what_is_told_as_it_was_is_listed_and_not_deleted() -> None:
    gone = {"1": Deletion(kind=DeletionKind.MERGED, detail="2")}
    noted = checkpoint.with_noted(FullRefresh(began=BEGAN), page(), gone)
    same = Same(digest="0", to_item=lambda: page("1").items[0])
    shown = page("2", cursor="next", same={"1": same})

    behind = checkpoint.after_page(checkpoint.with_noted(noted, shown, {}), shown)

    assert isinstance(behind, FullRefresh)
    assert (noted.noted, behind.noted, behind.listed) == (gone, {}, 2)


def test_our_mistakes_keep_the_reference_of_the_first() -> None:
    mistake = Mistake(error="KeyError", file="a.py", line=3)
    one = checkpoint.after_page(
        FullRefresh(began=BEGAN), page(unreadable=1, mistakes=(mistake,), cursor="a")
    )
    two = checkpoint.after_page(
        one, page(unreadable=2, mistakes=(mistake, mistake), cursor="b")
    )

    assert one.mistakes is not None
    assert two.mistakes == replace(one.mistakes, count=3)
    assert two.mistakes.origin == "KeyError at a.py:3"


def test_a_full_refresh_that_is_too_old_is_not_left_over() -> None:
    now = timezone.now()
    too_long = checkpoint.LIFE + timedelta(seconds=1)
    fresh, old = FullRefresh(began=now), FullRefresh(began=now - too_long)
    behind = Incremental(began=now, since=now, waiting=fresh)

    def left_of(found: Checkpoint) -> FullRefresh | None:
        stored = Collection(checkpoint=checkpoint.to_json(found))
        return checkpoint.left_over(stored, now=now)

    assert (left_of(fresh), left_of(old), left_of(behind)) == (fresh, None, fresh)


def test_progress_is_read_as_it_was_written() -> None:
    reason = Reason(code=ReasonCode.NO_PERMISSION, data={"scopes": ["deals.read"]})
    written = CollectionProgress(
        name="Deals",
        state=ProgressState.WAITING,
        phase=Phase.CHANGES,
        seen=3,
        total=9,
        tries=2,
        retry_at=BEGAN,
        reason=reason,
        failure=Reason(code=ReasonCode.ODD_ANSWER),
        status=403,
        error_code="MISSING_SCOPES",
        correlation_id="4d2f",
    )

    assert CollectionProgress.from_json(written.to_json()) == written
    with pytest.raises(UnreadableError):
        CollectionProgress.from_json({"name": "Deals", "state": "asleep"})

"""What is stored as JSON is typed: it comes back as it was, and nothing else does."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.models import Collection, SyncRun
from integrations.models.reasons import Reason, ReasonCode
from integrations.models.sync.hold import HeldDeletions, HoldKind
from integrations.models.sync.progress import (
    CollectionProgress,
    Phase,
    ProgressState,
    RunProgress,
)
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.typed.typed_json import UnreadableError

ENTRY = CollectionProgress(
    name="Contacts",
    state=ProgressState.WAITING,
    phase=Phase.LISTING,
    seen=7,
    retry_at=datetime(2026, 11, 28, tzinfo=UTC),
    reason=Reason(code=ReasonCode.NETWORK, data={"attempt": 2}),
)


@pytest.mark.parametrize(
    "held",
    [
        HeldDeletions(
            count=30,
            generation=4,
            sample=("1", "2"),
            deletions={
                "1": Deletion(kind=DeletionKind.ARCHIVED),
                "2": Deletion(kind=DeletionKind.MERGED, detail="77"),
            },
        ),
        HeldDeletions(
            kind=HoldKind.COLLECTION,
            count=1,
            generation=0,
            deletion=Deletion(kind=DeletionKind.UNSHARED),
        ),
    ],
)
def test_held_deletions_come_back_as_they_were(held: HeldDeletions) -> None:
    collection = Collection(held_deletions=held.to_json())

    assert collection.hold == held


def test_held_deletions_of_earlier_versions_are_read() -> None:
    stored = {
        "count": 30,
        "sample": ["1"],
        "deletions": {"1": "merged:77"},
        "generation": 2,
    }

    hold = Collection(held_deletions=stored).hold

    assert hold is not None
    assert (hold.kind, hold.count, hold.generation) == (HoldKind.UNSEEN, 30, 2)
    assert hold.deletions == {"1": Deletion(kind=DeletionKind.MERGED, detail="77")}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"count": 30},
        {"count": "30", "generation": 1},
        {"count": 30, "generation": 1, "deletions": {"1": "eaten"}},
        {"count": 30, "generation": 1, "colour": "red"},
        ["count"],
    ],
)
def test_what_nobody_wrote_is_no_hold(stored: Any) -> None:
    assert Collection(held_deletions=stored).hold is None


@pytest.mark.parametrize(
    "noted",
    [
        RunProgress(),
        RunProgress(listing=ENTRY),
        RunProgress(listing=ENTRY, collections={"a": ENTRY, "b": ENTRY}),
    ],
)
def test_the_progress_of_a_run_comes_back_as_it_was(noted: RunProgress) -> None:
    assert RunProgress.from_json(noted.to_json()) == noted


def test_a_run_of_an_earlier_version_has_listed_what_it_reads() -> None:
    """It noted a listing only when that failed, and before any collection."""
    noted = RunProgress.from_json({"a": ENTRY.to_json()})

    assert noted.listing is not None
    assert noted.listing.state is ProgressState.DONE
    assert RunProgress.from_json({}).listing is None


def test_only_a_listing_that_failed_is_shown_among_the_collections() -> None:
    run = SyncRun(progress={"a": ENTRY.to_json()})
    assert set(run.entries) == {"a"}
    failed = {"name": "List of collections", "state": "failed"}

    run = SyncRun(progress={"account": failed, "a": ENTRY.to_json()})

    assert set(run.entries) == {"account", "a"}


@pytest.mark.parametrize("stored", [[], {"a": 1}, {"account": {"state": "odd"}}])
def test_progress_that_nobody_wrote_is_refused(stored: Any) -> None:
    with pytest.raises(UnreadableError):
        RunProgress.from_json(stored)

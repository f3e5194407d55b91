"""Typed checkpoints: where the refresh of a collection is, and every transition.

A checkpoint is of a full refresh or of an incremental sync. It is stored as JSON in
``Collection.checkpoint``, in the transaction of the page it belongs to, and nobody
else reads or writes what is in there. What cannot be read is a CheckpointError: then
the collection is read in full again from its first page, and nothing is lost.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.http.errors import InvalidResponse
from integrations.models import Collection, times
from integrations.models.sync.progress import Phase
from integrations.providers.kinds import (
    Cut,
    Deletion,
    Incomplete,
    Pending,
    PendingKind,
)
from integrations.providers.records import Page
from integrations.providers.typed import typed_json
from integrations.services.sync.refresh import extras, mistakes
from integrations.services.sync.refresh.cycle import Cycle
from integrations.services.sync.refresh.mistakes import Mistakes

# A listing that was left alone for so long starts again from its first page.
LIFE: Final = timedelta(hours=24)
# It is written with every page, so it carries no more noted deletions than this.
MOST_NOTED: Final = 1000
KIND: Final = "kind"


class CheckpointError(ValueError):
    """A stored checkpoint is of no known kind, or damaged."""


class _Refresh(Struct, frozen=True, kw_only=True):
    """What both kinds have: the cursor, and what the pages told beside items.

    ``refused`` names the optional parts that the provider did not give.
    ``began`` is when the first page was asked for, by the provider's clock.
    """

    began: datetime
    phase: Phase
    cursor: str | None = None
    cycle: Cycle = field(default_factory=Cycle)
    unreadable: int = 0
    mistakes: Mistakes | None = None
    noted: Mapping[str, Deletion] = field(default_factory=dict)
    has_more_noted: bool = False
    refused: tuple[str, ...] = ()
    cut: Cut | None = None


class FullRefresh(_Refresh, frozen=True, kw_only=True):
    """A full refresh at some page of the listing, or behind it.

    ``listed`` counts its rows, ``nameless`` those of them without a readable id;
    ``unseen`` is how many stored items it did not show, once that was counted, and
    ``deleted`` how many were soft-deleted by it so far.
    """

    phase: Phase = Phase.LISTING
    listed: int = 0
    nameless: int = 0
    incomplete: Incomplete | None = None
    pending: Pending | None = None
    unseen: int | None = None
    deleted: int = 0

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the listing may go on from here."""
        return not times.is_over(self.began, LIFE, now)


class Incremental(_Refresh, frozen=True, kw_only=True):
    """An incremental sync at some page of what changed ``since`` its watermark.

    ``since`` is the watermark less the lookback, by the provider's clock. What was
    stored from ``stored_since`` on, by ours, was stored by the same run.

    ``reads_late_arrivals`` says that it reached back further, for what the provider
    shows late; ``delta`` is by how many the number of items moved; ``pending`` is what
    could not be looked into; ``waiting`` is the full refresh that goes on when this is
    done.
    """

    since: datetime
    stored_since: datetime | None = None
    phase: Phase = Phase.CHANGES
    reads_late_arrivals: bool = False
    delta: int = 0
    pending: Pending | None = None
    waiting: FullRefresh | None = None


Checkpoint = FullRefresh | Incremental
KINDS: Final[Mapping[str, type[FullRefresh] | type[Incremental]]] = {
    "full_refresh": FullRefresh,
    "incremental": Incremental,
}

PHASES: Final[Mapping[type, tuple[Phase, ...]]] = {
    FullRefresh: (Phase.LISTING, Phase.DELETIONS, Phase.ENDING),
    Incremental: (Phase.CHANGES, Phase.DELETIONS, Phase.ENDING),
}


def to_json(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Return what is stored of a checkpoint, an empty object for none."""
    if checkpoint is None:
        return {}
    kind = next(name for name, each in KINDS.items() if isinstance(checkpoint, each))
    return {KIND: kind, **typed_json.dump(checkpoint)}


def from_json(stored: object) -> Checkpoint | None:
    """Read what ``to_json`` wrote; CheckpointError for anything else."""
    if not stored:
        return None
    if not isinstance(stored, dict) or str(stored.get(KIND)) not in KINDS:
        raise CheckpointError("the checkpoint is of no known kind")
    kind = KINDS[str(stored[KIND])]
    rest = {name: value for name, value in stored.items() if name != KIND}
    try:
        found: Checkpoint = typed_json.load(kind, rest)
    except typed_json.UnreadableError as exc:
        raise CheckpointError(str(exc)) from exc
    if found.phase not in PHASES[kind]:
        raise CheckpointError(f"a checkpoint in the phase {found.phase}")
    return found


def read(collection: Collection) -> Checkpoint | None:
    """Return where the refresh of a collection is, None when it is in none."""
    return from_json(collection.checkpoint)


def left_over(collection: Collection, *, now: datetime) -> FullRefresh | None:
    """Return the full refresh that may go on, also from behind an incremental sync."""
    found = read(collection)
    full = found.waiting if isinstance(found, Incremental) else found
    return full if full is not None and full.is_fresh(now) else None


def is_at_first_page(checkpoint: Checkpoint) -> bool:
    """Tell whether the first page of the listing, or of what changed, is next."""
    is_listing = checkpoint.phase in (Phase.LISTING, Phase.CHANGES)
    return is_listing and checkpoint.cursor is None


def after_page(checkpoint: Checkpoint, page: Page) -> Checkpoint:
    """Return the checkpoint behind a page; refuse a page that does not move on."""
    moved = _with_cursor(checkpoint, page.next_cursor)
    moved = _with_unreadable(moved, page)
    if page.refused:
        refused = dict.fromkeys([*moved.refused, *page.refused])
        moved = replace(moved, refused=tuple(refused))
    if isinstance(moved, FullRefresh) and moved.phase is Phase.LISTING:
        moved = _with_listed(moved, page)
    elif page.pending and page.pending.kind is PendingKind.NOT_EXHAUSTIVE:
        moved = replace(moved, pending=page.pending)
    if page.next_cursor is None:
        return replace(moved, phase=_phase_behind(moved))
    return moved


def _with_cursor(checkpoint: Checkpoint, cursor: str | None) -> Checkpoint:
    if cursor is None:
        return replace(checkpoint, cursor=None, cycle=Cycle())
    if cursor == checkpoint.cursor:
        raise InvalidResponse("the listing does not move on")
    return replace(checkpoint, cursor=cursor, cycle=checkpoint.cycle.after(cursor))


def _with_unreadable(checkpoint: Checkpoint, page: Page) -> Checkpoint:
    if checkpoint.phase is Phase.DELETIONS:
        return checkpoint
    return replace(
        checkpoint,
        unreadable=checkpoint.unreadable + page.unreadable,
        mistakes=mistakes.add(checkpoint.mistakes, page.mistakes),
        cut=page.cut or checkpoint.cut,
    )


def _with_listed(checkpoint: FullRefresh, page: Page) -> FullRefresh:
    nameless = max(0, page.unreadable - len(page.unreadable_ids))
    return replace(
        checkpoint,
        listed=checkpoint.listed + len(page.items) + len(page.same) + page.unreadable,
        nameless=checkpoint.nameless + nameless,
        incomplete=page.incomplete or checkpoint.incomplete,
        pending=page.pending or checkpoint.pending,
    )


def _phase_behind(checkpoint: Checkpoint) -> Phase:
    """Return what comes when the pages of a phase are at their end."""
    if checkpoint.phase is Phase.LISTING:
        return Phase.DELETIONS
    if isinstance(checkpoint, Incremental) and checkpoint.phase is Phase.CHANGES:
        return Phase.DELETIONS if checkpoint.reads_late_arrivals else Phase.ENDING
    return Phase.ENDING


def without_deletions(checkpoint: Checkpoint) -> Checkpoint:
    """Go on behind the list of what was deleted, which the provider refused."""
    return replace(
        checkpoint,
        cursor=None,
        cycle=Cycle(),
        phase=Phase.ENDING,
        refused=(*checkpoint.refused, extras.DELETIONS),
    )


def restarted(checkpoint: Checkpoint) -> Checkpoint:
    """Return to the first page of the phase; a full listing forgets what it counted."""
    if isinstance(checkpoint, FullRefresh) and checkpoint.phase is Phase.LISTING:
        return FullRefresh(began=checkpoint.began)
    return replace(checkpoint, cursor=None, cycle=Cycle())


def with_noted(
    checkpoint: Checkpoint, page: Page, deleted: Mapping[str, Deletion]
) -> Checkpoint:
    """Note what a page proves to be deleted, less what it shows to be back."""
    if not deleted and not checkpoint.noted:
        return checkpoint
    shown = {item.id for item in page.items} | page.same.keys()
    noted = {key: each for key, each in checkpoint.noted.items() if key not in shown}
    noted |= deleted
    kept = dict(list(noted.items())[:MOST_NOTED])
    has_more = checkpoint.has_more_noted or len(noted) > MOST_NOTED
    return replace(checkpoint, noted=kept, has_more_noted=has_more)

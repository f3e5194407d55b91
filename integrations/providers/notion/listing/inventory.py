"""List pages and databases completely, although no listing of Notion's is complete.

A full refresh has up to four phases. ``search`` takes what the index gives. ``walk``
goes through pages for what it does not give. ``check`` asks for each stored item that
neither has shown: only what Notion then does not show either is deleted. ``parents``
looks upwards for parents that are not there. An incremental sync searches for what was
edited, and walks that.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec.structs import asdict, replace

from integrations.http.client import ApiClient
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import ListingExpiredError, NothingSharedError
from integrations.providers.kinds import (
    Incomplete,
    IncompleteKind,
    Pending,
    PendingKind,
)
from integrations.providers.notion.listing import cursors, reading_cursors
from integrations.providers.notion.listing.cursors import (
    Check,
    Inventory,
    Parents,
    Search,
    Walk,
)
from integrations.providers.notion.listing.gathering import (
    OUT_OF_REACH,
    Gathering,
)
from integrations.providers.notion.listing.search import read_hits, read_trash
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.listing.walking import ROWS_PER_REFRESH, Walker
from integrations.providers.notion.mapping.items import DATABASES, PAGES
from integrations.providers.notion.reading.reader import Reader
from integrations.providers.records import Page
from integrations.providers.stored import StoredItem, StoredItems

FULL_REFRESH: Final = {
    PAGES: (Search, Walk, Check, Parents),
    DATABASES: (Search, Check, Parents),
}
INCREMENTAL_SYNC: Final = {PAGES: (Search, Walk), DATABASES: (Search,)}
BATCH: Final = 50
# Each round goes up one level of the tree; deeper ones wait for the next refresh.
MOST_ROUNDS: Final = 10
TAKES_TURNS: Final = Pending(kind=PendingKind.TAKES_TURNS, number=ROWS_PER_REFRESH)
NOTHING_YET: Final = "Notion shows nothing yet: it takes a moment after sharing"
NEXT_TRY: Final = 10.0
NOT_EXHAUSTIVE: Final = Incomplete(kind=IncompleteKind.NOT_EXHAUSTIVE)


class Ask(Protocol):
    """A query of stored items that goes on behind one of them."""

    def __call__(self, *, after: str, limit: int) -> Sequence[StoredItem]:
        """Return the next items."""


def fetch_page(
    api: ApiClient,
    context: CollectionContext,
    *,
    cursor: str | None,
    since: datetime | None,
) -> Page:
    """Return what the next step of a full refresh shows.

    Or, ``since`` a time, what was edited and what stands in pages that were edited.
    """
    phases = (FULL_REFRESH if since is None else INCREMENTAL_SYNC)[context.remote_id]
    found = reading_cursors.read_inventory(cursor)
    # Without a view on what is stored there is nothing to walk or to check.
    if type(found) not in (phases if context.stored is not None else (Search,)):
        raise ListingExpiredError("the cursor is not of this refresh")
    return _Step(api, context, phases, since=since).take(found)


def fetch_deleted(
    api: ApiClient, context: CollectionContext, *, cursor: str | None
) -> Page:
    """Return what was found in the trash, which Notion may refuse to search.

    A full refresh has asked for each item that was not shown, so that the trash tells
    it nothing new.
    """
    found = reading_cursors.read_trash(cursor)
    if context.stored is not None and context.stored.is_full_refresh:
        return Page(items=(), next_cursor=None)
    tree = Tree(Reader(api, context.stored), Gathering(context.remote_id))
    following = read_trash(tree, found)
    return tree.gathering.to_page(cursors.to_json(following) if following else None)


class _Step:
    """One step of a refresh, in whichever phase it is."""

    def __init__(
        self,
        api: ApiClient,
        context: CollectionContext,
        phases: Sequence[type[Inventory]],
        *,
        since: datetime | None,
    ) -> None:
        self._stored = context.stored
        self._phases = phases
        self._since = since
        reader = Reader(api, context.stored, tries=context.tries)
        self._tree = Tree(reader, Gathering(context.remote_id))

    def take(self, found: Inventory) -> Page:
        """Do a few calls' worth of work and say where the next step starts."""
        following = self._go_on(found)
        if following is not None:
            return self._tree.gathering.to_page(cursors.to_json(following))
        is_blind = self._stored is None and self._since is None
        is_crowded = not isinstance(found, Search) and found.is_crowded
        return self._tree.gathering.to_page(
            None,
            incomplete=NOT_EXHAUSTIVE if is_blind else None,
            pending=TAKES_TURNS if is_crowded else None,
        )

    def _go_on(self, found: Inventory) -> Inventory | None:
        """Go on in a phase; return where in it or at the beginning of the next."""
        if isinstance(found, Search):
            return self._search(found)
        if self._stored is None:
            return None
        if isinstance(found, Walk):
            return self._walk(self._stored, found)
        if isinstance(found, Parents):
            return self._settle_orphans(self._stored, found)
        return self._check_unseen(self._stored, found)

    def _search(self, found: Search) -> Inventory | None:
        following = read_hits(self._tree, found, since=self._since)
        if following is not None or self._stored is None:
            return following
        self._ensure_believable(self._stored)
        return self._phase_behind(Search, Check())

    def _walk(self, stored: StoredItems, found: Walk) -> Inventory | None:
        walker = Walker(self._tree, stored, found, since=self._since)
        is_over = walker.run()
        reached = walker.cursor
        return self._phase_behind(Walk, _behind(reached)) if is_over else reached

    def _phase_behind(self, phase: type[Inventory], start: Check) -> Inventory | None:
        """Return the beginning of the phase behind one, None when that was the last.

        What was not shown in the first round is asked for in that, and not again.
        """
        following = self._phases[self._phases.index(phase) + 1 :]
        if not following:
            return None
        if following[0] is Walk:
            return Walk()
        if following[0] is Parents or start.round:
            return Parents(**asdict(replace(start, after="")))
        return start

    def _ensure_believable(self, stored: StoredItems) -> None:
        """Come back later when not even the first search of all shows anything."""
        gathering = self._tree.gathering
        if (
            self._since is not None
            or stored.last_full_refresh
            or gathering.own != PAGES
        ):
            return
        is_empty = not gathering.is_filled and not gathering.unreadable
        if is_empty and not stored.walk(after="", limit=1):
            raise NothingSharedError(NOTHING_YET, retry_after=NEXT_TRY)

    def _check_unseen(self, stored: StoredItems, found: Check) -> Inventory | None:
        for item in self._batches(stored.unseen, found.after):
            self._tree.check(item)
            found = replace(found, after=item.position)
        if self._tree.reader.is_spent():
            return found
        return self._phase_behind(Check, found)

    def _settle_orphans(self, stored: StoredItems, found: Parents) -> Inventory | None:
        """Look for missing parents, each once, and walk those that were found.

        A parent may hold more than the child that led to it, and have another above.
        """
        refused: set[str] = set()
        for orphan in self._batches(stored.orphans, found.after):
            parent_id = orphan.parent_id or ""
            if parent_id in refused:
                continue
            is_old = found.asked_until and orphan.changed <= found.asked_until
            if is_old or self._tree.settle(orphan):
                found = replace(found, after=orphan.position)
            else:
                # Behind its last child: none of them has to ask again.
                refused.add(parent_id)
                found = replace(found, after=parent_id)
        if self._tree.gathering.is_filled:
            found = replace(found, has_found=True)
        if self._tree.reader.is_spent():
            return found
        return self._next_round(found)

    def _next_round(self, found: Parents) -> Inventory | None:
        if not found.has_found:
            return None
        if found.round + 1 > MOST_ROUNDS:
            self._tree.gathering.pending = OUT_OF_REACH
            return None
        begun = replace(found, after="", has_found=False, round=found.round + 1)
        if Walk not in self._phases:
            return begun
        return Walk(
            round=begun.round,
            after=found.walked,
            asked_until=found.reached,
            reached=found.reached,
            is_crowded=found.is_crowded,
        )

    def _batches(self, ask: Ask, after: str) -> Iterator[StoredItem]:
        """Yield stored items in order until they, or the step's calls, are over."""
        while not self._tree.reader.is_spent():
            batch = ask(after=after, limit=BATCH)
            self._tree.reader.look_up(each.id for each in batch)
            for item in batch:
                if self._tree.reader.is_spent():
                    return
                yield item
                after = item.position
            if len(batch) < BATCH:
                return


def _behind(walked: Walk) -> Check:
    """Return the beginning of the check behind a walk."""
    return Check(
        walked=walked.after,
        reached=walked.reached,
        round=walked.round,
        asked_until=walked.asked_until,
        is_crowded=walked.is_crowded,
    )

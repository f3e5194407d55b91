"""List pages and databases completely, although no listing of Notion's is complete.

A full refresh has up to four phases. ``search`` takes what the index gives. ``walk``
goes through the blocks of pages for what it does not give. ``check`` asks for each
stored item that neither has shown: only what Notion then does not show either is
gone. ``parents`` looks upwards for parents that are not there.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

from integrations.http.client import ApiClient
from integrations.providers.connector import CollectionContext
from integrations.providers.errors import ListingExpiredError, NothingSharedError
from integrations.providers.kinds import (
    Incomplete,
    IncompleteKind,
    Pending,
    PendingKind,
)
from integrations.providers.notion.api.paging import from_cursor, to_cursor
from integrations.providers.notion.listing.gathering import OUT_OF_REACH, Gathering
from integrations.providers.notion.listing.reader import Reader
from integrations.providers.notion.listing.search import Place, read_hits, read_trash
from integrations.providers.notion.listing.tree import Tree
from integrations.providers.notion.listing.walking import ROWS_PER_REFRESH, Walk
from integrations.providers.notion.mapping.items import DATABASES, PAGES
from integrations.providers.records import Page
from integrations.providers.stored import StoredItem, StoredItems

SEARCH, WALK, CHECK, PARENTS = "search", "walk", "check", "parents"
PHASES: Final = {
    PAGES: (SEARCH, WALK, CHECK, PARENTS),
    DATABASES: (SEARCH, CHECK, PARENTS),
}
INCREMENT: Final = {PAGES: (SEARCH, WALK), DATABASES: (SEARCH,)}
BATCH: Final = 50
# Each round goes up one level of the tree; deeper ones wait for the next pass.
MOST_ROUNDS: Final = 10
TAKES_TURNS: Final = Pending(kind=PendingKind.TAKES_TURNS, number=ROWS_PER_REFRESH)
NOTHING_YET: Final = "Notion shows nothing yet: it takes a moment after sharing"
NEXT_TRY: Final = 10.0
NOT_EXHAUSTIVE: Final = Incomplete(kind=IncompleteKind.NOT_EXHAUSTIVE)


class Ask(Protocol):
    """A query of stored items that goes on behind an id."""

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

    Or, ``since`` a time, what was edited and what stands in pages that have changed.
    """
    phases = (PHASES if since is None else INCREMENT)[context.remote_id]
    return _Pass(api, context, phases, since=since).step(cursor)


def fetch_deleted(
    api: ApiClient, context: CollectionContext, *, cursor: str | None
) -> Page:
    """Return what was found in the trash."""
    tree = Tree(Reader(api, context.stored), Gathering(context.remote_id))
    place = read_trash(tree, from_cursor(cursor))
    return tree.gathering.to_page(None if place is None else to_cursor(place))


class _Pass:
    """Take one step of a pass, in whichever phase it is."""

    def __init__(
        self,
        api: ApiClient,
        context: CollectionContext,
        phases: tuple[str, ...],
        *,
        since: datetime | None,
    ) -> None:
        # Without a view on what is stored there is nothing to walk or to check.
        self._stored = context.stored
        self._phases = phases if context.stored is not None else (SEARCH,)
        self._since = since
        self._tree = Tree(Reader(api, context.stored), Gathering(context.remote_id))

    def step(self, cursor: str | None) -> Page:
        """Do a few calls' worth of work and say where the next step starts."""
        place = from_cursor(cursor)
        phase = place.get("phase", SEARCH)
        if phase not in self._phases:
            raise ListingExpiredError("the cursor is not one of ours")
        following = self._run(phase, place)
        if following is not None:
            return self._tree.gathering.to_page(to_cursor(following))
        is_blind = self._stored is None and self._since is None
        return self._tree.gathering.to_page(
            None,
            incomplete=NOT_EXHAUSTIVE if is_blind else None,
            pending=TAKES_TURNS if place.get("crowded") else None,
        )

    def _run(self, phase: str, place: Place) -> Place | None:
        """Go on in a phase; return the place in it or in the one that comes next."""
        if phase == SEARCH or self._stored is None:
            found = read_hits(self._tree, place, since=self._since)
            if found is None and self._stored is not None:
                self._ensure_believable(self._stored)
            return found or self._next_phase(SEARCH, place)
        if phase == WALK:
            walk = Walk(self._tree, self._stored, place)
            if not walk.run(since=self._since):
                return {**place, **walk.place, "phase": WALK}
            return self._next_phase(WALK, {**walk.place, "walked": walk.place["after"]})
        if phase == PARENTS:
            return self._settle_orphans(self._stored, place)
        return self._check_unseen(self._stored, place)

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

    def _next_phase(self, phase: str, place: Place) -> Place | None:
        """Return the beginning of the phase behind one, None when that was the last."""
        following = self._phases[self._phases.index(phase) + 1 :]
        kept = {name: place.get(name) for name in ("walked", "round", "crowded")}
        return {**kept, "phase": following[0]} if following else None

    def _settle_orphans(self, stored: StoredItems, place: Place) -> Place | None:
        """Look for missing parents, and walk those that were found.

        A parent may hold more than the child that led to it, and have another above.
        """
        place = {**place}
        for orphan in self._batches(stored.orphans, place):
            self._tree.settle(orphan)
            place["after"] = orphan.id
        if self._tree.gathering.is_filled:
            place["more"] = True
        if self._tree.reader.is_spent():
            return place
        rounds = int(place.get("round") or 0) + 1
        if not place.get("more"):
            return None
        if rounds > MOST_ROUNDS:
            self._tree.gathering.pending = OUT_OF_REACH
            return None
        following = self._phases[1]
        kept = {"after": place.get("walked"), "crowded": place.get("crowded")}
        return {**kept, "phase": following, "round": rounds}

    def _check_unseen(self, stored: StoredItems, place: Place) -> Place | None:
        place = {**place}
        for item in self._batches(stored.unseen, place):
            self._tree.check(item)
            place["after"] = item.id
        if self._tree.reader.is_spent():
            return place
        return self._next_phase(CHECK, place)

    def _batches(self, ask: Ask, place: Place) -> Iterator[StoredItem]:
        """Yield stored items in order until they, or the step's calls, are over."""
        while not self._tree.reader.is_spent():
            batch = ask(after=str(place.get("after", "")), limit=BATCH)
            self._tree.reader.look_up(each.id for each in batch)
            for item in batch:
                if self._tree.reader.is_spent():
                    return
                yield item
            if len(batch) < BATCH:
                return

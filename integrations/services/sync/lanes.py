"""Order the collections of a connection by lanes, which are read beside each other."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from integrations.models import Collection
from integrations.services.sync.refresh.context import connector_of

# More of them at once would leave a listing alone until its cursor is forgotten.
MOST_IN_TURNS: Final = 10


class Lanes:
    """Collections by lane: whoever had its turn comes behind the others."""

    def __init__(self, collections: Iterable[Collection]) -> None:
        """Sort collections into their lanes, those that are read alone into ""."""
        self._rows: dict[str, list[Collection]] = {}
        for each in collections:
            lane = connector_of(each).lane_of(each.remote_id, each.details)
            self._rows.setdefault(lane, []).append(each)
        self._order = list(self._rows)

    def first_of_each(self) -> dict[str, Collection]:
        """Return what is read next: one collection, or one of each of several lanes.

        Lanes wait for no others' answers, so they are read in turns, a page of each.
        """
        if alone := self._rows.get(""):
            return {"": alone[0]}
        return {
            lane: self._rows[lane][0] for lane in islice(self._order, MOST_IN_TURNS)
        }

    def leave(self, lane: str) -> None:
        """Take out what was first in a lane."""
        del self._rows[lane][0]
        if not self._rows[lane]:
            del self._rows[lane]
            self._order.remove(lane)

    def put_behind(self, lane: str) -> None:
        """Let all others that are read in turns come before a lane."""
        self._order.remove(lane)
        self._order.insert(MOST_IN_TURNS - 1, lane)

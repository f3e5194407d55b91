"""Fetch single objects, each once a step, and count what a step may still cost."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    InvalidRequest,
    InvalidResponse,
    NotFound,
    Transient,
    is_refusal,
)
from integrations.http.responses.shape import expect_object
from integrations.providers.notion.ids import find_id
from integrations.providers.notion.mapping.parents import (
    BLOCK,
    DATA_SOURCE,
    DATABASE,
    PAGE,
    Parent,
    to_parent,
)
from integrations.providers.stored import StoredItem, StoredItems

# Three calls a second are granted: a step of a dozen takes some seconds, and is all
# that is lost when a limit or a failure ends it.
MOST_CALLS: Final = 12
MAX_HEIGHT: Final = 12
# What fails after so many pauses, while others do not, is left out.
MOST_TRIES: Final = 2
_PATHS: Final = {
    PAGE: "pages",
    DATABASE: "databases",
    DATA_SOURCE: "data_sources",
    BLOCK: "blocks",
}


class Reader:
    """Ask for pages, databases, data sources and blocks by id.

    What Notion does not show to this connection is None: it cannot be told from
    what is gone.
    """

    def __init__(
        self, api: ApiClient, stored: StoredItems | None, *, tries: int = 0
    ) -> None:
        """Start a step, tried ``tries`` times before: nothing fetched or spent."""
        self.api = api
        self.stored = stored
        self._tries = tries
        self._calls_before = api.calls
        self._fetched: dict[str, dict[str, Any] | None] = {}
        self._known: dict[str, StoredItem | None] = {}

    def is_spent(self) -> bool:
        """Tell whether the step has made its calls."""
        return self.api.calls - self._calls_before >= MOST_CALLS

    def is_lost(self, exc: ApiError) -> bool:
        """Tell whether what failed keeps failing, though Notion answers others.

        One object that Notion cannot show must not keep the rest from being read.
        """
        asked_for = exc.retry_after if isinstance(exc, Transient) else None
        is_patient = self._tries < MOST_TRIES or asked_for is not None
        if is_patient or not is_refusal(exc):
            return False
        try:
            self.api.get("/users/me")
        except ApiError:
            return False
        return True

    def fetch_page(self, remote_id: str) -> dict[str, Any] | None:
        """Return a page or row."""
        return self._fetch(f"/pages/{remote_id}")

    def fetch_database(self, remote_id: str) -> dict[str, Any] | None:
        """Return a database; a linked view of one is nothing, by Notion's choice."""
        return self._fetch(f"/databases/{remote_id}")

    def fetch_source(self, remote_id: str) -> dict[str, Any] | None:
        """Return a data source."""
        return self._fetch(f"/data_sources/{remote_id}")

    def fetch_parent(self, parent: Parent) -> dict[str, Any] | None:
        """Return what a parent is, whatever its kind."""
        path = _PATHS.get(parent.kind)
        return self._fetch(f"/{path}/{parent.id}") if path and parent.id else None

    def look_up(self, ids: Iterable[str]) -> Mapping[str, StoredItem]:
        """Return what is stored under these ids, one question for all of them."""
        wanted = list(dict.fromkeys(ids))
        unasked = [each for each in wanted if each not in self._known]
        if unasked and self.stored is not None:
            found = self.stored.find(unasked)
            self._known.update({each: found.get(each) for each in unasked})
        known = {each: self._known.get(each) for each in wanted}
        return {each: item for each, item in known.items() if item is not None}

    def is_known(self, remote_id: str) -> bool:
        """Tell whether a live item of this id is stored."""
        return bool(self.look_up([remote_id]))

    def climb(self, parent: Parent) -> str | None:
        """Return what holds the blocks around an object; None when it is not shown.

        Blocks are no items: toggles, columns, callouts and the like lead upwards to
        a page or a database.
        """
        for _ in range(MAX_HEIGHT):
            if parent.kind != BLOCK or parent.id is None:
                return parent.id
            block = self.fetch_parent(parent)
            if block is None:
                return None
            parent = to_parent(block.get("parent"))
        return None

    def _fetch(self, path: str) -> dict[str, Any] | None:
        if path not in self._fetched:
            self._fetched[path] = self._ask(path)
        return self._fetched[path]

    def _ask(self, path: str) -> dict[str, Any] | None:
        try:
            found = expect_object(self.api.get(path), "object")
        except NotFound:
            return None
        except InvalidRequest as exc:
            # This is how an id of another kind of object is answered.
            if exc.code == "validation_error":
                return None
            raise
        asked, told = find_id(path.rpartition("/")[2]), find_id(found.get("id"))
        if None not in (asked, told) and asked != told:
            # What is said of one object says nothing of another.
            raise InvalidResponse("object: of another id")
        return found

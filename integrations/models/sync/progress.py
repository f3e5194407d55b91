"""What a run notes: of listing the collections, and of each of them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from integrations.models.reasons import Reason
from integrations.providers.typed import typed_json


class Phase(StrEnum):
    """What a refresh is doing: a full one lists, an incremental one asks."""

    LISTING = "listing"
    CHANGES = "changes"
    DELETIONS = "deletions"
    ENDING = "ending"


class ProgressState(StrEnum):
    """Where a collection is in a run."""

    PENDING = "pending"
    READING = "reading"
    WAITING = "waiting"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    STOPPED = "stopped"
    NOT_READ = "not_read"

    @property
    def is_open(self) -> bool:
        """Tell whether the run has still to do with it."""
        return self in (self.PENDING, self.READING, self.WAITING)


class CollectionProgress(Struct, frozen=True, kw_only=True):
    """How far a run has come with one collection.

    ``failure`` is what a full refresh failed of before what has changed was read
    instead. ``first_read`` counts those created by the collection's first full
    refresh, which are not new there. ``status``, ``error_code`` and
    ``correlation_id`` are of the last error.
    """

    name: str
    state: ProgressState = ProgressState.PENDING
    phase: Phase | None = None
    seen: int = 0
    created: int = 0
    first_read: int = 0
    changed: int = 0
    deleted: int = 0
    unreadable: int = 0
    total: int | None = None
    tries: int = 0
    restarts: int = 0
    retry_at: datetime | None = None
    reason: Reason | None = None
    failure: Reason | None = None
    status: int | None = None
    error_code: str = ""
    correlation_id: str = ""

    @property
    def new(self) -> int:
        """Return how many items appeared at the provider, not only here."""
        return self.created - self.first_read

    def ended(self) -> "CollectionProgress":
        """Return the entry as it is once its run has ended: nothing goes on."""
        if not self.state.is_open:
            return self
        is_begun = self.state is not ProgressState.PENDING
        state = ProgressState.STOPPED if is_begun else ProgressState.NOT_READ
        return replace(self, state=state, phase=None, retry_at=None)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as it is stored in ``SyncRun.progress``."""
        return typed_json.dump(self)

    @classmethod
    def from_json(cls, value: object) -> "CollectionProgress":
        """Read an entry; UnreadableError when it is none."""
        return typed_json.load(cls, value)


class RunProgress(Struct, frozen=True, kw_only=True):
    """What a run notes, as it is stored in ``SyncRun.progress``.

    ``listing`` is of listing the account's collections, None before that was tried;
    ``collections`` are by the collections' ids.
    """

    LISTING: ClassVar[str] = "account"

    listing: CollectionProgress | None = None
    collections: Mapping[str, CollectionProgress] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return one object for all: the listing stands among the collections."""
        noted = {key: entry.to_json() for key, entry in self.collections.items()}
        return (
            {self.LISTING: self.listing.to_json(), **noted} if self.listing else noted
        )

    @classmethod
    def from_json(cls, value: object) -> "RunProgress":
        """Read what ``to_json`` wrote; UnreadableError for anything else."""
        if not isinstance(value, dict):
            raise typed_json.UnreadableError("progress: expected an object")
        noted = {key: CollectionProgress.from_json(each) for key, each in value.items()}
        listing = noted.pop(cls.LISTING, None)
        if listing is None and noted:
            # Earlier versions noted only a listing that failed.
            listing = CollectionProgress(name="", state=ProgressState.DONE)
        return cls(listing=listing, collections=noted)

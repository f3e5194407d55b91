"""Errors that only a connector can find out while it lists."""

from collections.abc import Sequence

from integrations.http.errors import ApiError, Transient, may_pass
from integrations.providers.kinds import DeletionKind
from integrations.providers.records import RemoteCollection


class ListingExpiredError(ApiError):
    """A listing cannot be continued and must start again at its first page."""


class NothingSharedError(Transient):
    """Nothing is shown: what was just shared may take a moment, or nothing was."""


class IncompleteListingError(ApiError):
    """A part of an account could not be looked into; ``found`` is the rest.

    What is not in it may be there all the same. ``parts`` are the names of those that
    have one, each with what was answered for it; several may have the same name.
    """

    def __init__(
        self,
        message: str,
        *,
        found: Sequence[RemoteCollection],
        parts: Sequence[tuple[str, ApiError]] = (),
        is_definite: bool = False,
    ) -> None:
        """Store what was found; ``is_definite`` if what is in no part is not there."""
        super().__init__(message)
        self.found = found
        self.parts = parts
        self.is_definite = is_definite

    @property
    def cause(self) -> ApiError:
        """Return what was answered for a part, first of all what may pass."""
        told = [exc for _, exc in self.parts]
        return next((exc for exc in told if may_pass(exc)), told[0] if told else self)


class CollectionDeletedError(ApiError):
    """A whole collection is deleted; ``kind`` is what became of it.

    ``is_proven`` tells a deletion the provider admits from a mere 404, which may
    also be a permission that was taken away.
    """

    def __init__(self, kind: DeletionKind, *, is_proven: bool = False) -> None:
        """Store whether the provider itself says that it was deleted."""
        super().__init__(f"the collection is not there any more: {kind}")
        self.kind = kind
        self.is_proven = is_proven

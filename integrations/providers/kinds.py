"""Codes for what connectors report beside items: deletions, gaps, open ends, roles."""

from enum import StrEnum

from msgspec import Struct


class DeletionKind(StrEnum):
    """What became of an item that is not shown any more.

    The kinds with ``OR`` are for providers that do not tell the two apart; the last
    two are never a connector's.
    """

    DELETED = "deleted"
    ARCHIVED = "archived"
    TRASHED = "trashed"
    MERGED = "merged"
    MOVED = "moved"
    UNSHARED = "unshared"
    DELETED_OR_MERGED = "deleted_or_merged"
    DELETED_OR_UNSHARED = "deleted_or_unshared"
    DESELECTED = "deselected"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a field tells of a person or a company, whatever a provider calls it."""

    EMAIL = "email"
    PHONE = "phone"
    WEBSITE = "website"
    COMPANY = "company"


class Deletion(Struct, frozen=True, kw_only=True):
    """What became of one item; ``detail`` of a merged one is the id that took it in."""

    kind: DeletionKind
    detail: str = ""

    def to_json(self) -> str:
        """Write it as one short text, because a checkpoint can hold a thousand."""
        return f"{self.kind}:{self.detail}" if self.detail else str(self.kind)

    @classmethod
    def from_json(cls, value: object) -> "Deletion":
        """Read what ``to_json`` wrote; ValueError for anything else."""
        if not isinstance(value, str):
            raise ValueError("a deletion is a text")  # noqa: TRY004 (as promised)
        kind, _, detail = value.partition(":")
        return cls(kind=DeletionKind(kind), detail=detail)


class IncompleteKind(StrEnum):
    """Why a listing that has ended may lack something all the same."""

    CAPPED = "capped"
    NOT_EXHAUSTIVE = "not_exhaustive"
    PARTS_NOT_LISTED = "parts_not_listed"


class Incomplete(Struct, frozen=True, kw_only=True):
    """Why a listing proves nothing: ``number`` is the cap, or of the parts."""

    kind: IncompleteKind
    number: int = 0


class CutKind(StrEnum):
    """Which values of items are kept in part, although the items are all there."""

    LINKS_CAPPED = "links_capped"


class Cut(Struct, frozen=True, kw_only=True):
    """Which values are kept in part; ``number`` is up to where they are kept."""

    kind: CutKind
    number: int


class PendingKind(StrEnum):
    """What has not been looked into yet, although the rest is proven."""

    TAKES_TURNS = "takes_turns"
    VALUES_IN_PART = "values_in_part"
    NOT_EXHAUSTIVE = "not_exhaustive"


class Pending(Struct, frozen=True, kw_only=True):
    """What is still open; ``number`` is how many are looked into at a time."""

    kind: PendingKind
    number: int = 0

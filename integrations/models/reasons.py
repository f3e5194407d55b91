"""Codes for why something is as it is: not complete, waiting, failed, ended."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import models
from msgspec import Struct, field


class ReasonCode(models.TextChoices):
    """Why, by code; the sentences for users are made from these in ``wording``."""

    # How much of a collection is proven.
    CAPPED = "capped", "Capped"
    LINKS_CAPPED = "links_capped", "Links capped"
    NOT_EXHAUSTIVE = "not_exhaustive", "Not exhaustive"
    PARTS_NOT_LISTED = "parts_not_listed", "Parts not listed"
    VALUES_IN_PART = "values_in_part", "Values in part"
    SHORT_LISTING = "short_listing", "Short listing"
    UNREADABLE_ITEMS = "unreadable_items", "Unreadable items"
    DELETIONS_HELD = "deletions_held", "Deletions held"
    DELETIONS_DISCARDED = "deletions_discarded", "Deletions discarded"
    HOLD_SUPERSEDED = "hold_superseded", "Held deletions read again"
    FULL_REFRESH_FAILED = "full_refresh_failed", "Full refresh failed"
    COLLECTION_DELETED = "collection_deleted", "Collection deleted"
    TAKES_TURNS = "takes_turns", "Takes turns"
    EXTRAS_REFUSED = "extras_refused", "Optional parts refused"
    FIELDS_CHANGED = "fields_changed", "Fields changed"
    # What a call came to, and what is waited for.
    RATE_LIMITED = "rate_limited", "Rate limit"
    PROVIDER_DOWN = "provider_down", "Provider in trouble"
    PROVIDER_PAUSED = "provider_paused", "Provider paused"
    NETWORK = "network", "Not reached"
    INTERMEDIARY = "intermediary", "Answered by an intermediary"
    DATABASE_AWAY = "database_away", "Our database away"
    REFRESHING = "refreshing", "Key being refreshed"
    NOTHING_SHARED = "nothing_shared", "Nothing shared"
    QUOTA_EXHAUSTED = "quota_exhausted", "Quota used up"
    QUOTA_SPARED = "quota_spared", "Quota spared"
    PLAN_UNKNOWN = "plan_unknown", "Plan not said"
    NO_PERMISSION = "no_permission", "No permission"
    NOT_FOUND = "not_found", "Not found"
    REQUEST_REFUSED = "request_refused", "Request refused"
    ODD_ANSWER = "odd_answer", "Answer not understood"
    CONNECTOR_ERROR = "connector_error", "Our mistake"
    # Why an edit was not saved.
    VALUES_REFUSED = "values_refused", "Values refused"
    ITEM_DELETED = "item_deleted", "No longer there"
    ITEM_MERGED = "item_merged", "Merged"
    CHANGED_THERE = "changed_there", "Changed there meanwhile"
    OVERWROTE = "overwrote", "Replaced another change"
    EXISTS_THERE = "exists_there", "There already"
    EDITING_OFF = "editing_off", "Editing is off"
    DISCARDED = "discarded", "Discarded"
    DECIDED = "decided", "Decided otherwise"
    # Why a run ended.
    NO_TOKEN = "no_token", "No usable permission"
    TOKEN_REFUSED = "token_refused", "Permission refused"
    LEASE_LOST = "lease_lost", "Leases lost"
    CANCELLED = "cancelled", "Cancelled"
    CONNECTION_CHANGED = "connection_changed", "Connection changed"
    SELECTION_CHANGED = "selection_changed", "Selection changed"
    RECONNECTED = "reconnected", "Reconnected"
    DISCONNECTED = "disconnected", "Disconnected"
    MOVED = "moved", "Moved to another server"
    PAUSED = "paused", "Paused"
    COLLECTIONS = "collections", "Some collections"
    EMPTY = "empty", "Nothing to read"
    UNKNOWN = "unknown", "Other"


class StateReason(models.TextChoices):
    """Why a connection is in its state, by code; ``wording`` says it in words."""

    GRANT_REJECTED = "grant_rejected", "Permission refused"
    ROTATION_LOST = "rotation_lost", "New keys lost"
    DATABASE_RESTORED = "database_restored", "Database restored"
    CREDENTIAL_UNREADABLE = "credential_unreadable", "Permission not readable"
    SITE_KEY_WRONG = "site_key_wrong", "This site's key is wrong"
    UNAUTHORIZED = "unauthorized", "Calls refused"
    PROVIDER_DOWN = "provider_down", "Provider in trouble"
    PROVIDER_MISCONFIGURED = "provider_misconfigured", "This site refused"
    MISSING_SCOPE = "missing_scope", "Permission missing"
    SYNC_FAILED = "sync_failed", "Sync failed"
    QUARANTINED = "quarantined", "Sync broke off"
    STALE = "stale", "Out of date"
    PAUSED_BY_USER = "paused_by_user", "Paused by user"
    PAUSED_BY_STAFF = "paused_by_staff", "Paused by staff"
    DISCONNECTED_BY_USER = "disconnected_by_user", "Disconnected by user"
    DISCONNECTED_BY_STAFF = "disconnected_by_staff", "Disconnected by staff"
    MOVED = "moved", "Moved to another server"
    TAKEN_BACK = "taken_back", "Taken back from another server"
    REMOVED_BY_USER = "removed_by_user", "Removed by user"
    NOT_CONNECTED = "not_connected", "Not connected"


# What may be over when the same is asked for again.
PASSING: Final = frozenset(
    {
        ReasonCode.NETWORK,
        ReasonCode.INTERMEDIARY,
        ReasonCode.PROVIDER_DOWN,
        ReasonCode.ODD_ANSWER,
        ReasonCode.RATE_LIMITED,
        ReasonCode.REFRESHING,
        ReasonCode.DATABASE_AWAY,
    }
)


class Reason(Struct, frozen=True, kw_only=True):
    """A code with what its sentence needs: counts, scopes, a reference.

    ``message`` and ``detail`` among the data are technical details of an error: ours,
    which is safe to show, and the provider's own words.
    """

    code: ReasonCode
    data: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, code: ReasonCode, **data: Any) -> "Reason":
        """Make one, without the data that are empty."""
        kept = {name: value for name, value in data.items() if value not in ("", None)}
        return cls(code=code, data=kept)

    @classmethod
    def stored(cls, code: str, data: Mapping[str, Any]) -> "Reason | None":
        """Return what two columns hold, None when that is nothing."""
        if not code:
            return None
        known = code in ReasonCode.values
        return cls(code=ReasonCode(code) if known else ReasonCode.UNKNOWN, data=data)


def columns(reason: Reason | None, *, name: str = "reason") -> dict[str, Any]:
    """Return what the columns of a reason hold, by their names."""
    return {
        name: reason.code.value if reason else "",
        f"{name}_data": dict(reason.data) if reason else {},
    }


def reason_choices() -> list[tuple[str, str]]:
    """Return the choices of columns that hold a reason.

    Called by Django, so that a new code needs no migration.
    """
    return list(ReasonCode.choices)


def state_choices() -> list[tuple[str, str]]:
    """Return the choices of the column that says why a connection is as it is."""
    return list(StateReason.choices)

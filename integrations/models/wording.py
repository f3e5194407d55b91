"""Make sentences for users from codes: the one place where these are worded.

Nothing decides by them. Sentences begin small, because they also stand behind a name.
Times in them are in the zone of whoever looks, in UTC where nobody does.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models.condition import Condition
from integrations.models.reasons import Reason, ReasonCode
from integrations.providers import SPECS
from integrations.providers.kinds import DeletionKind
from integrations.providers.plain import write_time

TEXTS: Mapping[ReasonCode, str] = {
    ReasonCode.NOT_EXHAUSTIVE: "the provider's search does not list everything",
    ReasonCode.DELETIONS_DISCARDED: "deletions were discarded by a user",
    ReasonCode.HOLD_SUPERSEDED: "deletions were held; everything is being read again",
    ReasonCode.RATE_LIMITED: "waiting for the provider's rate limit",
    ReasonCode.PROVIDER_DOWN: "the provider is not answering properly",
    ReasonCode.PROVIDER_PAUSED: "the provider refuses this site; its staff know",
    ReasonCode.NETWORK: "the provider could not be reached",
    ReasonCode.REFRESHING: "the key to the account is being renewed",
    ReasonCode.NOTHING_SHARED: "nothing is shared yet",
    ReasonCode.NO_PERMISSION: "the permission for it is missing",
    ReasonCode.NOT_FOUND: "the provider has nothing there any more",
    ReasonCode.REQUEST_REFUSED: "the provider refused the request",
    ReasonCode.ODD_ANSWER: "the provider's answer was not understood",
    ReasonCode.QUOTA_EXHAUSTED: "the provider's quota is used up",
    ReasonCode.PLAN_UNKNOWN: (
        "it waits until you say which plan the account has: reading on could use up"
        " the calls that a small plan has in a month"
    ),
    ReasonCode.TOKEN_REFUSED: "the provider refused the permission",
    ReasonCode.NO_TOKEN: "there is no usable permission",
    ReasonCode.LEASE_LOST: "it ended its worker three times",
    ReasonCode.CANCELLED: "it was cancelled",
    ReasonCode.CONNECTION_CHANGED: "the connection has changed",
    ReasonCode.SELECTION_CHANGED: "the choice of collections has changed",
    ReasonCode.RECONNECTED: "the connection was renewed",
    ReasonCode.DISCONNECTED: "the connection was disconnected",
    ReasonCode.PAUSED: "the connection was paused",
    ReasonCode.COLLECTIONS: "not all collections could be read",
    ReasonCode.EMPTY: "there was nothing to read",
    ReasonCode.UNKNOWN: "for a reason that is not known any more",
}
DELETIONS: Mapping[DeletionKind, str] = {
    DeletionKind.DELETED: "deleted there",
    DeletionKind.ARCHIVED: "archived there",
    DeletionKind.TRASHED: "in the trash there",
    DeletionKind.MERGED: "merged into another one",
    DeletionKind.MOVED: "moved to another collection",
    DeletionKind.UNSHARED: "no longer shared",
    DeletionKind.DELETED_OR_MERGED: "deleted or merged there",
    DeletionKind.DELETED_OR_UNSHARED: "deleted or no longer shared",
    DeletionKind.DESELECTED: "not selected",
    DeletionKind.UNKNOWN: "no longer there",
}
# What is waited for, each by its own name; {provider} is the provider's.
WAITS: Mapping[ReasonCode, str] = {
    ReasonCode.RATE_LIMITED: "The rate limit of {provider} is reached",
    ReasonCode.PROVIDER_DOWN: "{provider} is not answering properly",
    ReasonCode.PROVIDER_PAUSED: "{provider} refuses this site; its staff know",
    ReasonCode.NETWORK: "{provider} could not be reached",
    ReasonCode.QUOTA_EXHAUSTED: "The quota of {provider} is used up",
    ReasonCode.ODD_ANSWER: "{provider}: the answer was not understood",
    ReasonCode.REFRESHING: "The key to the account is being renewed",
    ReasonCode.NOTHING_SHARED: (
        "{provider} shows nothing yet; it takes a moment after sharing"
    ),
}
# What is said of a connection beside its badge; {why} is a reason in words.
CONDITIONS: Mapping[Condition, str] = {
    Condition.QUEUED: "{why}.",
    Condition.FIRST_SYNC: "What has been read can be used already.",
    Condition.NOT_READ: "The first sync has not been done: {why}.",
    Condition.WAITING: "{why}.",
    Condition.PARTIAL: "Not all of it is read: {why}.",
    Condition.HELD: "{why} for your decision.",
    Condition.UNSELECTED: "Choose what is read.",
    Condition.STALE: "The last sync is longer ago than promised.",
    Condition.TROUBLE: "{why}.",
    Condition.QUARANTINED: "A sync ended its worker three times.",
    Condition.PROVIDER_PAUSED: "{provider} refuses this site; its staff know.",
    Condition.NEEDS_RECONNECT: "{why}.",
    Condition.PAUSED: "{why}.",
    Condition.DISCONNECTED: "{why}.",
    Condition.KEPT: "{why}.",
    Condition.DELETING: "Its items are being deleted here.",
    Condition.ERASING: "Its owner's account is being deleted.",
}
# Of these the error's own message says more than a sentence for all of them could.
TOLD_BY_MESSAGE = (
    ReasonCode.PROVIDER_DOWN,
    ReasonCode.NETWORK,
    ReasonCode.NO_PERMISSION,
    ReasonCode.NOT_FOUND,
    ReasonCode.REQUEST_REFUSED,
    ReasonCode.ODD_ANSWER,
    ReasonCode.UNKNOWN,
)


# What each permission allows, by the name that programs have for it.
SCOPES: Mapping[str, str] = {
    scope.name: scope.description for spec in SPECS.values() for scope in spec.scopes
}
# What is shown of a time that nobody knows.
UNKNOWN_TIME = "\N{EN DASH}"


def reason_text(reason: Reason | None) -> str:
    """Return why, as a sentence without capital and full stop; empty for nothing."""
    if reason is None:
        return ""
    if reason.code in WORDED:
        return WORDED[reason.code](reason.data)
    message = str(reason.data.get("message", ""))
    if message and reason.code in TOLD_BY_MESSAGE:
        return message
    return TEXTS[reason.code]


def condition_text(condition: Condition, provider: str, *, why: str = "") -> str:
    """Return what is said of a connection beside its badge, as whole sentences."""
    text = CONDITIONS.get(condition, "").format(provider=provider, why=why)
    return text[:1].upper() + text[1:]


def wait_text(reason: Reason | None, provider: str) -> str:
    """Return what an open run waits for, as a sentence without its full stop."""
    if reason is None:
        return "The sync goes on later"
    text = WAITS.get(reason.code, "")
    if not text:
        return f"{provider}: {reason_text(reason)}"
    attempt = int(reason.data.get("attempt") or 0)
    tried = f" (attempt {attempt})" if attempt else ""
    return text.format(provider=provider) + tried


def time_text(at: datetime) -> str:
    """Return an exact time in the zone of whoever looks, which it names."""
    return write_time(at, timezone.get_current_timezone())


def deletion_text(kind: str | None, detail: str = "") -> str:
    """Return what became of a deleted item; the ids among the details stay out."""
    if kind not in list(DeletionKind):
        return ""
    # Sentences of earlier versions are kept where no code stands for them.
    is_told = kind == DeletionKind.UNKNOWN and detail
    return detail if is_told else DELETIONS[DeletionKind(kind)]


COST_UNKNOWN = "what this costs could not be estimated"
SCHEDULE_UNKNOWN = "no schedule could be fitted to your plan"


def connector_text(reference: str, what: str = "this could not be read") -> str:
    """Return that something failed by our mistake, with the reference to ask about."""
    return f"{what}: our mistake (reference {reference})"


def _capped(data: Mapping[str, Any]) -> str:
    number = int(data.get("number") or 0)
    return f"the provider gives no more than {number:,} of those made in one minute"


def _parts_not_listed(data: Mapping[str, Any]) -> str:
    number = int(data.get("number") or 0)
    if not number:
        return "some long values are kept in part; the rest is at the provider"
    return f"{count_text(number, 'part')} could not be listed"


def _short_listing(data: Mapping[str, Any]) -> str:
    listed, total = int(data.get("listed") or 0), int(data.get("total") or 0)
    return f"the listing ended after {listed:,} of {count_text(total, 'item')}"


def _unreadable_items(data: Mapping[str, Any]) -> str:
    return f"{count_text(int(data.get('count') or 0), 'item')} could not be read"


def _deletions_held(data: Mapping[str, Any]) -> str:
    number = int(data.get("count") or 0)
    waiting = count_text(number, "deletion", verb=("waits", "wait"))
    return f"{waiting} for approval"


def _full_refresh_failed(data: Mapping[str, Any]) -> str:
    because = data.get("because") or {}
    reason = Reason.stored(str(because.get("code", "")), because.get("data") or {})
    text = reason_text(reason)
    return f"reading everything failed: {text}" if text else "reading everything failed"


def _collection_deleted(data: Mapping[str, Any]) -> str:
    return deletion_text(str(data.get("kind", ""))) or "no longer there"


def _takes_turns(data: Mapping[str, Any]) -> str:
    number = int(data.get("number") or 0)
    rows = count_text(number, "row")
    inside = "pages inside the rows of large tables"
    return f"{inside} are looked for in turns, {rows} at a time"


def _quota_exhausted(data: Mapping[str, Any]) -> str:
    text = str(data.get("message", "")) or TEXTS[ReasonCode.QUOTA_EXHAUSTED]
    until = parse_datetime(str(data.get("until", "")))
    return f"{text} until {time_text(until)}" if until else text


def _no_permission(data: Mapping[str, Any]) -> str:
    """Return which permissions are missing, as users read them where they consent.

    The names of scopes are for programs: shown is one that has no description.
    """
    scopes = [str(each) for each in data.get("scopes") or ()]
    names = [f"“{SCOPES[each]}”" for each in scopes if each in SCOPES]
    if len(names) == 1:
        return f"the permission {names[0]} is missing"
    if names:
        return f"the permissions {' and '.join(names)} are missing"
    if scopes:
        return f"needs {', '.join(scopes)}"
    return str(data.get("message", "")) or TEXTS[ReasonCode.NO_PERMISSION]


def _connector_error(data: Mapping[str, Any]) -> str:
    reference, number = str(data.get("reference", "")), int(data.get("count") or 0)
    if number:
        return connector_text(reference, _unreadable_items(data))
    if data.get("task") == "count":
        return connector_text(reference, "the provider's count could not be read")
    return connector_text(reference)


def count_text(number: int, noun: str, *, verb: tuple[str, str] = ("", "")) -> str:
    """Return a number with what it counts, and with what that does, in agreement.

    ``verb`` has two forms, for one and for several.
    """
    ending, does = ("", verb[0]) if number == 1 else ("s", verb[1])
    return f"{number:,} {noun}{ending} {does}".rstrip()


WORDED = {
    ReasonCode.CAPPED: _capped,
    ReasonCode.PARTS_NOT_LISTED: _parts_not_listed,
    ReasonCode.SHORT_LISTING: _short_listing,
    ReasonCode.UNREADABLE_ITEMS: _unreadable_items,
    ReasonCode.DELETIONS_HELD: _deletions_held,
    ReasonCode.FULL_REFRESH_FAILED: _full_refresh_failed,
    ReasonCode.COLLECTION_DELETED: _collection_deleted,
    ReasonCode.TAKES_TURNS: _takes_turns,
    ReasonCode.QUOTA_EXHAUSTED: _quota_exhausted,
    ReasonCode.NO_PERMISSION: _no_permission,
    ReasonCode.CONNECTOR_ERROR: _connector_error,
}

"""Make sentences for users from codes: the one place where these are worded.

Nothing decides by them. Sentences begin small, because they also stand behind a name.
Times in them are in the zone of whoever looks, in UTC where nobody does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from integrations.models.condition import Condition
from integrations.models.messages.sentences import (
    CONDITIONS,
    DELETIONS,
    NOTICE_TEXTS,
    NOTICE_TITLES,
    STATES,
    TEXTS,
    WAITS,
)
from integrations.models.notices.notice_kind import NoticeKind
from integrations.models.reasons import Reason, ReasonCode, StateReason
from integrations.providers import SPECS
from integrations.providers.kinds import DeletionKind
from integrations.providers.typed.plain import write_time

# What each permission allows, by the name that programs have for it.
SCOPES: Mapping[str, str] = {
    scope.name: scope.description for spec in SPECS.values() for scope in spec.scopes
}
# Of more texts the first are named.
MOST_TOLD = 3
# What is shown of a time that nobody knows.
UNKNOWN_TIME = "\N{EN DASH}"
# What is said of a change that the history holds no field of.
NO_FIELD_CHANGED = "no field changed: its text did, or what is not kept here"
# What is said of a change that nobody made at the provider.
FOUND_OUT = "nobody changed it there: it follows from other items, or was told late"
# And of one in which only the provider's own notes differ.
ONLY_DATED = "nothing that is shown changed: only when it was edited"


def reason_text(reason: Reason | None, provider: str = "") -> str:
    """Return why, as a sentence without capital and full stop; empty for nothing.

    A provider's slug lets it use its own words for what only that provider does. The
    parts of an account that it is about are named.
    """
    if reason is None:
        return ""
    text = _reason_text(reason, provider)
    parts = [f"“{each}”" for each in reason.data.get("parts") or ()]
    return f"{text}: {', '.join(parts)} could not be listed" if parts else text


def _reason_text(reason: Reason, provider: str) -> str:
    spec = SPECS.get(provider)
    if spec is not None and (own := spec.reason_texts.get(reason.code)):
        return own.format(number=f"{_number(reason.data):,}")
    if reason.code is ReasonCode.FULL_REFRESH_FAILED:
        return _full_refresh_failed(reason.data, provider)
    if reason.code in WORDED:
        return WORDED[reason.code](reason.data)
    text, until = TEXTS[reason.code], _until(reason.data)
    return f"{text}; it asks to wait until {until}" if until else text


def state_text(reason: str) -> str:
    """Return why a connection is in its state; empty for nothing."""
    if not reason:
        return ""
    is_known = reason in StateReason.values
    return STATES[StateReason(reason)] if is_known else TEXTS[ReasonCode.UNKNOWN]


def condition_text(condition: Condition, provider: str, *, why: str = "") -> str:
    """Return what is said of a connection beside its badge, as whole sentences."""
    text = CONDITIONS.get(condition, "").format(provider=provider, why=why)
    return text[:1].upper() + text[1:]


def notice_title(kind: NoticeKind, **words: str) -> str:
    """Return what a user is told of, in one line."""
    return NOTICE_TITLES[kind].format(**words)


def notice_text(kind: NoticeKind, **words: str) -> str:
    """Return what is said of it, and what to do, as whole sentences."""
    text = NOTICE_TEXTS[kind].format(**words)
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


def retry_text(why: str, attempt: int, most: int) -> str:
    """Return why a sync failed, and which attempt is made by itself."""
    return f"{why}; it is tried again by itself (attempt {attempt} of {most})"


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


def clock_text(seconds: int, provider: str) -> str:
    """Return by how much our clock differs from a provider's."""
    size, unit = abs(seconds), 3600 if abs(seconds) >= 3 * 3600 else 60
    noun = "hour" if unit == 3600 else "minute"
    where = "ahead of" if seconds > 0 else "behind"
    return (
        f"the clock of this site is about {count_text(round(size / unit), noun)}"
        f" {where} that of {provider}"
    )


def old_links_text(at: datetime | None) -> str:
    """Return that links are older than fields, as of when."""
    return f"its links are as of {time_text(at)}" if at else ""


COST_UNKNOWN = "what this costs could not be estimated"
RAW_VALUES = "these values are shown as the provider gave them"
RAW_ROWS = "values of some rows are shown as the provider gave them, or left out"
PAST_UNKNOWN = "which rows these were could not be told"
LINKS_UNKNOWN = "not all that was linked could be told"
SCHEDULE_UNKNOWN = "no schedule could be fitted to your plan"


def connector_text(reference: str, what: str = "this could not be read") -> str:
    """Return that something failed by our mistake, with the reference to ask about."""
    return f"{what}: our mistake (reference {reference})"


def _number(data: Mapping[str, Any]) -> int:
    return int(data.get("number") or 0)


def _capped(data: Mapping[str, Any]) -> str:
    return f"the provider lists no more than {_number(data):,} of them"


def _links_capped(data: Mapping[str, Any]) -> str:
    return (
        f"of records with more than {_number(data):,} links to one type, the first"
        " are kept; the rest is at the provider"
    )


def _parts_not_listed(data: Mapping[str, Any]) -> str:
    return f"{count_text(_number(data), 'part')} could not be listed"


def _unknown(data: Mapping[str, Any]) -> str:
    """Return the sentence that an earlier version has stored, where it is kept."""
    return str(data.get("message", "")) or TEXTS[ReasonCode.UNKNOWN]


def _short_listing(data: Mapping[str, Any]) -> str:
    listed, total = int(data.get("listed") or 0), int(data.get("total") or 0)
    return f"the listing ended after {listed:,} of {count_text(total, 'item')}"


def _unreadable_items(data: Mapping[str, Any]) -> str:
    return f"{count_text(int(data.get('count') or 0), 'item')} could not be read"


def _deletions_held(data: Mapping[str, Any]) -> str:
    number = int(data.get("count") or 0)
    waiting = count_text(number, "deletion", verb=("waits", "wait"))
    return f"{waiting} for approval"


def _full_refresh_failed(data: Mapping[str, Any], provider: str) -> str:
    because = data.get("because") or {}
    reason = Reason.stored(str(because.get("code", "")), because.get("data") or {})
    text = reason_text(reason, provider)
    return f"the full refresh failed: {text}" if text else "the full refresh failed"


def _collection_deleted(data: Mapping[str, Any]) -> str:
    return deletion_text(str(data.get("kind", ""))) or "no longer there"


def _takes_turns(data: Mapping[str, Any]) -> str:
    return f"what is in there is looked for in turns, {_number(data):,} at a time"


EXTRAS: Mapping[str, str] = {
    "schema": "what its fields are called now",
    "fields": "which fields there are",
    "deletions": "its list of what was deleted",
    "count": "its own count",
    **{k: text for spec in SPECS.values() for k, text in spec.extra_texts.items()},
}
# What there is more of than is read.
CUT_EXTRAS: Mapping[str, str] = {
    "more_fields": "fields",
    **{k: text for spec in SPECS.values() for k, text in spec.cut_texts.items()},
}


def _extras_refused(data: Mapping[str, Any]) -> str:
    names = [str(each) for each in data.get("extras") or ()]
    cut = [CUT_EXTRAS[name] for name in names if name in CUT_EXTRAS]
    told = [
        EXTRAS.get(name, name.replace("_", " "))
        for name in names
        if name not in CUT_EXTRAS
    ]
    text = "the provider did not give something that is not needed to be complete"
    refused = [f"{text}: {', '.join(told)}" if told else text]
    more = [f"the provider has more {' and '.join(cut)} than are read"] if cut else []
    return "; ".join([*(refused if told or not cut else []), *more])


def _quota_exhausted(data: Mapping[str, Any]) -> str:
    text, until = TEXTS[ReasonCode.QUOTA_EXHAUSTED], _until(data)
    return f"{text} until {until}" if until else text


def _until(data: Mapping[str, Any]) -> str:
    """Return when the provider answers again, empty where that is not known."""
    until = parse_datetime(str(data.get("until", "")))
    return time_text(until) if until else ""


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
    return f"needs {', '.join(scopes)}" if scopes else TEXTS[ReasonCode.NO_PERMISSION]


def _connector_error(data: Mapping[str, Any]) -> str:
    reference, number = str(data.get("reference", "")), int(data.get("count") or 0)
    if number:
        return connector_text(reference, _unreadable_items(data))
    if data.get("task") == "count":
        return connector_text(reference, "the provider's count could not be read")
    return connector_text(reference)


def join_some(texts: Sequence[str], *, last: str, glue: str = ", ") -> str:
    """Return texts as one, the first of them with the number of all others if many."""
    more = len(texts) - MOST_TOLD
    # One more is as long as its number.
    told = [*texts[:MOST_TOLD], f"{more:,} more"] if more > 1 else [*texts]
    return last.join(each for each in (glue.join(told[:-1]), *told[-1:]) if each)


def count_text(number: int, noun: str, *, verb: tuple[str, str] = ("", "")) -> str:
    """Return a number with what it counts, and with what that does, in agreement.

    ``verb`` has two forms, for one and for several.
    """
    ending, does = ("", verb[0]) if number == 1 else ("s", verb[1])
    return f"{number:,} {noun}{ending} {does}".rstrip()


WORDED = {
    ReasonCode.CAPPED: _capped,
    ReasonCode.LINKS_CAPPED: _links_capped,
    ReasonCode.PARTS_NOT_LISTED: _parts_not_listed,
    ReasonCode.SHORT_LISTING: _short_listing,
    ReasonCode.UNKNOWN: _unknown,
    ReasonCode.UNREADABLE_ITEMS: _unreadable_items,
    ReasonCode.DELETIONS_HELD: _deletions_held,
    ReasonCode.COLLECTION_DELETED: _collection_deleted,
    ReasonCode.TAKES_TURNS: _takes_turns,
    ReasonCode.EXTRAS_REFUSED: _extras_refused,
    ReasonCode.QUOTA_EXHAUSTED: _quota_exhausted,
    ReasonCode.NO_PERMISSION: _no_permission,
    ReasonCode.CONNECTOR_ERROR: _connector_error,
}

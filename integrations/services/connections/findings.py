"""Findings about a connection: which conditions hold by the facts, and why."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from integrations.models import Collection, Connection, SyncRun
from integrations.models.collection import Completeness
from integrations.models.condition import Condition
from integrations.models.messages import wording
from integrations.models.reasons import Reason, ReasonCode, StateReason
from integrations.services.connections.facts import Facts
from integrations.services.sync import retries

# A worker takes what is due within seconds; after this long it is worth saying.
LONG_QUEUED = timedelta(minutes=2)
MOST_NAMED = 3
# What lacks nothing else is complete but for its links.
OLD_LINKS = "links_as_of"
KEPT = ("is kept as it was", "are kept as they were")
Finding = tuple[Condition, str, str]


def findings(facts: Facts) -> Iterator[Finding]:
    """Yield what holds, as condition, code and reason in words, the weightiest first.

    What only its user can change stands before what passes by itself, and that
    before what is missing.
    """
    yield from _of_grant(facts)
    yield from _of_trouble(facts)
    yield from _of_first_sync(facts)
    yield from _of_data(facts)
    yield Condition.CONNECTED, "", ""


def _of_grant(facts: Facts) -> Iterator[Finding]:
    connection = facts.connection
    reason, text = connection.reason, connection.reason_text
    if facts.is_erasing:
        yield Condition.ERASING, "", ""
    if not connection.is_connected:
        if connection.is_purging:
            yield Condition.DELETING, reason, text
        kept = wording.count_text(facts.item_count, "item", verb=KEPT)
        told = f"{text or 'disconnected'}; {kept}" if facts.item_count else text
        if connection.is_moved:
            yield Condition.MOVED, reason, told
        if facts.item_count:
            yield Condition.KEPT, reason, told
        yield Condition.DISCONNECTED, reason, text or "it is not connected"
    if connection.state == Connection.State.NEEDS_RECONNECT:
        yield Condition.NEEDS_RECONNECT, reason, _reconnect_text(facts, text)
    if connection.reason == StateReason.SITE_KEY_WRONG:
        yield Condition.TROUBLE, reason, text
    if not facts.is_key_known or _has_unreadable_key(facts):
        code = StateReason.CREDENTIAL_UNREADABLE
        text = wording.STATES[code]
        yield Condition.NEEDS_RECONNECT, code, _reconnect_text(facts, text)
    if connection.state == Connection.State.PAUSED:
        yield Condition.PAUSED, reason, text or "it is paused"


def _reconnect_text(facts: Facts, text: str) -> str:
    text = text or "the permission has ended"
    if facts.is_configured:
        return text
    return f"{text}; {facts.connection.provider_name} is not set up here now"


def _has_unreadable_key(facts: Facts) -> bool:
    """Tell whether the latest run found that the stored permission cannot be opened."""
    run = facts.ended_run
    if run is None or run.reason != ReasonCode.NO_TOKEN:
        return False
    return bool(run.reason_data.get("state") == StateReason.CREDENTIAL_UNREADABLE)


def _of_trouble(facts: Facts) -> Iterator[Finding]:
    connection, run = facts.connection, facts.ended_run
    if facts.provider_paused_until is not None:
        yield Condition.PROVIDER_PAUSED, "provider_paused", ""
    if facts.open_run is not None and facts.open_run.is_waiting:
        waits_for = facts.open_run.wait_reason
        code = waits_for.code.value if waits_for else ""
        text = wording.wait_text(waits_for, connection.provider_name)
        yield Condition.WAITING, code, text
    if facts.retry_at is not None:
        if run is not None and "until" in run.reason_data:
            yield Condition.WAITING, run.reason, run.reason_text
        yield Condition.RETRYING, *_retrying(facts)
    is_degraded = connection.state == Connection.State.DEGRADED
    if is_degraded and connection.reason == StateReason.QUARANTINED:
        yield Condition.QUARANTINED, connection.reason, ""
    if is_degraded and connection.reason != StateReason.STALE:
        yield Condition.TROUBLE, connection.reason, _trouble_text(facts)
    if run is not None and run.outcome == SyncRun.Outcome.QUARANTINED:
        yield Condition.QUARANTINED, run.reason, ""
    if run is not None and run.outcome == SyncRun.Outcome.FAILED:
        yield Condition.TROUBLE, run.reason, _trouble_text(facts)


def _retrying(facts: Facts) -> tuple[str, str]:
    """Return why the next attempt is made, as code and in words."""
    run, reason = facts.ended_run, None
    if run is not None:
        whole = Reason.stored(run.reason, run.reason_data)
        reason = retries.passing_failure(whole, run)
    text = wording.retry_text(
        _trouble_text(facts), facts.attempt, retries.MOST_ATTEMPTS
    )
    return reason.code.value if reason else "", text


def _trouble_text(facts: Facts) -> str:
    """Return what the latest run met, else what is stored of the connection."""
    run, told = facts.ended_run, facts.connection.reason_text
    if run is not None and run.outcome in SyncRun.ENDED_BADLY and run.reason_text:
        return f"the last sync failed: {run.reason_text}"
    if run is not None and run.outcome == SyncRun.Outcome.PARTIAL and run.reason_text:
        return f"the last sync did not read all of it: {run.reason_text}"
    if run is not None and run.outcome == SyncRun.Outcome.COMPLETE and run.texts_left:
        return "the last sync did not read all texts"
    return told or "the last sync failed"


def _of_first_sync(facts: Facts) -> Iterator[Finding]:
    run = facts.open_run
    if facts.connection.last_synced_at is not None:
        return
    if run is None:
        ended = facts.ended_run
        why = ended.reason_text if ended is not None else "no sync has run yet"
        yield Condition.NOT_READ, "", why or "it ended early"
    elif run.started_at is None:
        waited = facts.now - run.due_at
        is_late, minutes = waited > LONG_QUEUED, int(waited.total_seconds() // 60)
        late = f"no worker has taken it for {wording.count_text(minutes, 'minute')}"
        soon = "the first sync is about to start"
        yield Condition.QUEUED, "late" if is_late else "", late if is_late else soon
    else:
        yield Condition.FIRST_SYNC, "", ""


def _of_data(facts: Facts) -> Iterator[Finding]:
    selected = facts.selected
    held = [c for c in selected if c.completeness == Completeness.HELD]
    if held:
        number = sum(int(c.reason_data.get("count") or 0) for c in held)
        waiting = wording.count_text(number, "deletion", verb=("waits", "wait"))
        why = waiting if number else "deletions wait"
        yield Condition.HELD, "deletions_held", why
    if facts.connection.is_stale or facts.connection.reason == StateReason.STALE:
        yield Condition.STALE, "stale", ""
    if facts.collections and not selected:
        yield Condition.UNSELECTED, "", ""
    synced_at = facts.connection.last_synced_at
    lacking = [(c, why) for c in selected if (why := _lacks(c, facts.now, synced_at))]
    is_empty = not facts.item_count and all(
        c.reason == ReasonCode.NOTHING_SHARED for c, _ in lacking
    )
    if is_empty:
        yield Condition.EMPTY, "", ""
    if lacking:
        names = [f"{collection.name}: {why}" for collection, why in lacking]
        yield Condition.PARTIAL, lacking[0][0].reason or OLD_LINKS, _named(names)


def _lacks(collection: Collection, now: datetime, synced_at: datetime | None) -> str:
    """Return why not all of a collection is here, empty when it is."""
    until = collection.blocked_until
    if until is not None and collection.is_blocked(now):
        data = {"until": until.isoformat()}
        quota = Reason(code=ReasonCode.QUOTA_EXHAUSTED, data=data)
        return collection.reason_text or wording.reason_text(quota)
    if collection.completeness == Completeness.COMPLETE:
        is_old = collection.has_old_links(synced_at)
        return wording.old_links_text(collection.links_read_at) if is_old else ""
    word = str(Completeness(collection.completeness).label)
    return collection.reason_text or word[:1].lower() + word[1:]


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return "; ".join(names[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")

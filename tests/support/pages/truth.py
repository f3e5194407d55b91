"""Say by the facts alone what may be shown of a connection, and what may not."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.support.guards.agreement import disagreements
from tests.support.pages.shown import Badge, Shown, badges, fact
from tests.support.pages.states import MINUTE, Part, State

SOON = timedelta(seconds=5)
# How long a batch of pages may take; no two different times are as close.
SLACK = 2 * MINUTE


def is_connected(state: State) -> bool:
    return state.stored != "disconnected"


def is_grant_alive(state: State) -> bool:
    """Tell whether the permission could be used."""
    has_ended = state.stored in {"disconnected", "needs_reconnect"}
    return not has_ended and state.key != "unreadable"


def is_key_wrong(state: State) -> bool:
    """Tell whether this site can open no permission that it stores."""
    return state.reason == "site_key_wrong"


def may_sync(state: State) -> bool:
    is_on = state.stored in {"active", "degraded"}
    return is_grant_alive(state) and is_on and not is_key_wrong(state)


def is_open(state: State) -> bool:
    return state.run is not None and not state.run.outcome


def is_waiting(state: State) -> bool:
    run = state.run
    is_later = run is not None and not run.is_leased and run.due_in > SOON
    has_begun = run is not None and run.is_started and not run.is_cancelled
    return is_open(state) and may_sync(state) and is_later and has_begun


def is_retrying(state: State) -> bool:
    """Tell whether a sync that failed is tried again by itself."""
    is_planned = state.retries_in is not None and state.reason != "quarantined"
    return may_sync(state) and not is_open(state) and is_planned


def is_read(part: Part) -> bool:
    is_blocked = part.blocked_for is not None and part.blocked_for > timedelta()
    return part.completeness == "complete" and not is_blocked


def wanted(state: State) -> list[Part]:
    return [part for part in state.parts if part.is_selected and part.is_listed]


def items(state: State) -> int:
    return sum(part.count for part in state.parts)


def first_read(state: State) -> int:
    """Return how many items its latest run found that nobody had read before."""
    is_first = state.run is not None and state.synced is None
    return items(state) if is_first else 0


def failed_lately(state: State) -> bool:
    run = state.run
    return bool(
        run and run.is_of_this_grant and run.outcome in {"failed", "quarantined"}
    )


def is_late(state: State) -> bool:
    """Tell whether the data is older than three intervals, or an hour."""
    return state.synced is not None and state.synced < -60 * MINUTE


def is_well(state: State) -> bool:
    """Tell whether nothing at all is to be said of it."""
    return (
        (state.stored, state.key in {"good", "expired"}) == ("active", True)
        and state.circuit_opens_in is None
        and state.synced is not None
        and not is_late(state)
        and not is_waiting(state)
        and not is_retrying(state)
        and not failed_lately(state)
        and all(is_read(part) for part in wanted(state))
    )


def expected(state: State) -> set[str]:
    """Return the conditions that are true of it; one of these is to be shown."""
    if not is_connected(state):
        if state.is_purging:
            return {"deleting"}
        if state.reason == "moved":
            return {"moved"}
        return {"kept"} if items(state) else {"disconnected"}
    if is_key_wrong(state):
        return {"trouble"}
    if not is_grant_alive(state):
        return {"needs_reconnect"}
    if state.stored == "paused":
        return {"paused"}
    return _of_trouble(state) or _of_data(state)


def _of_trouble(state: State) -> set[str]:
    true = set()
    if state.circuit_opens_in is not None:
        true.add("provider_paused")
    if is_retrying(state):
        # That it failed is said there, and what comes of it.
        return true | {"retrying"}
    if is_waiting(state):
        true.add("waiting")
    if state.stored == "degraded" and state.reason not in {"stale", "quarantined"}:
        true.add("trouble")
    is_broken_off = failed_lately(state) and state.run.outcome == "quarantined"
    if is_broken_off or state.reason == "quarantined":
        true.add("quarantined")
    if failed_lately(state) and not is_broken_off:
        true.add("trouble")
    return true


def _of_data(state: State) -> set[str]:
    if state.synced is None:
        if not is_open(state):
            return {"not_read"}
        return {"first_sync"} if state.run.is_started else {"queued"}
    if any(part.completeness == "held" for part in wanted(state)):
        return {"held"}
    if state.reason == "stale" or is_late(state):
        return {"stale"}
    if any(part.is_listed for part in state.parts) and not wanted(state):
        return {"unselected"}
    unread = [part for part in wanted(state) if not is_read(part)]
    if not items(state) and all(p.reason == "nothing_shared" for p in unread):
        return {"empty"}
    return {"partial"} if unread else {"connected"}


def contradictions(pages: list[Shown]) -> Iterator[str]:
    """Yield where two pages do not say the same."""
    times = [datetime.fromisoformat(at) for page in pages for at in page.next_at]
    if times and max(times) - min(times) > SLACK:
        yield f"next sync: {times}"
    for name in ("badge", "items", "last"):
        told = {}
        for page in pages:
            if value := getattr(page, name):
                told.setdefault(str(value), page.page)
        if len(told) > 1:
            yield f"{name}: {told}"


def lies(state: State, shown: Shown, now: datetime) -> Iterator[str]:
    """Yield what a page says that is not so."""
    badge = shown.badge
    if badge.state not in expected(state):
        yield f"{badge.state}, where {expected(state)} is true"
    if (badge.tone == "ok") != is_well(state) and badge.state == "connected":
        yield "green although not all is well"
    yield from disagreements(shown.text)
    if "asked us to wait" in shown.text:
        yield "one sentence for every wait"
    if badge.state == "waiting" and badge.code != state.run.reason:
        yield f"waits for {badge.code}, but {state.run.reason} is the reason"
    if badge.state == "retrying" and badge.code != state.run.reason:
        yield f"tried again for {badge.code}, not for {state.run.reason}"
    attempt = f"attempt {state.failed + 1} of 5"
    has_sentence = shown.page in {"page", "list", "Home", "admin page"}
    is_told = not has_sentence or attempt in shown.text.lower()
    if badge.state == "retrying" and not is_told:
        yield f"not the {attempt}"
    if state.is_purging and shown.items not in {"", "Being deleted"}:
        yield f"{shown.items} items while they are deleted"
    if not state.is_purging and shown.items.replace(",", "") not in {
        "",
        str(items(state)),
    }:
        yield f"{shown.items} items of {items(state)}"
    if shown.last.startswith("in ") or (shown.last == "Never" and is_open(state)):
        yield f"last sync {shown.last}"
    yield from _about_next(state, shown, now)
    yield from _about_actions(state, shown)


def _about_next(state: State, shown: Shown, now: datetime) -> Iterator[str]:
    if not shown.next_at:
        return
    (text,) = shown.next_at
    at = datetime.fromisoformat(text)
    if not may_sync(state):
        yield f"next sync {shown.next}, which will not come"
    if at < now:
        yield f"next sync {shown.next}, which is over"
    is_next = is_retrying(state) and state.retries_in is not None
    usual = max(state.retries_in, timedelta()) if is_next else 15 * MINUTE
    if at > now + usual + SLACK:
        yield f"next sync {shown.next}, longer than the schedule"


def _about_actions(state: State, shown: Shown) -> Iterator[str]:
    syncs = shown.actions & {"sync", "full_refresh"}
    if syncs and not may_sync(state):
        yield f"{syncs} cannot work"
    is_on = is_open(state) and state.run.is_started
    if syncs and is_on:
        yield f"{syncs} while one is on"
    if "resume" in shown.actions and state.stored != "paused":
        yield "resume"
    if "pause" in shown.actions and not may_sync(state):
        yield "pause"
    if "disconnect" in shown.actions and not is_connected(state):
        yield "disconnect"
    if "remove" in shown.actions and is_connected(state):
        yield "remove"
    if "collections" in shown.actions and not is_connected(state):
        yield "choose what is read"
    is_final = state.is_purging or state.reason == "moved" or is_key_wrong(state)
    if "consent" in shown.actions and (is_final or not state.is_configured):
        yield "reconnect"


def lies_of_page(state: State, html: str) -> Iterator[str]:
    """Yield what only the connection's own page says that is not so."""
    texts = {badge.text for badge in badges(html)}
    if is_key_wrong(state) and "/authorize" in html:
        yield "a new permission is asked for, which nobody could read"
    if {"Granted", "Granted, not used"} & texts and not is_grant_alive(state):
        yield "a dead grant is granted"
    if is_grant_alive(state) and state.reason != "unauthorized" and ("Ended" in texts):
        yield "a living grant has ended"
    if may_sync(state) or not is_connected(state):
        return
    is_paused = state.stored == "paused" and is_grant_alive(state)
    after = "after you resume it" if is_paused else "after you reconnect"
    if is_key_wrong(state):
        after = "once the key of this site is right"
    if fact(html, "Schedule") != f"Every 15 minutes, {after}":
        yield "a schedule that does not run"


def lies_of_run(state: State, shown: list[Badge]) -> Iterator[str]:
    """Yield what a run's page says that is not so."""
    texts = {badge.text for badge in shown if not badge.state}
    if state.run.outcome and {"Reading", "Waiting", "Pending", "Running"} & texts:
        yield f"something goes on in a run that ended: {texts}"
    if not wanted(state) and "Complete" in texts:
        yield "complete, where there was nothing"
    if (
        is_open(state)
        and not may_sync(state)
        and "Waiting" in texts
        and (shown[0].text == "Waiting")
    ):
        yield "a dead run waits"

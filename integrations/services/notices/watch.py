"""Watch connections and the site: what begins is an incident, what ends is resolved.

Any number of schedulers may watch at once.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q

from integrations.models import (
    Collection,
    Connection,
    Heartbeat,
    Incident,
    NoticeSettings,
    ProviderState,
    times,
)
from integrations.models.collection import Completeness
from integrations.models.reasons import StateReason
from integrations.providers.typed.values import cut
from integrations.services.common.apart import Apart
from integrations.services.connections.facts import Facts, facts_of
from integrations.services.notices import incidents
from integrations.services.notices.troubles import is_at_rest, needs_user, troubles_of
from integrations.services.sync.calls import spend
from integrations.services.upkeep.census import Census, stale
from integrations.services.upkeep.checks import registry, reports, runner
from integrations.services.upkeep.checks.check import Check, Result

BATCH = 200
# One look takes no longer; the next goes on behind the last connection of this one.
LOOK_SECONDS = 10.0
DEADLINE_SECONDS = 5.0
AFTER = "notices:after"
# Heartbeats of those who look at the site: now, and since when without a break.
LOOKED, BEGAN = "notices.site", "notices.began"
# A break is shorter than any silence that is told at once.
BREAK = timedelta(seconds=40)
# After it silence says only that everything starts.
STARTING = timedelta(minutes=1)


def watch_site(*, now: datetime) -> None:
    """Run the checks that operators are told of."""
    least_grace = _least_grace(now)
    rows = Incident.objects.filter(resolved_at__isnull=True, connection__isnull=True)
    known = {(each.kind, each.subject): each for each in rows}
    checks, results = _look({kind for kind, _ in known}, now)
    failed = runner.failures_of(checks, results)
    unknown = runner.unknown_in(checks, results)
    # Of what nobody has reported nothing is known.
    unknown |= {check.id for check in registry.CHECKS} - {c.id for c in checks}
    # A check that failed as a whole says nothing of the parts it watches.
    unknown |= {check.id for check, result in failed if not result.parts}
    found = {
        (check.id, subject): (check, said)
        for check, result in failed
        for subject, said in _parts_of(check, result)
    }
    incidents.seen_again(known[key] for key in found if key in known)
    for key, (check, said) in found.items():
        if key not in known:
            incident = _site_incident(check, key[1], said, now)
            grace = max(check.grace, least_grace)
            incidents.open_site_incident(incident, grace=grace)
    in_parts = {check.id for check, result in failed if result.parts}
    for key, incident in known.items():
        if key not in found and incident.kind not in unknown:
            # What an older release told as a whole goes on in parts.
            goes_on = incident.subject == Incident.SITE and incident.kind in in_parts
            incidents.seen_clear(incident, now, is_told=not goes_on)


def _least_grace(now: datetime) -> timedelta:
    """Note that somebody looks, and return what is left of the time for a start."""
    seen = Heartbeat.objects.in_bulk([LOOKED, BEGAN])
    looked, began = seen.get(LOOKED), seen.get(BEGAN)
    is_start = looked is None or began is None or times.is_over(looked.at, BREAK, now)
    for name in (LOOKED, BEGAN) if is_start else (LOOKED,):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now})
    if is_start or began is None:
        return STARTING
    is_over = times.is_over(began.at, STARTING, now)
    return timedelta() if is_over else STARTING - (now - began.at)


def _look(open_kinds: set[str], now: datetime) -> tuple[list[Check], dict[str, Result]]:
    """Run the checks of the site that are due, and add what was reported of others."""
    of_site = reports.due(registry.of_site(), open_kinds, now)
    asked = runner.run(of_site, deadline=DEADLINE_SECONDS, census=Census())
    unknown = runner.unknown_in(of_site, asked)
    found = {name: each for name, each in asked.items() if name not in unknown}
    reports.store_site(found, now=now)
    hidden = {check.id for check in of_site if check.needs_route}
    live = {name: each for name, each in asked.items() if name not in hidden}
    return reports.everything(live, registry.CHECKS, now=now)


def _parts_of(check: Check, result: Result) -> Iterator[tuple[str, str]]:
    """Yield what is told of a failed check by itself: its subject, and words."""
    whole = result.found or f"not so now: {check.title}"
    for subject, said in (result.parts or {Incident.SITE: whole}).items():
        yield subject, " ".join(said.split())


def _site_incident(check: Check, subject: str, said: str, now: datetime) -> Incident:
    return Incident(
        kind=check.id,
        subject=subject,
        severity=check.severity.value,
        title=cut(f"{check.severity.capitalize()}: {check.id}: {said}", 300),
        text=cut(f"{check.advice} See {check.runbook}.", 1000),
        opened_at=now,
    )


def watch_connections(*, now: datetime) -> None:
    """Look at the connections that may be in trouble, or have been."""
    stop_at = time.monotonic() + LOOK_SECONDS
    keys = sorted(_suspects(now))
    after = _after()
    left = [key for key in keys if after is None or key > after] or keys
    with Apart("watch") as parts:
        for start in range(0, len(left), BATCH):
            some = left[start : start + BATCH]
            _watch_some(some, now, parts)
            if time.monotonic() > stop_at:
                cache.set(AFTER, str(some[-1]))
                return
        cache.delete(AFTER)


def _after() -> UUID | None:
    """Return where the last look ended; the cache may hold anything, or nothing."""
    try:
        return UUID(cache.get(AFTER))
    except (AttributeError, TypeError, ValueError):
        return None


def _suspects(now: datetime) -> set[UUID]:
    """Return the connections that somebody may have to be told of, or was."""
    # As it is stored: that this process lacks a key says nothing of a permission.
    chosen = Q(state=Connection.State.NEEDS_RECONNECT)
    chosen |= stale(now) | spend.nearly_used(now)
    chosen |= Q(reason=StateReason.STALE)
    paused = [each.provider for each in ProviderState.objects.all() if each.is_paused]
    if paused:
        # Who has not asked for it is not told, and a whole provider's users are many.
        is_asked = Q(owner__notice_settings__provider_paused=True)
        chosen |= is_asked & Q(provider__in=paused)
    is_refused = Q(
        completeness=Completeness.NO_PERMISSION, before_refusal__isnull=False
    )
    collections = Collection.objects.filter(
        Q(completeness=Completeness.HELD) | is_refused, is_selected=True
    )
    unresolved = Incident.objects.filter(
        resolved_at__isnull=True, connection__isnull=False
    )
    connected = Connection.objects.connected().order_by().filter(chosen)
    found = set(connected.values_list("pk", flat=True))
    for rows in (collections.order_by(), unresolved.order_by()):
        found.update(rows.values_list("connection_id", flat=True))
    return found


def _watch_some(keys: list[UUID], now: datetime, parts: Apart) -> None:
    rows = list(Connection.objects.filter(pk__in=keys).select_related("owner"))
    found = facts_of(rows)
    near = Connection.objects.filter(spend.nearly_used(now), pk__in=keys)
    nearly_used = set(near.values_list("pk", flat=True))
    known: dict[UUID, list[Incident]] = defaultdict(list)
    unresolved = Incident.objects.filter(resolved_at__isnull=True, connection__in=keys)
    for incident in unresolved:
        if incident.connection_id is not None:
            known[incident.connection_id].append(incident)
    chosen = NoticeSettings.objects.in_bulk({row.owner_id for row in rows})
    for row in rows:
        theirs = chosen.get(row.owner_id) or NoticeSettings(user_id=row.owner_id)
        is_near = row.pk in nearly_used
        with parts.part(connection=row.pk):
            _compare(found[row.pk], known[row.pk], theirs, now, is_near_quota=is_near)


def _compare(
    facts: Facts,
    known: Iterable[Incident],
    chosen: NoticeSettings,
    now: datetime,
    *,
    is_near_quota: bool,
) -> None:
    """Open what has begun, and resolve what is over."""
    troubles = {
        (each.kind.value, each.subject): each
        for each in troubles_of(facts, is_near_quota=is_near_quota)
    }
    open_ones = {(each.kind, each.subject): each for each in known}
    incidents.seen_again(open_ones[key] for key in troubles if key in open_ones)
    for key, trouble in troubles.items():
        if key not in open_ones:
            found = Incident(
                kind=trouble.kind.value,
                subject=trouble.subject,
                connection=facts.connection,
                title=trouble.title,
                text=trouble.text,
                opened_at=now,
            )
            incidents.open_incident(found, chosen)
    is_told = not is_at_rest(facts)
    if is_told and needs_user(facts):
        # The other kinds are not looked for meanwhile, so nothing is known of them.
        return
    for key, incident in open_ones.items():
        if key not in troubles:
            incidents.seen_clear(incident, now, is_told=is_told)

"""Overview of the site for operators: figures with what each one is a count of.

The admin's first page and ``manage.py status`` show the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from msgspec import Struct

from integrations.models import Connection, Edit, SyncRun
from integrations.models.messages import wording
from integrations.models.reasons import ReasonCode
from integrations.providers import SPECS
from integrations.services.common import queue
from integrations.services.upkeep.census import Census, Group
from integrations.services.upkeep.checks import (
    processes,
    registry,
    reports,
    runner,
    servers,
)
from integrations.services.upkeep.checks.check import Check, Result, Surface
from integrations.services.upkeep.figures import Figure, Section, counted, sized

DEADLINE_SECONDS = 2.0
NO_FIGURES = "There are no figures now: the database did not answer."
States = Connection.State


class Overview(Struct, frozen=True, kw_only=True):
    """All of it, with the checks that do not pass first.

    ``note`` says why there are no sections.
    """

    failed: list[tuple[Check, Result]]
    passed: int
    sections: list[Section]
    note: str = ""


def take(census: Census | None = None) -> Overview:
    """Run the checks of the panel, and count."""
    census, checks = census or Census(is_whole=True), registry.checks_at(Surface.PANEL)
    results = runner.run(checks, deadline=DEADLINE_SECONDS, census=census)
    # Otherwise another thread is at the census, for longer than a page can wait.
    has_rows = runner.have_rows_answered(checks, results)
    if has_rows:
        checks, results = _with_reports(census, results)
    failed = runner.failures_of(checks, results)
    is_redis_well = results["cache"].ok and results["broker"].ok
    sections: list[Section] = []
    if has_rows:
        # That the database does not answer is among what failed.
        with suppress(DatabaseError):
            sections = _sections(census, results, is_redis_well=is_redis_well)
    passed = sum(result.ok for result in results.values())
    note = "" if sections else NO_FIGURES
    return Overview(failed=failed, passed=passed, sections=sections, note=note)


def _with_reports(
    census: Census, results: dict[str, Result]
) -> tuple[list[Check], dict[str, Result]]:
    """Add what others have found; without a database, what was found here is all."""
    try:
        return reports.everything(results, registry.CHECKS, now=census.now)
    except DatabaseError:
        return registry.checks_at(Surface.PANEL), results


def _sections(
    census: Census, results: Mapping[str, Result], *, is_redis_well: bool
) -> list[Section]:
    made = [_all_connections(census)]
    made += [_provider(census, slug) for slug in settings.PROVIDERS]
    made += [_work(census), _failures(census), _processes(census)]
    made += [_storage(census, is_redis_well=is_redis_well)]
    return [*made, *_tables(results)]


def _all_connections(census: Census) -> Section:
    figures = [
        counted("all", "All", census.total("number")),
        *_health(census, census.connections),
    ]
    return Section(id="connections", title="Connections", figures=figures)


def _health(census: Census, groups: list[Group], **where: str) -> Iterator[Figure]:
    tones = {States.DEGRADED: "warn", States.NEEDS_RECONNECT: "bad"}
    for state in States:
        number = sum(group.number for group in groups if group.state == state)
        yield counted(
            state.value,
            str(state.label),
            number,
            tone=tones.get(state, ""),
            state__exact=state.value,
            **where,
        )
    for figure, label, tone in (
        ("at_risk", "Permission at risk", "warn"),
        ("overdue", "Token refresh overdue", "bad"),
        ("stale", "Older than promised", "warn"),
        ("near_quota", "Calls nearly used up", "warn"),
    ):
        number = census.total(figure, groups)
        yield counted(figure, label, number, tone=tone, watch=figure, **where)


def _provider(census: Census, slug: str) -> Section:
    groups = [group for group in census.connections if group.provider == slug]
    used = SPECS[slug].used_versions(settings.PROVIDERS[slug])
    figures = [
        *_health(census, groups, provider=slug),
        _circuit(census, slug),
        *_spend(census, slug, groups),
        *(_version(census, each) for each in used),
    ]
    return Section(id=slug, title=SPECS[slug].name, figures=figures)


def _circuit(census: Census, slug: str) -> Figure:
    state = census.provider_states.get(slug)
    is_open = state is not None and state.is_paused
    text = "paused" if is_open else "running"
    if state is not None and not is_open and state.reason:
        text = f"alarm: {state.reason.replace('_', ' ')}"
    return Figure(
        id="circuit",
        label="Token requests",
        value="paused" if is_open else "running",
        text=text,
        tone="bad" if is_open else "",
        rows="providerstate",
    )


def _spend(census: Census, slug: str, groups: list[Group]) -> Iterator[Figure]:
    limit = settings.PROVIDERS[slug].rate_limit
    allowed = f" (limit: {limit} in 10 s an account)" if limit else ""
    for name, label in (("calls_today", "today"), ("calls_this_month", "this month")):
        number = census.total(name, groups)
        yield Figure(
            id=name,
            label=f"Calls {label}",
            value=number,
            text=f"{number:,}{allowed if name == 'calls_today' else ''}",
            rows="connection",
            where={"provider": slug},
        )


def _version(census: Census, used: Any) -> Figure:
    known, today = used.known, census.now.date()
    if known is None:
        text = f"{used.name}: nothing is known of its end"
    elif known.ends_on is None:
        text = f"{used.name}: no end is planned"
    else:
        about = "about " if known.is_estimated else ""
        text = f"{used.name}: ends {about}{known.ends_on}"
    return Figure(
        id=f"version_{used.purpose}",
        label=f"API version for {used.purpose}",
        value=used.name,
        text=text,
        tone="warn" if used.is_ending(today) else "",
        rows=known.source if known else "",
    )


def _work(census: Census) -> Section:
    figures = [
        *_states(census, "run", SyncRun.State, "Syncs", "syncrun"),
        *_states(census, "edit", Edit.State, "Edits", "edit"),
    ]
    return Section(id="work", title="Work", figures=figures)


def _states(
    census: Census, kind: str, states: Any, label: str, rows: str
) -> Iterator[Figure]:
    open_ones = (*Edit.OPEN, *SyncRun.OPEN)
    found = {each.key: each for each in census.work if each.kind == kind}
    for state in states:
        if state not in open_ones:
            continue
        each = found.get(state.value)
        number = each.number if each else 0
        text = f"{number:,}"
        oldest = each.oldest if each else None
        if oldest and oldest < census.now:
            text += f", due since {wording.time_text(oldest)}"
        yield Figure(
            id=f"{kind}_{state.value}",
            label=f"{label}: {str(state.label).lower()}",
            value=number,
            text=text,
            rows=rows,
            where={"state__exact": state.value},
        )


def _failures(census: Census) -> Section:
    failed = [each for each in census.work if each.kind == "failed"]
    figures = [
        counted(
            each.key or "unknown",
            _kind_of(each.key),
            each.number,
            tone="warn",
            rows="syncrun",
            failed="today",
            reason__exact=each.key,
        )
        for each in sorted(failed, key=lambda each: -each.number)
    ]
    total = sum(each.number for each in failed)
    first = counted("all", "All", total, tone="warn", rows="syncrun", failed="today")
    title = "Syncs that failed today (UTC)"
    return Section(id="failures", title=title, figures=[first, *figures])


def _kind_of(code: str) -> str:
    known = code in ReasonCode.values
    return str(ReasonCode(code).label) if known else "No reason told"


def _processes(census: Census) -> Section:
    figures = []
    for name in (*processes.TICKS, *processes.WORKERS):
        seen = census.heartbeats.get(name)
        is_silent = processes.is_silent(census, name)
        figures.append(
            Figure(
                id=name,
                label=name.replace(".", " ").replace("_", " ").capitalize(),
                value=seen.isoformat() if seen else None,
                text=wording.time_text(seen) if seen else "never seen",
                tone="bad" if is_silent else "",
                rows="periodictask",
            )
        )
    return Section(id="processes", title="Last sign of life", figures=figures)


def _storage(census: Census, *, is_redis_well: bool) -> Section:
    figures = [sized("database", "Database", census.database_bytes)]
    if is_redis_well:
        figures += [
            sized("cache", "Cache", servers.used_memory("cache")),
            *(_length(name) for name in settings.QUEUES),
        ]
    return Section(id="storage", title="Storage and broker", figures=figures)


def _tables(results: Mapping[str, Result]) -> Iterator[Section]:
    """Yield the sizes of the tables that grow, as they were measured last."""
    told = results.get("retention")
    measured: dict[str, Any] = told.facts.get("tables", {}) if told else {}
    figures = [
        Figure(
            id=name.replace(" ", "_"),
            label=name.capitalize(),
            value=size["rows"],
            text=f"about {wording.count_text(size['rows'], 'row')}{_megabytes(size)}",
        )
        for name, size in sorted(measured.items())
        if size["rows"]
    ]
    if figures:
        yield Section(id="tables", title="Tables that grow", figures=figures)


def _megabytes(size: Mapping[str, int]) -> str:
    told = size.get("bytes")
    return f", {told / 1024**2:,.0f} MB" if told else ""


def _length(name: str) -> Figure:
    number = queue.waiting(name)
    text = f"{number:,} messages" if number is not None else "not known"
    return Figure(id=f"queue_{name}", label=f"Queue {name}", value=number, text=text)

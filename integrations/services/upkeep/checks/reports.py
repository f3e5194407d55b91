"""Reports of the checks that a clock runs: of each machine, and of the whole site.

Whoever shows checks runs what costs nothing, and reads the reports of all others. A
report that is too old says nothing: its machine is gone, or nobody watches, which the
checks of the processes tell.
"""

import json
import socket
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integrations.models import CheckReport, times
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry, runner
from integrations.services.upkeep.checks.check import Check, Result, Surface

SITE = ""
# How often a machine reports, and how soon what fails is asked again.
EVERY = timedelta(seconds=30)
# Reports that are missed so long are no coincidence.
SILENT_AFTER = timedelta(minutes=3)
DEADLINE_SECONDS = 9.0
Results = dict[str, Result]


def machine_name() -> str:
    """Return what this machine, or its container, is called."""
    return socket.gethostname()[:255]


def report_machine(*, now: datetime) -> bool:
    """Run the checks of this machine and store what they find, unless that was done.

    Any number of processes may ask; returns whether this one reported.
    """
    machine, checks = machine_name(), registry.of_machine()
    rows = CheckReport.objects.filter(machine=machine, name__in=[c.id for c in checks])
    known = {row.name: row for row in rows}
    if not any(_is_due(check, known.get(check.id), EVERY, now) for check in checks):
        return False
    found = runner.run(checks, deadline=DEADLINE_SECONDS, census=Census(now))
    unknown = runner.unknown_in(checks, found)
    store({n: r for n, r in found.items() if n not in unknown}, machine, now=now)
    return True


def store(results: Mapping[str, Result], machine: str, *, now: datetime) -> None:
    """Keep what was found last, and when each check passed last."""
    for is_ok in (True, False):
        rows = [
            CheckReport(
                machine=machine,
                name=name,
                at=now,
                is_ok=is_ok,
                found=result.found,
                parts=dict(result.parts),
                facts=_plain(result.facts),
                error=result.error,
                passed_at=now if is_ok else None,
            )
            for name, result in results.items()
            if result.ok is is_ok
        ]
        columns = ["at", "is_ok", "found", "parts", "facts", "error"]
        CheckReport.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["machine", "name"],
            update_fields=[*columns, "passed_at"] if is_ok else columns,
        )


def _plain(facts: Mapping[str, Any]) -> Any:
    """Return facts as a column of JSON takes them."""
    return json.loads(json.dumps(dict(facts), default=str))


def due(checks: Iterable[Check], open_kinds: set[str], now: datetime) -> list[Check]:
    """Return which checks of the site to run now.

    What passed is asked again after its spacing; what fails, or may be over, soon.
    """
    known = {row.name: row for row in CheckReport.objects.filter(machine=SITE)}
    chosen = []
    for check in checks:
        row = known.get(check.id)
        is_settled = row is not None and row.is_ok and check.id not in open_kinds
        wait = check.spacing if is_settled else min(check.spacing, EVERY)
        if not wait or _is_due(check, row, wait, now):
            chosen.append(check)
    return chosen


def _is_due(
    check: Check, row: CheckReport | None, wait: timedelta, now: datetime
) -> bool:
    return row is None or times.is_over(row.at, wait, now)


def store_site(results: Mapping[str, Result], *, now: datetime) -> None:
    """Keep what was found of the whole site, less what everybody runs themselves."""
    seen = {check.id for check in registry.checks_at(Surface.PANEL)}
    store({n: r for n, r in results.items() if n not in seen}, SITE, now=now)


def read(checks: Sequence[Check], *, now: datetime) -> Results:
    """Return what was reported of these checks, in one statement.

    Those of machines have a part for each that fails. A check that nobody reported
    of is not among them.
    """
    rows = defaultdict(list)
    for row in CheckReport.objects.filter(name__in=[check.id for check in checks]):
        rows[row.name].append(row)
    found: Results = {}
    for check in checks:
        fresh = [row for row in rows[check.id] if not _is_silent(check, row, now)]
        if check.is_of_machine:
            fresh = [row for row in fresh if row.machine != SITE]
            if fresh:
                found[check.id] = _of_machines(fresh)
        elif fresh and _is_told(check, fresh[0]):
            found[check.id] = _of_site(fresh[0])
    return found


def _is_silent(check: Check, row: CheckReport, now: datetime) -> bool:
    return times.is_over(row.at, check.spacing + SILENT_AFTER, now)


def _is_told(check: Check, row: CheckReport) -> bool:
    return row.is_ok or not check.needs_route or row.passed_at is not None


def _of_site(row: CheckReport) -> Result:
    return Result(
        ok=row.is_ok,
        found=row.found,
        parts=row.parts,
        facts=row.facts,
        error=row.error,
    )


def _of_machines(rows: Iterable[CheckReport]) -> Result:
    """Return what all machines found together, each under its name."""
    facts = {row.machine: row.is_ok for row in sorted(rows, key=lambda r: r.machine)}
    said = {row.machine: f"{row.machine}: {row.found}" for row in rows if not row.is_ok}
    errors = {row.error for row in rows if row.error}
    return Result(
        ok=not said,
        found="; ".join(said[name] for name in sorted(said)),
        facts={"machines": facts},
        parts=said,
        error=", ".join(sorted(errors)),
    )


def everything(
    live: Results, checks: Sequence[Check], *, now: datetime
) -> tuple[list[Check], Results]:
    """Return all checks of which something is known, with what is.

    ``live`` is what whoever asks has run; reports of other machines are added to it.
    """
    reported = read([c for c in checks if c.is_of_machine or c.id not in live], now=now)
    known = {**live, **reported}
    own = machine_name()
    for check in checks:
        if check.is_of_machine and check.id in live:
            known[check.id] = _with_own(own, live[check.id], reported.get(check.id))
    return [check for check in checks if check.id in known], known


def _with_own(machine: str, own: Result, others: Result | None) -> Result:
    """Return what all machines found, of this one what it finds now."""
    parts = {n: s for n, s in (others.parts if others else {}).items() if n != machine}
    machines = {**(others.facts["machines"] if others else {}), machine: own.ok}
    if not own.ok:
        parts[machine] = f"{machine}: {own.found}"
    return Result(
        ok=not parts,
        found="; ".join(parts[name] for name in sorted(parts)),
        facts={**own.facts, "machines": machines},
        parts=parts,
        error=own.error,
    )

"""Report for probes: whether every part works that the product leans on."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.services.upkeep.checks import registry, reports, runner
from integrations.services.upkeep.checks.check import Result, Surface

Report = dict[str, Any]
DEADLINE_SECONDS = 2.0
_failing_since: dict[str, datetime] = {}


def report() -> dict[str, Report]:
    """Return one entry per part, each with ``ok``, plain facts, and ``since`` when."""
    checks = registry.checks_at(Surface.READY)
    results = runner.run(checks, deadline=DEADLINE_SECONDS)
    machine = {"machine": reports.machine_name()}
    return {
        check.id: _entry(check.id, results[check.id])
        | (machine if check.is_of_machine else {})
        for check in checks
    }


def _entry(name: str, result: Result) -> Report:
    """Add since when a part is not well: what it says itself, or when it was seen."""
    if result.ok:
        _failing_since.pop(name, None)
        return {"ok": True, **result.facts}
    since = _failing_since.setdefault(name, timezone.now())
    error = {"error": result.error} if result.error else {}
    return {"since": since.isoformat(), "ok": False, **result.facts, **error}

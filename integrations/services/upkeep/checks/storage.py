"""Check that tables which grow do not grow for ever, and say how large they are."""

from datetime import timedelta

from integrations.services.upkeep import retention, table_sizes
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import Check, Result, Severity

# A backlog, as after a long stop, is worked off within less.
LATE = timedelta(days=2)


def _retention(census: Census) -> Result:
    """Look for rows that should have been deleted, and measure the tables."""
    late = {
        retention.name_of(rule.model)
        for rule in retention.RULES
        if rule.older_than(census.now - LATE).exists()
    }
    said = {name: f"kept for too long: {name}" for name in sorted(late)}
    return Result(
        ok=not late,
        found="; ".join(said.values()),
        facts={"tables": table_sizes.measure()},
        parts=said,
    )


CHECKS = (
    Check(
        id="retention",
        title="Nothing is kept longer than its setting says",
        advice="Start beat and workers on refresh; `manage.py sweep` deletes by hand.",
        probe=_retention,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
        # Some of it is found by looking at each row.
        spacing=timedelta(hours=1),
    ),
)

"""Registry of all checks, in the order in which a fault explains others."""

from integrations.services.upkeep.checks import (
    grants,
    machine,
    notices,
    processes,
    providers,
    servers,
    site,
    work,
)
from integrations.services.upkeep.checks.check import Check, Place

CHECKS: tuple[Check, ...] = (
    *site.CHECKS,
    *machine.CHECKS,
    *servers.CHECKS,
    *processes.CHECKS,
    *grants.CHECKS,
    *work.CHECKS,
    *providers.CHECKS,
    *notices.CHECKS,
)


def checks_at(place: Place) -> list[Check]:
    """Return the checks that a place runs."""
    return [check for check in CHECKS if place in check.places]

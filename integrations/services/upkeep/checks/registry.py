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


def checks_at(*places: Place) -> list[Check]:
    """Return the checks that one of these places runs."""
    return [check for check in CHECKS if check.places.intersection(places)]

"""Registry of all checks, in the order in which a fault explains others."""

from integrations.services.upkeep.checks import (
    grants,
    machine,
    notices,
    processes,
    providers,
    servers,
    site,
    storage,
    work,
)
from integrations.services.upkeep.checks.check import Check, Surface

CHECKS: tuple[Check, ...] = (
    *site.CHECKS,
    *machine.CHECKS,
    *servers.CHECKS,
    *processes.CHECKS,
    *grants.CHECKS,
    *work.CHECKS,
    *providers.CHECKS,
    *notices.CHECKS,
    *storage.CHECKS,
)


def checks_at(*surfaces: Surface) -> list[Check]:
    """Return the checks that one of these surfaces runs."""
    return [check for check in CHECKS if check.surfaces.intersection(surfaces)]


def of_machine() -> list[Check]:
    """Return the checks that each machine runs for itself."""
    return [check for check in CHECKS if check.is_of_machine]


def of_site() -> list[Check]:
    """Return the checks that are so for the whole site, whoever runs them."""
    return [check for check in CHECKS if not check.is_of_machine]

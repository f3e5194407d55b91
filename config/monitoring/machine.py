"""Report of this machine: a thread of each process tells how it is, and what it saw."""

import logging
import threading
from collections.abc import Callable
from importlib import import_module

from django.db import connections
from django.utils import timezone

logger = logging.getLogger(__name__)
LOOK_SECONDS = 30.0


def begin() -> None:
    """Begin to report; one process of each machine does the work for all of them."""
    threading.Thread(target=_report_for_ever, name="machine", daemon=True).start()


def _report_for_ever() -> None:
    wait = threading.Event()
    while True:
        look()
        wait.wait(LOOK_SECONDS)


def look() -> None:
    """Tell the cache what this machine remembers, and report how it is."""
    # Models are there only once the process has been set up.
    reports = import_module("integrations.services.upkeep.checks.reports")
    restored = import_module("integrations.services.grants.stores.restored_database")
    try:
        _try(lambda: restored.publish(reports.machine_name()))
        _try(lambda: reports.report_machine(now=timezone.now()))
    finally:
        connections.close_all()


def _try(part: Callable[[], object]) -> None:
    try:
        part()
    except Exception:
        logger.warning("machine not reported", exc_info=True)

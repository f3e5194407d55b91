"""Report of this machine: a thread of each process tells how it is, and what it saw."""

import logging
import threading
from importlib import import_module

from django.db import connections
from django.utils import timezone

logger = logging.getLogger(__name__)
LOOK_SECONDS = 30.0


def begin() -> None:
    """Begin to report; one process of each machine does the work for all of them."""
    threading.Thread(target=_report_for_ever, name="machine", daemon=True).start()


def _report_for_ever() -> None:
    # Models are there only once the process has been set up.
    reports = import_module("integrations.services.upkeep.checks.reports")
    restored = import_module("integrations.services.grants.restored_database")
    wait = threading.Event()
    while True:
        try:
            restored.publish(reports.machine_name())
            reports.report_machine(now=timezone.now())
        except Exception:
            logger.warning("machine not reported", exc_info=True)
        finally:
            connections.close_all()
        wait.wait(LOOK_SECONDS)

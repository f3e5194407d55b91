"""Bring back lost, stuck and postponed work, here and now."""

from typing import Any

from integrations.management.console import CHECKS
from integrations.management.output import SafeCommand
from integrations.services.upkeep import schedule

# What each number of a sweep is a count of.
MEANINGS = {
    "runs": "syncs without a worker, queued again",
    "cancelled": "edits of disconnected accounts or left drafts, cancelled",
    "edits": "edits that are due, queued again",
    "imports": "imports that are due, queued again",
    "restored": "tokens from the fallback store, put into the database",
    "revoked": "grants of the past, ended at their provider",
    "purges": "disconnected connections whose items go on being deleted",
    "left_out": "collections that nobody chose, whose items are deleted here",
    "erasures": "accounts that go on being erased",
    "stale": "connections, marked as older than promised",
    "counted": "collections, counted for the day",
    "unreadable": "stored permissions that do not open",
    "unquarantined": "syncs that ended their worker, tried again by this release",
    "links": "links told the collection of their item after an upgrade",
    "search": "slices of the search index, queued",
    "table_indexes": "indexes of tables, queued",
    "dropped": "indexes of tables that nobody used, dropped",
    "downloads": "files, queued again",
    "expired": "files whose time is over, deleted",
    "consents": "consents that were left half way, queued",
}


class Command(SafeCommand):
    """Make the passes that beat makes every few seconds, and say what they did."""

    requires_system_checks = CHECKS
    help = "Bring back lost, stuck and postponed work."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = schedule.enqueue_lost() | schedule.sweep()
        for what, count in swept.items():
            is_old = what.startswith(schedule.PRUNED)
            name = what.removeprefix(schedule.PRUNED)
            meaning = f"{name} past their time, deleted" if is_old else MEANINGS[what]
            self.stdout.write(f"{count:>7,} {meaning}")

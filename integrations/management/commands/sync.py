"""Sync connections here and now, and say how it went."""

import argparse
from contextlib import closing
from typing import Any

from django.core.management.base import CommandError

from integrations.management.console import (
    CHECKS,
    find_user,
    quietly_if_closed,
    stream,
    uuid_argument,
)
from integrations.management.output import SafeCommand, printable
from integrations.models import Connection, Item, SyncRun
from integrations.models.collection import Completeness
from integrations.models.connection import ConnectionQuerySet
from integrations.providers import SPECS
from integrations.services.common.errors import NotSyncableError


class Command(SafeCommand):
    """Sync in the foreground; exit 0 only when every collection ended complete."""

    requires_system_checks = CHECKS
    help = "Sync connections in the foreground, with progress."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--connection", type=uuid_argument, metavar="UUID")
        which.add_argument("--provider", metavar="P", help=", ".join(SPECS))
        which.add_argument("--user", metavar="EMAIL")
        parser.add_argument("--full", action="store_true", help="do a full refresh")
        parser.add_argument(
            "--print", action="store_true", help="print the items afterwards"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connections = list(select_connections(options))
        if not connections:
            raise CommandError("no connection matches: nothing to sync")
        incomplete: list[str] = []
        for connection in connections:
            incomplete += self.sync(connection, full=options["full"])
        if options["print"]:
            from integrations.management.tables import print_items

            rows = stream(Item.objects.live().filter(connection__in=connections))
            with quietly_if_closed(self.stdout), closing(rows):
                print_items(rows, self.stdout)
                self.stdout.flush()
        if incomplete:
            raise CommandError("not complete:\n  " + "\n  ".join(incomplete))

    def sync(self, connection: Connection, *, full: bool) -> list[str]:
        """Sync one connection; return what did not end complete, in words."""
        from integrations.management.progress import Progress
        from integrations.services.sync.foreground import sync_in_foreground

        with Progress(connection, self.stderr) as progress:
            try:
                run = sync_in_foreground(
                    connection, full=full, on_progress=progress.show
                )
            except NotSyncableError as error:
                return [
                    printable(f"{connection}: cannot be synced, {error.reason_text}")
                ]
        self.stdout.write(f"{connection}: {_summary(run)}")
        return [printable(line) for line in _shortfalls(connection, run)]


def select_connections(options: dict[str, Any]) -> ConnectionQuerySet:
    """Return the connections asked for, all that are connected by default."""
    connections = Connection.objects.connected()
    if options["connection"]:
        found = connections.filter(pk=options["connection"])
        if not found.exists():
            raise CommandError(f"there is no connection {options['connection']}")
        return found
    if options["provider"]:
        if options["provider"] not in SPECS:
            known = ", ".join(SPECS)
            unknown = options["provider"]
            raise CommandError(f"unknown provider {unknown!r}; known are: {known}")
        return connections.filter(provider=options["provider"])
    if options["user"]:
        return connections.owned_by(find_user(options["user"]))
    return connections


def _summary(run: SyncRun) -> str:
    outcome = run.get_outcome_display().lower()
    first = f"{run.first_read:,} read for the first time, " if run.first_read else ""
    seconds = run.duration.total_seconds() if run.duration else 0
    return (
        f"{outcome}: {first}{run.new:,} new, {run.changed:,} changed, "
        f"{run.deleted:,} deleted, {run.unchanged:,} unchanged ({seconds:.0f} s)"
    )


def _shortfalls(connection: Connection, run: SyncRun) -> list[str]:
    """Return one line per collection that is not proven complete."""
    complete = Completeness.COMPLETE
    lines = [
        f"{connection}: {collection}: {collection.get_completeness_display().lower()}"
        + (f", {collection.reason_text}" if collection.reason else "")
        for collection in connection.collections.filter(is_selected=True).defer(
            "schema"
        )
        if collection.completeness != complete
    ]
    if not lines and run.outcome != SyncRun.Outcome.COMPLETE:
        why = run.reason_text or run.get_outcome_display().lower()
        lines.append(f"{connection}: {why}")
    return lines

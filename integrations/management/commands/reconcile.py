"""Prove that one connection's items equal the provider's, and repair what does not."""

import argparse
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from integrations.management.console import CHECKS
from integrations.management.output import SafeCommand
from integrations.models import Connection, SyncRun
from integrations.services.common.errors import NotSyncableError


class Command(SafeCommand):
    """Make a full refresh and say what differed; exit 0 only when proven complete."""

    requires_system_checks = CHECKS
    help = "Compare one connection with its provider by a full refresh, and repair it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("connection", type=UUID, metavar="UUID")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = Connection.objects.filter(pk=options["connection"]).first()
        if connection is None:
            raise CommandError(f"there is no connection {options['connection']}")
        from integrations.management.progress import Progress
        from integrations.services.sync.foreground import sync_in_foreground

        with Progress(connection, self.stderr) as progress:
            try:
                run = sync_in_foreground(
                    connection, full=True, on_progress=progress.show
                )
            except NotSyncableError as error:
                told = f"{connection} cannot be read: {error.reason_text}"
                raise CommandError(told) from error
        self._report(connection, run)

    def _report(self, connection: Connection, run: SyncRun) -> None:
        self.stdout.write(
            f"{connection}: {run.created:,} {_was(run.created)} missing, "
            f"{run.changed:,} differed, "
            f"{run.deleted:,} {_was(run.deleted)} deleted there, "
            f"{run.unchanged:,} agreed"
        )
        for collection in connection.collections.defer("schema"):
            word = collection.get_completeness_display().lower()
            theirs = collection.remote_count
            count = "not told" if theirs is None else f"{theirs:,}"
            line = (
                f"  {collection}: {word}, {collection.stored_count:,} here, "
                f"{count} there {collection.reason_text}"
            )
            self.stdout.write(line.rstrip())
        if run.outcome != SyncRun.Outcome.COMPLETE:
            told = f"not proven complete: {run.reason_text or run.outcome}"
            raise CommandError(told)


def _was(number: int) -> str:
    return "was" if number == 1 else "were"

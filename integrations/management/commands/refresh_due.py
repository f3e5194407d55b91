"""Renew every token that is due, here and now."""

from typing import Any

from django.core.management.base import CommandError

from integrations.management.console import CHECKS
from integrations.management.output import SafeCommand
from integrations.services.upkeep import schedule


class Command(SafeCommand):
    """Make one pass over the credentials that are due; exit 1 if any failed."""

    requires_system_checks = CHECKS
    help = "Refresh the tokens that are due, in the foreground."

    def handle(self, *args: Any, **options: Any) -> None:
        refreshed, failed = schedule.refresh_in_foreground()
        self.stdout.write(f"{refreshed} refreshed, {failed} not refreshed")
        if failed:
            raise CommandError("some tokens were not refreshed; see the log")

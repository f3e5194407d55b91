"""Bring back lost, stuck and postponed work, here and now."""

from typing import Any

from integrations.management.console import CHECKS
from integrations.management.output import SafeCommand
from integrations.services.upkeep import schedule


class Command(SafeCommand):
    """Make the pass that beat makes every few seconds."""

    requires_system_checks = CHECKS
    help = "Bring back lost, stuck and postponed work."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, count in schedule.sweep().items():
            self.stdout.write(f"{what}: {count}")

"""Seal every stored secret anew with the first key, or check that each opens."""

import argparse
from typing import Any

from django.core.management.base import CommandError
from rich.progress import Progress

from integrations.management.console import CHECKS
from integrations.management.output import SafeCommand
from integrations.management.tables import make_console
from integrations.models.messages.wording import count_text
from integrations.services.common import audit
from integrations.services.common.sealing import crypto
from integrations.services.grants import key_rotation


class Command(SafeCommand):
    """Rotate online: it may be stopped and started again, beside running workers."""

    requires_system_checks = CHECKS
    help = "Seal every stored secret with the first key of TOKEN_KEYS."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; exit 1 unless every row opens, with the first key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ring = crypto.key_ring()
        except crypto.KeysInvalidError as error:
            raise CommandError(str(error)) from error
        if not options["check"]:
            self._rotate()
        counted = key_rotation.count()
        counts = counted.by_key
        for key_id in sorted({*counts, *ring.keys}):
            known = "" if key_id in ring.keys else "  (not configured)"
            first = "  (first)" if key_id == ring.primary_id else ""
            rows = count_text(counts[key_id], "row")
            self.stdout.write(f"{key_id}: {rows}{first}{known}")
        left = sum(n for key_id, n in counts.items() if key_id != ring.primary_id)
        for table, number in sorted(counted.unreadable.items()):
            self.stdout.write(f"cannot be opened: {count_text(number, table)}")
        faults = []
        if left:
            unsealed = count_text(left, "row", verb=("is", "are"))
            faults.append(f"{unsealed} not sealed with the first key")
        if counted.unreadable:
            rows = count_text(counted.unreadable.total(), "row")
            faults.append(f"{rows} cannot be opened")
        if faults:
            raise CommandError("; ".join(faults))

    def _rotate(self) -> None:
        total = key_rotation.count().by_key.total()
        with Progress(console=make_console(self.stderr), transient=True) as bars:
            bar = bars.add_task("Sealing", total=total)
            done, failed = key_rotation.rotate(on_row=lambda: bars.advance(bar))
        audit.record("keys.rotated", sealed=done, failed=failed)
        self.stdout.write(f"{done} sealed anew, {failed} could not be opened")

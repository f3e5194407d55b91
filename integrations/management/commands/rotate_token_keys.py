"""Seal every stored secret anew with the first key, or say which keys are in use."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.progress import Progress

from integrations.management.tables import make_console
from integrations.models.wording import count_text
from integrations.services.common import audit, crypto
from integrations.services.grants import key_rotation


class Command(BaseCommand):
    """Rotate online: it may be stopped and started again, beside running workers."""

    help = "Seal every stored secret with the first key of TOKEN_KEYS."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; exit 1 unless the first key seals everything",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ring = crypto.key_ring()
        except crypto.KeysInvalidError as error:
            raise CommandError(str(error)) from error
        if not options["check"]:
            self._rotate()
        counts = key_rotation.count()
        for key_id in sorted({*counts, *ring.keys}):
            known = "" if key_id in ring.keys else "  (not configured)"
            first = "  (first)" if key_id == ring.primary_id else ""
            rows = count_text(counts[key_id], "row")
            self.stdout.write(f"{key_id}: {rows}{first}{known}")
        left = sum(n for key_id, n in counts.items() if key_id != ring.primary_id)
        if left:
            unsealed = count_text(left, "row", verb=("is", "are"))
            raise CommandError(f"{unsealed} not sealed with the first key")

    def _rotate(self) -> None:
        total = sum(key_rotation.count().values())
        with Progress(console=make_console(self.stderr), transient=True) as bars:
            bar = bars.add_task("Sealing", total=total)
            done, failed = key_rotation.rotate(on_row=lambda: bars.advance(bar))
        audit.record("keys.rotated", sealed=done, failed=failed)
        self.stdout.write(f"{done} sealed anew, {failed} could not be opened")

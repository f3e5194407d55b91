"""Show the figures that the admin's first page shows."""

import argparse
import json
from typing import Any

from integrations.management.output import SafeCommand
from integrations.services.upkeep import overview

MARKS = {"warn": " (!)", "bad": " (!!)"}


class Command(SafeCommand):
    """Print how the site is: checks that do not pass, then figures by section."""

    help = "Show how connections, work, processes, providers and storage are."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = overview.take()
        if options["json"]:
            text = json.dumps(_as_json(found), indent=2, default=str)
            self.stdout.write(text + "\n", ending="")
            return
        for check, result in found.failed:
            told = f"{check.severity.upper()} {check.id}: {result.found}"
            self.stdout.write(told)
        self.stdout.write(f"{found.passed} checks pass, {len(found.failed)} do not.")
        if found.note:
            self.stdout.write(found.note)
        for section in found.sections:
            self.stdout.write("")
            self.stdout.write(section.title)
            for figure in section.figures:
                mark = MARKS.get(figure.tone, "")
                self.stdout.write(f"  {figure.label:<28} {figure.text}{mark}")


def _as_json(found: overview.Overview) -> dict[str, Any]:
    return {
        "checks": {
            check.id: {"severity": check.severity, "found": result.found}
            for check, result in found.failed
        },
        **{
            section.id: {figure.id: figure.value for figure in section.figures}
            for section in found.sections
        },
    }

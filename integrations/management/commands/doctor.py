"""Run every check, say what is wrong and what to do, and repair what is safe."""

import argparse
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from integrations.management.output import SafeCommand
from integrations.models.messages.wording import count_text
from integrations.services.upkeep.checks import registry, reports, runner
from integrations.services.upkeep.checks.check import Check, Result, Severity

# A token endpoint may take some seconds; what takes longer does not answer.
DEADLINE_SECONDS = 9.0
Results = Mapping[str, Result]


class Command(SafeCommand):
    """Examine settings, servers, processes, grants, providers and this machine.

    Exit code 0: nothing is broken, though there may be warnings; 1: something is.
    """

    help = "Run every check and say what to do about those that do not pass."
    # They are among what it reports.
    requires_system_checks: Any = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        names = [check.id for check in registry.CHECKS]
        parser.add_argument(
            "checks", nargs="*", metavar="CHECK", help=f"only these: {', '.join(names)}"
        )
        parser.add_argument("--json", action="store_true", help="for machines")
        parser.add_argument(
            "--fix", action="store_true", help="do the repairs that are safe"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = _chosen(options["checks"])
        results = _run(chosen)
        failed = runner.failures_of(chosen, results)
        repairs: dict[str, str] = {}
        if options["fix"]:
            repairs = self._repair(failed)
            if repairs:
                results = _run(chosen)
                failed = runner.failures_of(chosen, results)
        if options["json"]:
            self._write_json(chosen, results, repairs)
        else:
            self._write(chosen, results, repairs)
        errors = [check.id for check, _ in failed if check.severity is Severity.ERROR]
        if errors:
            raise CommandError(f"broken: {', '.join(errors)}")

    def _repair(self, failed: list[tuple[Check, Result]]) -> dict[str, str]:
        """Do the repairs that can be done, and return what each has done."""
        done = {}
        for check, _ in failed:
            if check.repair is None:
                continue
            try:
                done[check.id] = check.repair()
            except OSError as exc:
                self.stderr.write(f"not repaired {check.id}: {exc}")
        return done

    def _write(
        self, chosen: list[Check], results: Results, repairs: Mapping[str, str]
    ) -> None:
        failed = runner.failures_of(chosen, results)
        passed = [check for check in chosen if results[check.id].ok]
        self.stdout.write(f"Mooring {settings.VERSION} at {settings.PUBLIC_BASE_URL}")
        for name, done in repairs.items():
            self.stdout.write(f"repaired {name}: {done}")
        for check, result in failed:
            self.stdout.write("")
            self.stdout.write(f"{check.severity.upper()} {check.id}")
            self.stdout.write(f"  should be: {check.title}.")
            self.stdout.write(f"  found:     {result.found}")
            self.stdout.write(f"  do:        {check.advice}")
            self.stdout.write(f"  more:      {check.runbook}")
        unknown = len(chosen) - len(passed) - len(failed)
        told = f", {unknown} cannot be told before that is mended" if unknown else ""
        self.stdout.write("")
        verb = count_text(len(passed), "check", verb=("passes", "pass"))
        self.stdout.write(f"{verb}, {len(failed)} do not{told}.")

    def _write_json(
        self, chosen: list[Check], results: Results, repairs: Mapping[str, str]
    ) -> None:
        failed = {check.id for check, _ in runner.failures_of(chosen, results)}
        entries = [_entry(c, results[c.id], is_failed=c.id in failed) for c in chosen]
        broken = [e for e in entries if e["state"] == "failed"]
        is_ok = not any(e["severity"] == Severity.ERROR for e in broken)
        told = {"ok": is_ok, "repaired": dict(repairs), "checks": entries}
        text = json.dumps(told, indent=2, default=str)
        self.stdout.write(text + "\n", ending="")


def _run(chosen: list[Check]) -> Results:
    """Run the checks here, and add what other machines report of themselves."""
    results = runner.run(chosen, deadline=DEADLINE_SECONDS)
    if not runner.have_rows_answered(chosen, results):
        return results
    with suppress(DatabaseError, ImproperlyConfigured):
        _, results = reports.everything(results, chosen, now=timezone.now())
    return results


def _chosen(names: list[str]) -> list[Check]:
    known = {check.id: check for check in registry.CHECKS}
    for name in names:
        if name not in known:
            raise CommandError(f"there is no check {name!r}")
    return [known[name] for name in names] or list(known.values())


def _entry(check: Check, result: Result, *, is_failed: bool) -> dict[str, Any]:
    state = "failed" if is_failed else "unknown"
    return {
        "id": check.id,
        "state": "passed" if result.ok else state,
        "severity": check.severity,
        "title": check.title,
        "found": result.found,
        "error": result.error,
        "advice": check.advice,
        "runbook": check.runbook,
        "facts": dict(result.facts),
    }

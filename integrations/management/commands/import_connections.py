"""Take over connections that another server has handed over in a bundle."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from integrations.http.secrets import Secret
from integrations.management.bundles import read_passphrase, report
from integrations.management.console import CHECKS, find_user
from integrations.management.output import SafeCommand
from integrations.providers.typed import typed_json
from integrations.services.connections.handover import take_over
from integrations.services.connections.handover.bundle import BundleError, read_bundle
from integrations.services.connections.handover.records import (
    HandedOver,
    NotMovedError,
    Result,
)

Owners = Mapping[str, User]


class Command(SafeCommand):
    """Import a bundle, which may be done again: what is here already stays as it is.

    Exit code 0: every connection of the bundle is here.
    """

    requires_system_checks = CHECKS
    help = "Take over connections from a bundle that another server has written."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the bundle to read")
        parser.add_argument(
            "--owner",
            action="append",
            default=[],
            metavar="THERE=HERE",
            help="who owns here what the account with that e-mail address owned there",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be imported"
        )
        parser.add_argument(
            "--passphrase-stdin",
            action="store_true",
            help="read the passphrase from standard input, not BUNDLE_PASSPHRASE",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        owners = dict(_owner(text) for text in options["owner"])
        passphrase = read_passphrase(from_stdin=options["passphrase_stdin"])
        step = _check if options["dry_run"] else _import
        done = "can be imported" if options["dry_run"] else "imported"
        try:
            with options["file"].open("rb") as file:
                # Nothing is stored of a bundle that does not read to its end.
                for _ in _records(file, passphrase):
                    pass
                file.seek(0)
                rows = [
                    (record.title, step(record, owners))
                    for record in _records(file, passphrase)
                ]
        except OSError as exc:
            why = exc.strerror or type(exc).__name__
            raise CommandError(f"{options['file']} cannot be read: {why}") from exc
        except BundleError as exc:
            raise CommandError(f"{options['file']}: {exc}; nothing is stored") from exc
        report(rows, self.stdout, done=done)


def _owner(text: str) -> tuple[str, User]:
    there, equals, here = text.partition("=")
    if not equals:
        raise CommandError("--owner takes two e-mail addresses, as in THERE=HERE")
    return there.strip().casefold(), find_user(here.strip())


def _records(file: BinaryIO, passphrase: Secret) -> Iterator[HandedOver]:
    for entry in read_bundle(file, passphrase):
        try:
            yield typed_json.load(HandedOver, entry)
        except typed_json.UnreadableError:
            text = "the bundle was written by another version of Mooring"
            raise BundleError(text) from None


def _check(record: HandedOver, owners: Owners) -> Result:
    try:
        take_over.check(record, owners)
    except NotMovedError as exc:
        return exc.result
    return Result.IMPORTED


def _import(record: HandedOver, owners: Owners) -> Result:
    try:
        take_over.take_over(record, owners)
    except NotMovedError as exc:
        return exc.result
    return Result.IMPORTED

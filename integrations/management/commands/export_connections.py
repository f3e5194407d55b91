"""Hand connections over to another server in an encrypted bundle, or take them back."""

import argparse
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.management.base import CommandError
from django.db import DatabaseError

from integrations.http.secrets import Secret
from integrations.management.bundles import Row, read_passphrase, report
from integrations.management.console import CHECKS, find_user
from integrations.management.output import SafeCommand
from integrations.models import Connection
from integrations.models.connection import ConnectionQuerySet
from integrations.providers import SPECS
from integrations.providers.typed import typed_json
from integrations.services.connections.handover import release
from integrations.services.connections.handover.bundle import BundleWriter
from integrations.services.connections.handover.records import (
    TEXTS,
    NotMovedError,
    Result,
)


class Command(SafeCommand):
    """Release grants here and write them to a file for another server to import.

    Exit code 0: every connection asked for was handed over, or taken back.
    """

    requires_system_checks = CHECKS
    help = "Hand connections over to another server, in an encrypted bundle."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="the bundle to write")
        parser.add_argument("--connection", type=UUID, metavar="UUID")
        parser.add_argument("--provider", choices=sorted(SPECS))
        parser.add_argument("--user", metavar="EMAIL")
        parser.add_argument(
            "--handover",
            action="store_true",
            help="release the grants here: from then on the other server has them",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be handed over"
        )
        parser.add_argument(
            "--take-back",
            type=UUID,
            metavar="HANDOVER",
            help="make what an export released a connection of this server again",
        )
        taken = parser.add_mutually_exclusive_group()
        taken.add_argument(
            "--nobody-imported",
            action="store_true",
            help="no server has imported it, nor ever will: use its permission again",
        )
        taken.add_argument(
            "--ask-to-reconnect",
            action="store_true",
            help="erase its permission here, which another server may use",
        )
        parser.add_argument(
            "--passphrase-stdin",
            action="store_true",
            help="read the passphrase from standard input, not BUNDLE_PASSPHRASE",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["take_back"]:
            rows = _take_back(options["take_back"], _way_back(options))
            report(rows, self.stdout, done="taken back")
            return
        connections = _chosen(options)
        if options["dry_run"]:
            report(_check(connections), self.stdout, done="can be handed over")
            return
        if not options["handover"]:
            raise CommandError(
                "an export releases the grants here, so that no two servers use one:"
                " say --handover, or --dry-run to see which"
            )
        if options["file"] is None:
            raise CommandError("name the file to write the bundle to")
        passphrase = read_passphrase(from_stdin=options["passphrase_stdin"])
        self._export(options["file"], connections, passphrase)

    def _export(
        self, path: Path, connections: ConnectionQuerySet, passphrase: Secret
    ) -> None:
        handover, file = uuid.uuid4(), _new_file(path)
        # Known before anything is released, should this process be killed.
        self.stdout.write(f"handover {handover}")
        self.stdout.flush()
        try:
            with file:
                writer = BundleWriter(file, passphrase)
                rows = list(_release(connections, handover, writer))
                writer.finish()
        except BaseException:
            for each in _undo(path, handover):
                self.stderr.write(f"not taken back: {each}")
                self.stderr.write(
                    f"take it back with --take-back {handover} --nobody-imported"
                )
            raise
        report(rows, self.stdout, done="handed over")


def _new_file(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists already") from None
    except OSError as exc:
        raise CommandError(f"{path} cannot be written: {exc.strerror}") from None
    return os.fdopen(descriptor, "wb")


def _undo(path: Path, handover: UUID) -> Iterator[str]:
    """Take back what was released, and yield what could not be.

    Without its end nobody can import the file.
    """
    with suppress(OSError):
        path.unlink()
    try:
        for connection in release.released_by(handover):
            try:
                release.take_back(connection)
            except NotMovedError as exc:
                yield f"{_title(connection)}: {TEXTS[exc.result]}"
    except DatabaseError as exc:
        yield f"all that is left, as the database failed ({type(exc).__name__})"


def _release(
    connections: ConnectionQuerySet, handover: UUID, writer: BundleWriter
) -> Iterator[Row]:
    for connection in connections:
        try:
            record = release.release(connection.pk, handover)
        except NotMovedError as exc:
            yield _title(connection), exc.result
            continue
        writer.add(typed_json.dump(record))
        yield _title(connection), Result.HANDED_OVER


def _check(connections: ConnectionQuerySet) -> Iterator[Row]:
    for connection in connections:
        result = Result.HANDED_OVER
        try:
            release.check(connection)
        except NotMovedError as exc:
            result = exc.result
        yield _title(connection), result


def _way_back(options: dict[str, Any]) -> Result:
    if options["nobody_imported"]:
        return Result.TAKEN_BACK
    if options["ask_to_reconnect"]:
        return Result.LEFT_TO_OWNER
    raise CommandError(
        "say --nobody-imported if you know that no server has imported the bundle, and"
        " delete it; if not, say --ask-to-reconnect: no two servers may use one"
        " permission"
    )


def _take_back(handover: UUID, way: Result) -> Iterator[Row]:
    steps = {
        Result.TAKEN_BACK: release.take_back,
        Result.LEFT_TO_OWNER: release.leave_to_owner,
    }
    released = release.released_by(handover)
    if not released:
        raise CommandError(f"nothing here was released by the handover {handover}")
    for connection in released:
        result = way
        try:
            steps[way](connection)
        except NotMovedError as exc:
            result = exc.result
        yield _title(connection), result


def _title(connection: Connection) -> str:
    return f"{connection} of {connection.owner.email}"


def _chosen(options: dict[str, Any]) -> ConnectionQuerySet:
    connections = Connection.objects.connected().select_related("owner")
    if options["user"]:
        connections = connections.owned_by(find_user(options["user"]))
    if options["provider"]:
        connections = connections.filter(provider=options["provider"])
    if options["connection"]:
        connections = connections.filter(pk=options["connection"])
    if not connections.exists():
        raise CommandError("there is no such connection")
    return connections

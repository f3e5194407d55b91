"""Create, edit and import contacts, take imports back, and say what became of each."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from django.core.management.base import CommandError

from integrations.management import writing
from integrations.management.console import quietly_if_closed, uuid_argument
from integrations.management.output import SafeCommand, printable
from integrations.models import Collection, Edit, Import, ImportRow
from integrations.models.accounts.preferences import zone_of
from integrations.models.writing.import_texts import file_text
from integrations.services.writing import editing, outbox
from integrations.services.writing.batches.bulk import PreviewChangedError
from integrations.services.writing.imports import (
    csv_file,
    formats,
    jobs,
    mapping,
    results,
    undoing,
    uploads,
)
from integrations.services.writing.imports.running import HELD_SECONDS
from integrations.services.writing.outbox import EditingOffError, NothingToUndoError

NAP_SECONDS: Final = 0.5
State = ImportRow.State
FINE: Final = {State.NEW, State.CHANGED, State.UNCHANGED, State.CREATED, State.UPDATED}


class Command(SafeCommand):
    """Write contacts; exit 0 only when all was saved, or could be with --dry-run."""

    help = "Create, edit or import contacts, or take an import back."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="create a contact")
        edit = actions.add_parser("edit", help="change a contact")
        edit.add_argument("who", help="its record id or e-mail address")
        for each in (create, edit):
            each.add_argument(
                "--set",
                action="append",
                default=[],
                required=True,
                metavar="NAME=VALUE",
                help="a property by name or label; an empty value clears it",
            )
        file = actions.add_parser("import", help="import a CSV file")
        file.add_argument("file", help="its path, or - for the standard input")
        file.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="HEADING=NAME",
            help="which property a column is, none to leave it out, or #id",
        )
        file.add_argument("--dates", choices=formats.ORDERS, help="which comes first")
        file.add_argument(
            "--numbers", choices=formats.MARKS, help="what begins the decimals"
        )
        file.add_argument(
            "--clear-empty", action="store_true", help="empty cells clear values"
        )
        undo = actions.add_parser("undo", help="take an import back")
        undo.add_argument("source", type=uuid_argument, help="the id of the import")
        for each in (create, edit, file, undo):
            each.add_argument("--connection", type=uuid_argument, metavar="UUID")
            each.add_argument("--user", default="", metavar="EMAIL", help="whose")
            each.add_argument(
                "--dry-run", action="store_true", help="say what it would do"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        collection = writing.find_collection(options["connection"], options["user"])
        with quietly_if_closed(self.stdout):
            actions = {
                "create": self.create_contact,
                "edit": self.edit_contact,
                "import": self.import_file,
                "undo": self.undo_import,
            }
            actions[options["action"]](collection, options)
            self.stdout.flush()

    def create_contact(self, collection: Collection, options: dict[str, Any]) -> None:
        """Create a contact."""
        values = writing.read_values(collection, options["set"])
        fields = editing.fields_of(collection)
        missing = [n for n, f in fields.items() if f.is_identity and not values.get(n)]
        if missing:
            raise CommandError(f"--set {missing[0]}=... is required")
        self._say("would create" if options["dry_run"] else "create", values, {})
        if options["dry_run"]:
            return
        user = collection.connection.owner
        edit = outbox.create(
            collection, values, user=user, key=uuid4(), is_queued=False
        )
        writing.check_saved(writing.finish(edit))
        self.stdout.write(f"created {edit.remote_id}")

    def edit_contact(self, collection: Collection, options: dict[str, Any]) -> None:
        """Change a contact."""
        item = writing.find_item(collection, options["who"])
        values = writing.read_values(collection, options["set"])
        fields, base = editing.fields_of(collection), item.properties
        changed = {
            name: value
            for name, value in values.items()
            if not editing.is_same(collection, fields[name], value, base.get(name))
        }
        if not changed:
            self.stdout.write(f"unchanged {item.remote_id}")
            return
        self._say("would change" if options["dry_run"] else "change", changed, base)
        if options["dry_run"]:
            return
        user = collection.connection.owner
        edit = outbox.update(
            item, changed, base, user=user, key=uuid4(), is_queued=False
        )
        if edit is not None:
            writing.check_saved(writing.finish(edit))
        self.stdout.write(f"changed {item.remote_id}")

    def _say(self, what: str, values: dict[str, Any], base: dict[str, Any]) -> None:
        self.stdout.write(f"{what}:")
        for line in writing.changes(values, base):
            self.stdout.write(line)

    def import_file(self, collection: Collection, options: dict[str, Any]) -> None:
        """Import a file of contacts."""
        source = self._upload(collection, options)
        user, is_begun = source.created_by, False
        try:
            self._match(source, options)
            jobs.start_check(source)
            self._work(source)
            if options["dry_run"]:
                counts = self._report(source)
            else:
                jobs.confirm(source, user=user)
                is_begun = True
        finally:
            # Whatever went wrong, nobody asks for this file again.
            if not is_begun:
                uploads.forget(source, user=user)
        if is_begun:
            self.stdout.write(f"import {source.pk}")
            self._work(source)
            counts = self._report(source)
        bad = sum(number for state, number in counts.items() if state not in FINE)
        if bad:
            raise CommandError(f"rows that were not taken: {bad:,}")

    def undo_import(self, collection: Collection, options: dict[str, Any]) -> None:
        """Archive what an import created, and give back what it changed."""
        source = Import.objects.filter(
            collection=collection, pk=options["source"]
        ).first()
        if source is None:
            raise CommandError("there is no import with this id in this connection")
        user = source.created_by
        try:
            plan = undoing.plan(source, user)
            self.stdout.write(f"to archive: {len(plan.archived):,}")
            self.stdout.write(f"to give back: {len(plan.given_back):,}")
            self.stdout.write(f"changed since, or deleted: {len(plan.left):,}")
            if options["dry_run"]:
                return
            made = undoing.undo(source, user=user, shown=plan.digest)
            counts = writing.finish_many(made)
        except PreviewChangedError as exc:
            raise CommandError("something has changed meanwhile: try again") from exc
        except (NothingToUndoError, EditingOffError) as exc:
            raise CommandError("there is nothing to take back") from exc
        for state, number in counts.items():
            self.stdout.write(f"{Edit.State(state).label.lower()}: {number:,}")
        if set(counts) - {Edit.State.SAVED}:
            raise CommandError("not all rows were taken back")

    def _upload(self, collection: Collection, options: dict[str, Any]) -> Import:
        path = options["file"]
        try:
            data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        except OSError as exc:
            raise CommandError(f"{path}: {exc.strerror}") from exc
        user = collection.connection.owner
        try:
            return uploads.upload(
                collection, data, file_name=Path(path).name, user=user
            )
        except csv_file.FileRefusedError as exc:
            raise CommandError(file_text(exc.problem, exc.number)) from exc

    def _match(self, source: Import, options: dict[str, Any]) -> None:
        """Match the columns as they are guessed, and as the options say."""
        fields = editing.fields_of(source.collection)
        columns = {each.heading: each for each in mapping.columns_of(source)}
        for pair in options["map"]:
            heading, _, name = pair.rpartition("=")
            if heading not in columns:
                raise CommandError(f"the file has no column {heading!r}")
            is_id = name in ("", mapping.RECORD_ID)
            known = name if is_id else writing.find_field(fields, name).name
            source.mapping[str(columns[heading].number)] = {"field": known}
        for each in columns.values():
            choice = source.mapping.get(str(each.number)) or {}
            field = fields.get(choice.get("field", ""))
            if field is not None:
                told = options["numbers" if field.input == "number" else "dates"]
                way = each.way(field)
                choice["format"] = told or ("" if way == formats.ASK else way)
        zone = zone_of(source.created_by)
        source.zone = zone.key if zone else "UTC"
        source.clears_empty = options["clear_empty"]
        source.save(update_fields=["mapping", "zone", "clears_empty"])
        if problems := mapping.problems_of(source):
            raise CommandError(_mapping_text(columns, problems))

    def _work(self, source: Import) -> None:
        """Work on an import, or watch a worker do it, until it waits for somebody."""
        while source.is_open:
            wait = jobs.work_on(source.pk)
            source.refresh_from_db()
            if wait is not None and wait >= HELD_SECONDS:
                is_running = source.state == Import.State.RUNNING
                then = "it waits" if is_running else "nothing was sent"
                raise CommandError(f"the connection does not take it now; {then}")
            if source.is_open:
                time.sleep(NAP_SECONDS if wait is None else wait)

    def _report(self, source: Import) -> dict[str, int]:
        counts = results.counts_of(source)
        for state, number in counts.items():
            self.stdout.write(f"{State(state).label.lower()}: {number:,}")
        headings = {each["number"]: each["heading"] for each in source.columns}
        refused = source.rows.filter(state__in=(State.INVALID, State.REFUSED))
        for row in refused.select_related("edit").iterator(200):
            for where, text in results.reasons_of(row, headings):
                line = f"  row {row.number}: {where}: {text}".replace(": : ", ": ")
                self.stdout.write(line)
        return counts


def _mapping_text(
    columns: dict[str, mapping.Column], problems: dict[int, mapping.MappingProblem]
) -> str:
    headings = {each.number: each.heading for each in columns.values()}
    told = {
        mapping.MappingProblem.FORMAT: "say how it is written by --dates or --numbers",
        mapping.MappingProblem.TWICE: "another column is this property already",
        mapping.MappingProblem.NO_IDENTITY: "no column is the e-mail or the record id",
        mapping.MappingProblem.NOTHING: "no column is a property",
        mapping.MappingProblem.UNKNOWN: "this property is not there any more",
    }
    lines = [
        f"{headings[number]}: {told[problem]}" if number in headings else told[problem]
        for number, problem in problems.items()
    ]
    return printable("; ".join(lines))

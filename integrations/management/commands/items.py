"""Print stored items, or write them to a file: as a table for users, else as a file."""

import argparse
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.text import capfirst

from integrations.management.console import CHECKS, find_user, quietly_if_closed, stream
from integrations.management.output import SafeCommand
from integrations.management.pages import address_of_view, ask_page
from integrations.models import Item
from integrations.models.accounts.preferences import zone_of
from integrations.models.items.item import ItemQuerySet
from integrations.models.messages.wording import RAW_ROWS, connector_text
from integrations.providers import SPECS
from integrations.services.common import audit
from integrations.services.items.downloads import asked, formats
from integrations.services.items.downloads.asked import AskedFile, Content
from integrations.services.items.downloads.formats import FORMATS, XLSX
from integrations.services.items.downloads.sources import ListSource, Source

CONTENTS = tuple(map(str, Content))


class Command(SafeCommand):
    """Print stored items, one row each, straight from the database."""

    requires_system_checks = CHECKS
    help = (
        "Print stored items, or write them to a file: a table, CSV, XLSX, JSON or"
        " NDJSON (IntegrationItem shape)."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        names = ", ".join(SPECS)
        parser.add_argument("provider", nargs="?", default="", help=f"one of {names}")
        parser.add_argument("--user", default="", metavar="EMAIL", help="whose items")
        parser.add_argument("--type", default="", help="only items of this type")
        parser.add_argument(
            "--address",
            default="",
            metavar="URL",
            help="what the page at this address shows, all of it: a list of items or"
            " the table of a collection, with its filters, columns and order;"
            " needs --user",
        )
        parser.add_argument(
            "--view",
            default="",
            metavar="NAME",
            help="what this saved view of the user's shows; needs --user",
        )
        parser.add_argument("--format", choices=("table", *FORMATS), default="table")
        parser.add_argument("--output", default="", metavar="FILE", help="write here")
        parser.add_argument(
            "--values",
            choices=CONTENTS,
            default="raw",
            help="properties, but in tables: raw, by name, as the provider wrote them,"
            " shown, by label, as the pages show them, or all, every column of a"
            " collection's table (default: raw)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        form, output = options["format"], options["output"]
        if output and form == "table":
            raise CommandError("a table is printed; choose another --format for a file")
        if form == XLSX and not output:
            raise CommandError("a workbook needs a file: add --output FILE")
        user = find_user(options["user"]) if options["user"] else None
        with timezone.override(zone_of(user) if user else None):
            wanted = _asked(user, options)
            rows = wanted.items()
            if output:
                source = wanted.to_source(rows)
                _write(source, form, Path(output))
                self._tell(source)
            else:
                # Closed here, while the database is still open, when the reader left.
                with quietly_if_closed(self.stdout), closing(rows):
                    self.print_as(form, rows, wanted)
                    self.stdout.flush()
        if form != "table":
            audit.record("items.exported", form=form, way="console")

    def print_as(
        self, form: str, rows: Iterable[Item], wanted: AskedFile | None = None
    ) -> None:
        """Write the rows in one of the forms."""
        if form == "table":
            from integrations.management.tables import print_items

            print_items(rows, self.stdout)
            return
        source = wanted.to_source(rows) if wanted else ListSource(items=rows)
        for piece in formats.stream(source, form):
            self.stdout.write(piece, ending="")
        self._tell(source)

    def _tell(self, source: Source) -> None:
        """Say beside what was written which mistake of ours left values raw."""
        if mistake := source.noted.mistake:
            self.stderr.write(f"{capfirst(connector_text(mistake, RAW_ROWS))}.")


def _write(source: Source, form: str, path: Path) -> None:
    """Write a file that only its owner may read; one that cannot be made is said."""
    try:
        with formats.private_folder() as folder, path.open("wb") as file:
            formats.write(source, form, file, folder)
    except OSError as exc:
        raise CommandError(f"{path} cannot be written: {exc.strerror}") from exc


def _asked(user: User | None, options: dict[str, Any]) -> AskedFile:
    content = Content(options["values"])
    address, view = options["address"], options["view"]
    if address or view:
        if user is None:
            raise CommandError("pages show one user's items: add --user EMAIL")
        if options["provider"] or options["type"] or (address and view):
            raise CommandError("a page has filters of its own; leave others out")
        return ask_page(user, address or address_of_view(user, view), content)
    if content is Content.ALL:
        raise CommandError("--values all is for the --address of a table")
    items = select_items(
        provider=options["provider"], user=user, item_type=options["type"]
    )
    return AskedFile(
        items=lambda: stream(items),
        to_source=partial(asked.list_source, user, content),
    )


def select_items(*, provider: str, user: User | None, item_type: str) -> ItemQuerySet:
    """Return the live items asked for; refuse a provider nobody knows."""
    if provider and provider not in SPECS:
        known = ", ".join(SPECS)
        raise CommandError(f"unknown provider {provider!r}; known are: {known}")
    items = Item.objects.live()
    if provider:
        items = items.filter(provider=provider)
    if user:
        items = items.owned_by(user)
    return items.filter(type=item_type) if item_type else items

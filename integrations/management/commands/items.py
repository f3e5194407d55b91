"""Print stored items: as a table for users, as CSV, JSON or NDJSON for programs."""

import argparse
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.management.console import CHECKS, find_user, quietly_if_closed, stream
from integrations.management.tables import print_items
from integrations.models import Item
from integrations.models.item import ItemQuerySet
from integrations.models.preferences import zone_of
from integrations.providers import SPECS
from integrations.services.common import audit
from integrations.services.items.export import (
    VALUES,
    WRITERS,
    Values,
    raw_values,
)


class Command(BaseCommand):
    """Print stored items, one row each, straight from the database."""

    requires_system_checks = CHECKS
    help = "Print stored items: a table, CSV, JSON, NDJSON (IntegrationItem shape)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        names = ", ".join(SPECS)
        parser.add_argument("provider", nargs="?", default="", help=f"one of {names}")
        parser.add_argument("--user", default="", metavar="EMAIL", help="whose items")
        parser.add_argument("--type", default="", help="only items of this type")
        parser.add_argument("--format", choices=("table", *WRITERS), default="table")
        parser.add_argument(
            "--values",
            choices=tuple(VALUES),
            default="raw",
            help="properties, but in tables: raw, by name, as the provider wrote them,"
            " or shown, by label, as the pages show them (default: raw)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["user"]) if options["user"] else None
        items = select_items(
            provider=options["provider"], user=user, item_type=options["type"]
        )
        rows = stream(items)
        zone = zone_of(user) if user else None
        # Closed here, while the database is still open, when the reader has left.
        with quietly_if_closed(self.stdout), closing(rows), timezone.override(zone):
            self.print_as(options["format"], rows, VALUES[options["values"]])
            self.stdout.flush()
        if options["format"] != "table":
            audit.record("items.exported", form=options["format"], way="console")

    def print_as(
        self, form: str, rows: Iterable[Item], values: Values = raw_values
    ) -> None:
        """Write the rows in one of the forms."""
        if form == "table":
            print_items(rows, self.stdout)
            return
        for piece in WRITERS[form](rows, values):
            self.stdout.write(piece, ending="")


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

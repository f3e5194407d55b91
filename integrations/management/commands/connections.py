"""List connections, and do to them what the admin's buttons do."""

import argparse
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import QuerySet
from django.utils import timezone

from integrations.management.acting import ActingCommand
from integrations.management.console import find_user
from integrations.models import Connection
from integrations.providers import SPECS
from integrations.services.connections.staff import acts
from integrations.services.connections.staff.acting import Act
from integrations.services.connections.status import put_status
from integrations.services.upkeep.census import WATCHED

# Their status is decided together.
AT_ONCE = 200


class Command(ActingCommand):
    """Sync, refresh, pause, resume and disconnect connections of any user."""

    help = "List connections; sync, refresh, pause, resume or disconnect them."
    acts = (
        acts.SYNC_NOW,
        acts.FULL_REFRESH,
        acts.REFRESH_TOKEN,
        acts.PAUSE,
        acts.RESUME,
        acts.DISCONNECT,
    )
    noun, key = "connection", "UUID"

    def add_filters(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--provider", choices=tuple(SPECS))
        parser.add_argument("--user", metavar="EMAIL")
        parser.add_argument("--state", choices=Connection.State.values)
        parser.add_argument("--watch", choices=tuple(WATCHED))

    def add_choices(self, parser: argparse.ArgumentParser, act: Act) -> None:
        if act is acts.DISCONNECT:
            items = parser.add_mutually_exclusive_group(required=True)
            items.add_argument("--keep-items", action="store_true")
            items.add_argument("--delete-items", action="store_true")

    def rows(self, options: dict[str, Any]) -> QuerySet[Connection]:
        rows = Connection.objects.select_related("owner").order_by("created_at")
        for name in ("provider", "state"):
            if options[name]:
                rows = rows.filter(**{name: options[name]})
        if options["user"]:
            rows = rows.filter(owner=find_user(options["user"]))
        if options["watch"]:
            rows = rows.filter(WATCHED[options["watch"]](timezone.now()))
        return rows

    def find(
        self, rows: QuerySet[Connection], keys: Iterable[str]
    ) -> QuerySet[Connection]:
        try:
            return rows.filter(pk__in=[UUID(key) for key in keys])
        except ValueError:
            raise CommandError("a connection is named by its UUID") from None

    def tell(self, rows: Iterable[Connection]) -> Iterator[str]:
        left = iter(rows)
        while some := put_status(islice(left, AT_ONCE)):
            for row in some:
                who = row.owner.email or row.owner.get_username()
                yield f"{row.pk} {row} of {who}: {row.status.word}"

    def choices_of(
        self, options: dict[str, Any], rows: list[Connection]
    ) -> dict[str, Any]:
        return {"keep_items": options.get("keep_items", False)}

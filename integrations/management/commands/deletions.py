"""List deletions that wait for a decision, approve or discard them."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import QuerySet

from integrations.management.acting import ActingCommand
from integrations.models import Collection
from integrations.services.connections.staff import acts


class Command(ActingCommand):
    """Decide about deletions that are held, as staff do in the list of collections."""

    help = "List the deletions that wait for a decision; approve or discard them."
    acts = (acts.APPROVE_DELETIONS, acts.DISCARD_DELETIONS)
    noun, key = "collection", "UUID"

    def rows(self, options: dict[str, Any]) -> QuerySet[Collection]:
        held = Collection.objects.exclude(held_deletions={}).order_by("pk")
        return held.select_related("connection__owner").defer("schema", "details")

    def find(
        self, rows: QuerySet[Collection], keys: Iterable[str]
    ) -> QuerySet[Collection]:
        try:
            return rows.filter(pk__in=[UUID(key) for key in keys])
        except ValueError:
            raise CommandError("a collection is named by its UUID") from None

    def tell(self, rows: Iterable[Collection]) -> Iterator[str]:
        for row in rows:
            held = row.hold
            number = f"{held.count:,} of {row.stored_count:,}" if held else "none"
            yield f"{row.pk} {row.name} of {row.connection}: deletions held: {number}"

    def choices_of(
        self, options: dict[str, Any], rows: list[Collection]
    ) -> dict[str, Any]:
        # What was listed a moment ago, and no refresh that ended since.
        return {
            "generations": {row.pk: row.hold.generation for row in rows if row.hold}
        }

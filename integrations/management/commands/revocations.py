"""List grants that could not be ended at their provider, and dismiss them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import QuerySet

from integrations.management.acting import ActingCommand
from integrations.models import FailedRevocation
from integrations.models.messages.wording import time_text
from integrations.services.connections.staff import acts


class Command(ActingCommand):
    """Dismiss revocations that were given up, once somebody ended the grants."""

    help = "List grants that may live on at their provider; dismiss those that do not."
    acts = (acts.DISMISS_REVOCATION,)
    noun, key = "grant", "UUID"

    def rows(self, options: dict[str, Any]) -> QuerySet[FailedRevocation]:
        return FailedRevocation.objects.select_related("owner").order_by("failed_at")

    def find(
        self, rows: QuerySet[FailedRevocation], keys: Iterable[str]
    ) -> QuerySet[FailedRevocation]:
        try:
            return rows.filter(pk__in=list(keys))
        except ValidationError:
            raise CommandError("a failed revocation is named by its UUID") from None

    def tell(self, rows: Iterable[FailedRevocation]) -> Iterator[str]:
        for row in rows:
            who = row.owner.email if row.owner else "an account that is gone"
            account = row.account_name or row.account_id or "an unknown account"
            yield (
                f"{row.pk} {row.provider} {account} of {who},"
                f" since {time_text(row.failed_at)}: {row.error}"
            )

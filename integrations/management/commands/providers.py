"""List providers with their pauses and alarms, and clear them."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from integrations.management.acting import ActingCommand
from integrations.models import ProviderState
from integrations.models.messages.wording import time_text
from integrations.services.connections.staff import acts


class Command(ActingCommand):
    """End the pause of a provider that refused this site, and its alarm."""

    help = "List providers that are paused or have an alarm; clear that."
    acts = (acts.CLEAR_PAUSE,)
    noun, key = "provider", "PROVIDER"

    def rows(self, options: dict[str, Any]) -> QuerySet[ProviderState]:
        return ProviderState.objects.order_by("provider")

    def tell(self, rows: Iterable[ProviderState]) -> Iterator[str]:
        for row in rows:
            is_paused = row.is_paused and row.paused_until is not None
            until = time_text(row.paused_until) if row.paused_until else ""
            word = f"paused until {until}" if is_paused else "running"
            yield f"{row.provider} {word} {row.reason} {row.detail}".rstrip()

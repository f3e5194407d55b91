"""Narrow the admin's lists by words that users use."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.models import Connection
from integrations.models.condition import Condition
from integrations.models.messages import wording
from integrations.providers import CONNECTORS, SPECS
from integrations.services.connections.status import put_status
from integrations.services.upkeep import census

TONES = (
    ("tone-bad", "Needs somebody"),
    ("tone-warn", "Not as promised"),
    ("tone-ok", "Well"),
)
TOO_MANY = (
    "Only the {number} connections whose state changed last were looked at. "
    "Choose a provider, a state or a reason as well to find others."
)
Lookups = Sequence[tuple[str, str]]


class ProviderFilter(admin.SimpleListFilter):
    """Filter by provider, without reading a big table for its values."""

    title = "provider"
    parameter_name = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [(spec.slug, spec.name) for spec in SPECS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(provider=value) if value else queryset


class TypeFilter(admin.SimpleListFilter):
    """Filter items by type, without reading a big table for its values."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        types: dict[str, str] = {}
        for connector in CONNECTORS.values():
            types.update(connector.item_types)
        return sorted(types.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(type=value) if value else queryset


class FirstValuesFilter(admin.SimpleListFilter):
    """Filter by a text, of those that the first rows of the list have.

    Django's own filter of such a column reads the whole table for its values.
    """

    MOST_READ = 2000

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        rows = model_admin.get_queryset(request)
        first = rows.values_list(self.parameter_name, flat=True)[: self.MOST_READ]
        found = {str(value) for value in first if value}
        return [(value, value) for value in sorted(found | {self.value() or ""} - {""})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return (
            queryset.filter(**{str(self.parameter_name): value}) if value else queryset
        )


def first_values(column: str) -> type[FirstValuesFilter]:
    """Return the filter by a column of texts."""
    facts = {"parameter_name": column, "title": column.replace("_", " ")}
    return type("FirstValues", (FirstValuesFilter,), facts)


class FoundFilter(admin.SimpleListFilter):
    """Filter spot checks by what they found."""

    title = "found"
    parameter_name = "found"
    COUNTS = {"differing": "Stored wrongly", "missing": "Not shown any more"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return list(self.COUNTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        # Anything may stand in the address.
        if value not in self.COUNTS:
            return queryset
        return queryset.filter(**{f"{value}__gt": 0})


class ReasonFilter(admin.SimpleListFilter):
    """Filter connections by the reason for their state, in words."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [
            (code.value, text.capitalize()) for code, text in wording.STATES.items()
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(reason=value) if value else queryset


class WatchFilter(admin.SimpleListFilter):
    """Filter connections by what the panel counts."""

    title = "watch"
    parameter_name = "watch"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [
            ("at_risk", "Permission at risk"),
            ("overdue", "Token refresh overdue"),
            ("stale", "Older than promised"),
            ("near_quota", "Calls nearly used up"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        select = census.WATCHED.get(self.value() or "")
        return queryset.filter(select(timezone.now())) if select else queryset


class FailedFilter(admin.SimpleListFilter):
    """Filter runs by whether they failed today, as the panel counts them."""

    title = "failure"
    parameter_name = "failed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [("today", "Today (UTC)")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "today":
            return queryset
        return queryset.filter(census.failed_today(timezone.now()))


class ConditionFilter(admin.SimpleListFilter):
    """Filter connections by what their badge says, of those that changed last."""

    # Each is decided by its facts, which takes about a millisecond.
    MOST_DECIDED = 500
    title = "condition"
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [*TONES, *Condition.choices]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> QuerySet[Any]:
        wanted = self.value()
        if not wanted:
            return queryset
        # Asked of the one who decides: a condition in SQL would be a second opinion.
        rows = list(queryset.order_by("-state_since")[: self.MOST_DECIDED + 1])
        if len(rows) > self.MOST_DECIDED:
            messages.warning(request, TOO_MANY.format(number=self.MOST_DECIDED))
        shown = put_status(rows[: self.MOST_DECIDED])
        return queryset.filter(
            pk__in=[
                row.pk
                for row in shown
                if wanted in (row.status.condition, f"tone-{row.status.tone}")
            ]
        )


class ExpiryFilter(admin.SimpleListFilter):
    """Filter connections by how soon their access token ends."""

    title = "token ends"
    parameter_name = "token_ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [
            ("past", "Already"),
            ("hour", "Within an hour"),
            ("day", "Within a day"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        spans = {"past": 0, "hour": 1, "day": 24}
        hours = spans.get(self.value() or "")
        if hours is None:
            return queryset
        until = timezone.now() + timedelta(hours=hours)
        return queryset.filter(credential__access_expires_at__lte=until)


class DeletedFilter(admin.SimpleListFilter):
    """Filter items by whether they are deleted at the provider."""

    title = "deletion"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [("no", "Not deleted"), ("yes", "Deleted"), ("left", "Not selected")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: Any = queryset
        narrow = {"no": rows.live, "yes": rows.deleted, "left": rows.deselected}
        return narrow.get(self.value() or "", rows.all)()

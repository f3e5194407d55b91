"""Narrow the admin's lists by words that users use."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.models import Connection, Item
from integrations.models.connection import REASONS
from integrations.providers import CONNECTORS, SPECS

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


class ReasonFilter(admin.SimpleListFilter):
    """Filter connections by the reason for their state, in words."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [(reason, text.capitalize()) for reason, text in REASONS.items() if text]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(reason=value) if value else queryset


class HealthFilter(admin.SimpleListFilter):
    """Filter connections by what their badge says."""

    title = "health"
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        return [
            ("trouble", "Needs somebody"),
            ("stale", "Out of date"),
            ("well", "Well"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "trouble":
            return queryset.filter(
                state__in=(Connection.State.DEGRADED, Connection.State.NEEDS_RECONNECT)
            )
        if self.value() == "stale":
            return queryset.filter(is_stale())
        if self.value() == "well":
            return queryset.filter(~is_stale(), state=Connection.State.ACTIVE)
        return queryset


def is_stale() -> Q:
    """Return ``Connection.is_stale`` as a condition."""
    now, condition = timezone.now(), Q(pk__in=())
    intervals = Connection.objects.order_by().values_list("sync_interval_minutes")
    for (minutes,) in intervals.distinct():
        limit = Connection(sync_interval_minutes=minutes).freshness_limit
        condition |= Q(sync_interval_minutes=minutes, last_synced_at__lt=now - limit)
    return condition & ~Q(state=Connection.State.DISCONNECTED)


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
        return [("no", "Not deleted"), ("yes", "Deleted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Any]:
        if self.value() in ("no", "yes"):
            return queryset.filter(deleted_at__isnull=self.value() == "no")
        return queryset

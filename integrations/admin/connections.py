"""Show every connection's health, and steer it without ever seeing a token."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from integrations.admin import actions
from integrations.admin.base import (
    BoundedPaginator,
    LatestInline,
    ReadOnlyAdmin,
    badge,
    name_of,
)
from integrations.admin.buttons import ActionButtons
from integrations.admin.filters import (
    ConditionFilter,
    ExpiryFilter,
    ProviderFilter,
    ReasonFilter,
    WatchFilter,
)
from integrations.admin.related import LeadsToLists
from integrations.models import Connection, Credential, RefreshAttempt, SyncRun, times
from integrations.models.messages import wording
from integrations.services.connections.counts import with_item_count
from integrations.services.connections.next_steps import Planned
from integrations.services.connections.staff import acts
from integrations.services.connections.status import Status, put_status

# What may be read of a credential; the sealed tokens are not even fetched.
TOKEN_FACTS = ("version", "fingerprint", "access_expires_at", "refreshed_at")


class StatusList(ChangeList):
    """Decide the status of all connections on a page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = put_status(self.result_list)


def shown_of(connection: Any) -> Status:
    """Return what is shown of a connection, decided once for a page."""
    if not hasattr(connection, "status"):
        put_status([connection])
    status: Status = connection.status
    return status


def in_words(planned: Planned) -> str:
    """Format what is said of a time, and the time itself where it is known."""
    at = planned.at
    when = wording.time_text(at) if at else ""
    return f"{planned.text} {when}".strip()


class SyncRunInline(LatestInline):
    """List the latest runs of a connection."""

    model = SyncRun
    order_by = "-queued_at"
    verbose_name_plural = "latest runs"
    fields = (
        "queued_at",
        "result_text",
        "trigger",
        "seen",
        "changed",
        "reason_text",
    )
    readonly_fields = fields


class RefreshAttemptInline(LatestInline):
    """List the latest attempts to refresh a connection's token."""

    model = RefreshAttempt
    order_by = "-started_at"
    verbose_name_plural = "latest token refreshes"
    fields = ("started_at", "why", "outcome", "status", "error_code", "fingerprint")
    readonly_fields = fields


@admin.register(Connection)
class ConnectionAdmin(ActionButtons, LeadsToLists, ReadOnlyAdmin):
    """List connections with their health; every act on them is queued and logged."""

    list_display = (
        "__str__",
        "owner_address",
        "condition",
        "last_sync",
        "next_sync",
        "items",
        "failures",
    )
    list_filter = (
        ProviderFilter,
        ConditionFilter,
        WatchFilter,
        "state",
        ReasonFilter,
        ExpiryFilter,
        "is_sandbox",
    )
    list_select_related = ("owner",)
    search_fields = ("owner__email", "account_name", "label", "=remote_id")
    date_hierarchy = None
    show_full_result_count = False
    paginator = BoundedPaginator
    inlines = (SyncRunInline, RefreshAttemptInline)
    fields = (
        "title",
        "lists",
        "provider_name",
        "owner_address",
        "condition",
        "sentence",
        "clock",
        "state_since",
        "token",
        "remote_id",
        "granted_scopes",
        "is_sandbox",
        "sync_interval_minutes",
        "last_sync",
        "next_sync",
        "failed_syncs",
        "items",
        "failures",
        "created_at",
        "reconnected_at",
    )
    readonly_fields = fields
    actions: Any = (
        "sync_now",
        "full_refresh",
        "refresh_token",
        "pause",
        "resume",
        "disconnect",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        failed = (SyncRun.Outcome.FAILED, SyncRun.Outcome.QUARANTINED)
        day_ago = timezone.now() - timedelta(days=1)
        credential = Credential.objects.filter(connection=OuterRef("pk"))
        # A subquery for each row shown: a join would group all runs that are kept.
        recent = (
            SyncRun.objects.filter(
                ~times.ahead("finished_at", timezone.now()),
                connection=OuterRef("pk"),
                outcome__in=failed,
                finished_at__gte=day_ago,
            )
            .order_by()
            .values("connection")
            .annotate(number=Count("pk"))
            .values("number")
        )
        return with_item_count(Connection.objects.all()).annotate(
            refresh_failures=Subquery(credential.values("failures")),
            failed_runs=Coalesce(Subquery(recent), 0),
        )

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Connection],
        search_term: str,
    ) -> tuple[QuerySet[Connection], bool]:
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to change, which no form here uses."""
        return request.user.has_perm("integrations.change_connection")

    def has_disconnect_permission(self, request: HttpRequest) -> bool:
        """Ask for more than operating takes: what is erased stays erased."""
        return request.user.has_perm("integrations.delete_connection")

    @admin.display(description="owner", ordering="owner__email")
    def owner_address(self, connection: Connection) -> str:
        """Name the owner by their address."""
        return name_of(connection.owner)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StatusList

    @admin.display(description="condition", ordering="state")
    def condition(self, connection: Connection) -> SafeString:
        """Render the condition that its owner sees."""
        status = shown_of(connection)
        return badge(status.word, status.tone, status.condition.value, status.code)

    @admin.display(description="what is said of it")
    def sentence(self, connection: Connection) -> str:
        """Say what its owner is told beside the badge."""
        return shown_of(connection).sentence or "-"

    @admin.display(description="clock")
    def clock(self, connection: Connection) -> str:
        """Say by how much our clock differs from the provider's."""
        return shown_of(connection).clock_text or "as the provider's"

    @admin.display(description="last sync", ordering="last_synced_at")
    def last_sync(self, connection: Connection) -> str:
        """Return when it was synced last."""
        return in_words(shown_of(connection).last_sync)

    @admin.display(description="next sync", ordering="next_sync_at")
    def next_sync(self, connection: Connection) -> str:
        """Return when the next sync is, or what has to happen before."""
        return in_words(shown_of(connection).next_sync)

    @admin.display(description="items", ordering="item_count")
    def items(self, connection: Connection) -> str:
        """Return how many items are stored."""
        status = shown_of(connection)
        return "being deleted" if status.is_deleting else str(status.item_count)

    @admin.display(description="failures")
    def failures(self, connection: Any) -> str:
        """Count the refreshes in a row and the runs in a day that failed."""
        refreshes, runs = connection.refresh_failures or 0, connection.failed_runs
        if not refreshes and not runs:
            return "none"
        in_a_row = "refresh" if refreshes == 1 else "refreshes"
        today = wording.count_text(runs, "run")
        return f"{refreshes} {in_a_row} in a row, {today} today"

    @admin.display(description="token")
    def token(self, connection: Connection) -> str:
        """Describe the stored token, which is never shown."""
        facts = Credential.objects.filter(pk=connection.pk).values(*TOKEN_FACTS).first()
        if facts is None:
            return "none stored"
        expires_at = facts["access_expires_at"]
        until = wording.time_text(expires_at) if expires_at else "unknown"
        return (
            f"stored, version {facts['version']}, "
            f"fingerprint {facts['fingerprint'] or 'unknown'}, expires {until}"
        )

    @admin.action(description="Sync now", permissions=["operate"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Queue a sync of each connection."""
        actions.perform(request, queryset, acts.SYNC_NOW)

    @admin.action(description="Full refresh", permissions=["operate"])
    def full_refresh(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> None:
        """Queue a full refresh of each connection."""
        actions.perform(request, queryset, acts.FULL_REFRESH)

    @admin.action(description="Refresh token now", permissions=["operate"])
    def refresh_token(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> None:
        """Queue the refresh of each connection's token."""
        actions.perform(request, queryset, acts.REFRESH_TOKEN)

    @admin.action(description="Pause", permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Stop reading each connection."""
        actions.perform(request, queryset, acts.PAUSE)

    @admin.action(description="Resume", permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        """Read each paused connection again."""
        actions.perform(request, queryset, acts.RESUME)

    @admin.action(description="Revoke and disconnect…", permissions=["disconnect"])
    def disconnect(
        self, request: HttpRequest, queryset: QuerySet[Connection]
    ) -> HttpResponse | None:
        """Ask once more, then erase each grant and have it revoked."""
        choice = request.POST.get("items", "")
        if choice in ("keep", "delete"):
            keeps = choice == "keep"
            actions.perform(request, queryset, acts.DISCONNECT, keep_items=keeps)
            return None
        title = "Revoke and disconnect"
        return actions.confirm(
            self, request, queryset, acts.DISCONNECT, action="disconnect", title=title
        )

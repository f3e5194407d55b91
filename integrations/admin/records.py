"""Show what happened: runs, refresh attempts, the audit trail, provider alarms."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.admin import actions
from integrations.admin.base import (
    BoundedPaginator,
    ReadOnlyAdmin,
    badge,
    link_to,
    name_of,
)
from integrations.admin.buttons import ActionButtons
from integrations.admin.filters import FailedFilter, ProviderFilter, first_values
from integrations.admin.related import of
from integrations.models import (
    AuditEvent,
    Collection,
    Connection,
    FailedRevocation,
    ProviderState,
    RefreshAttempt,
    SyncRun,
)
from integrations.models.messages import wording
from integrations.models.sync.progress import CollectionProgress
from integrations.services.connections.staff import acts

# What the subject of an event is, by the first half of its name.
SUBJECTS = {
    "account": "User",
    "collections": "Connection",
    "connection": "Connection",
    "deletions": "Collection",
    "provider": "ProviderState",
    "revocation": "FailedRevocation",
}


HEADINGS = ("Collection", "State", "Read", "Created", "Changed", "Deleted", "Why")
TABLE = (
    '<div class="mooring-scroll"><table><thead><tr>'
    + "".join(f"<th>{heading}</th>" for heading in HEADINGS)
    + "</tr></thead><tbody>{}</tbody></table></div>"
)
ROW = "<tr>" + "<td>{}</td>" * len(HEADINGS) + "</tr>"


def _cells(entry: tuple[str, CollectionProgress]) -> tuple[object, ...]:
    """Return one row of what a run has noted; not every note is of a collection."""
    key, progress = entry
    try:
        name = link_to(Collection, UUID(key), progress.name)
    except ValueError:
        name = format_html("{}", progress.name)
    counts = (progress.seen, progress.created, progress.changed, progress.deleted)
    return name, progress.state, *counts, wording.reason_text(progress.reason)


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """List the runs of every connection."""

    list_display = (
        "queued_at",
        "connection",
        "result",
        "trigger_text",
        "created",
        "changed",
        "deleted",
        "requests",
        "duration",
    )
    list_filter = (
        of(Connection, "connection"),
        FailedFilter,
        "state",
        "outcome",
        "reason",
        "trigger",
        "is_full",
    )
    list_select_related = ("connection",)
    search_fields = ("connection__account_name", "connection__owner__email")
    date_hierarchy = None
    paginator = BoundedPaginator
    show_full_result_count = False
    exclude = ("progress", "lease_id")
    readonly_fields = ("collections",)

    @admin.display(description="collections")
    def collections(self, run: SyncRun) -> SafeString:
        """Render what the run has noted of each collection, with a link to it."""
        if not run.progress:
            return format_html("{}", "-")
        rows = format_html_join("", ROW, map(_cells, run.entries.items()))
        return format_html(TABLE, rows)

    @admin.display(description="result")
    def result(self, run: SyncRun) -> SafeString:
        """Render the run's outcome, or its state while it is open."""
        return badge(run.result_text, run.tone)


@admin.register(RefreshAttempt)
class RefreshAttemptAdmin(ReadOnlyAdmin):
    """List every attempt to refresh a token; a fingerprint tells tokens apart."""

    list_display = (
        "started_at",
        "connection",
        "outcome",
        "why",
        "status",
        "error_code",
        "duration_ms",
        "fingerprint",
    )
    list_filter = (of(Connection, "connection"), "outcome", first_values("why"))
    list_select_related = ("connection",)
    search_fields = ("connection__account_name", "=fingerprint")
    paginator = BoundedPaginator
    show_full_result_count = False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """List the audit trail; nobody writes here, staff included."""

    list_display = ("at", "event", "who", "about", "address")
    exclude = ("subject",)
    readonly_fields = ("about",)
    list_filter = (
        of(Connection, "subject"),
        of(Collection, "subject"),
        first_values("event"),
    )
    list_select_related = ("user",)
    search_fields = ("event", "subject", "user__email", "address")
    paginator = BoundedPaginator
    show_full_result_count = False

    @admin.display(description="who", ordering="user")
    def who(self, event: AuditEvent) -> str:
        """Name the user by their address."""
        return name_of(event.user)

    @admin.display(description="about", ordering="subject")
    def about(self, event: AuditEvent) -> SafeString:
        """Link to what the event is about; it may be gone by now."""
        name = event.facts.get("model") or SUBJECTS.get(event.event.partition(".")[0])
        models = {each.__name__: each for each in self.admin_site._registry}  # noqa: SLF001 (the only list of them)
        if not event.subject or name not in models:
            return format_html("{}", event.subject or "-")
        words = f"{models[name]._meta.verbose_name} {event.subject[:8]}"  # noqa: SLF001 (the documented name)
        return link_to(models[name], event.subject, words)


@admin.register(FailedRevocation)
class FailedRevocationAdmin(ActionButtons, ReadOnlyAdmin):
    """List the grants that may live on at their provider: nobody could end them."""

    list_display = (
        "failed_at",
        "provider",
        "account_name",
        "account_id",
        "who",
        "is_uninstall",
        "error",
        "status",
        "tries",
    )
    list_filter = (ProviderFilter, "is_uninstall", first_values("error"))
    list_select_related = ("owner",)
    search_fields = ("account_name", "=account_id", "owner__email")
    paginator = BoundedPaginator
    show_full_result_count = False
    actions: Any = ("dismiss",)

    def has_dismiss_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to delete, which no form here uses."""
        return request.user.has_perm("integrations.delete_failedrevocation")

    @admin.action(description="Dismiss…", permissions=["dismiss"])
    def dismiss(
        self, request: HttpRequest, queryset: QuerySet[FailedRevocation]
    ) -> HttpResponse | None:
        """Ask once more, then forget grants that were ended at their provider."""
        if actions.CONFIRMED in request.POST:
            actions.perform(request, queryset, acts.DISMISS_REVOCATION)
            return None
        act, title = acts.DISMISS_REVOCATION, "Dismiss failed revocations"
        return actions.confirm(
            self, request, queryset, act, action="dismiss", title=title
        )

    @admin.display(description="owner", ordering="owner")
    def who(self, failed: FailedRevocation) -> str:
        """Name the user by their address."""
        return name_of(failed.owner)


@admin.register(ProviderState)
class ProviderStateAdmin(ActionButtons, ReadOnlyAdmin):
    """List providers at rest, and their alarms."""

    list_display = (
        "provider",
        "is_resting",
        "paused_until",
        "reason",
        "detail",
        "since",
        "clock_skew_seconds",
    )
    actions: Any = ("clear_pause",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to change, which no form here uses."""
        return request.user.has_perm("integrations.change_providerstate")

    @admin.display(description="paused now", boolean=True)
    def is_resting(self, state: ProviderState) -> bool:
        """Tell whether nobody calls the provider now."""
        return state.is_paused

    @admin.action(description="Clear the pause and the alarm", permissions=["operate"])
    def clear_pause(
        self, request: HttpRequest, queryset: QuerySet[ProviderState]
    ) -> None:
        """Close the circuit: the next call decides whether the provider accepts us."""
        actions.perform(request, queryset, acts.CLEAR_PAUSE)

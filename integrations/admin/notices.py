"""Show incidents, and the messages that told of them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from integrations.admin.base import (
    BoundedPaginator,
    ReadOnlyAdmin,
    ReadOnlyInline,
    badge,
    name_of,
)
from integrations.admin.filters import first_values
from integrations.admin.log import log_action
from integrations.admin.related import of
from integrations.models import Connection, Incident, Notice
from integrations.services.notices import history, incidents

TONES = {Notice.State.FAILED: "bad", Notice.State.SENT: "ok"}


class NoticeInline(ReadOnlyInline):
    """List what was told of an incident, when and how."""

    model = Notice
    fields = ("phase", "channel", "state", "sent_at", "tries", "error")


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    """List the incidents of the site and of all connections."""

    list_display = (
        "opened_at",
        "title",
        "kind",
        "severity",
        "is_open",
        "resolved_at",
    )
    list_filter = (
        of(Connection, "connection"),
        first_values("kind"),
        first_values("severity"),
    )
    search_fields = ("title", "connection__owner__email")
    list_select_related = ("connection",)
    inlines = (NoticeInline,)
    paginator = BoundedPaginator
    show_full_result_count = False

    @admin.display(description="open", boolean=True)
    def is_open(self, incident: Incident) -> bool:
        """Tell whether it is not over."""
        return incident.resolved_at is None


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """List the messages of all incidents, tests and digests."""

    list_display = (
        "created_at",
        "what",
        "phase",
        "channel",
        "reader",
        "result",
        "tries",
        "due_at",
        "error",
    )
    list_filter = ("state", "channel", "phase")
    search_fields = ("user__email",)
    list_select_related = ("incident", "user")
    paginator = BoundedPaginator
    show_full_result_count = False
    change_list_template = "admin/integrations/notice/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.test_view))
        name = "integrations_notice_test"
        return [path("test/", view, name=name), *super().get_urls()]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to change, which no form here uses."""
        return request.user.has_perm("integrations.change_notice")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        can_test = self.has_operate_permission(request)
        context = {**(extra_context or {}), "can_test": can_test}
        return super().changelist_view(request, context)

    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Send the operators a test by each way by which they are told."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        if not incidents.site_channels():
            told = "Set ADMIN_EMAILS or NOTICE_WEBHOOK_URL: operators are not told."
            messages.error(request, told)
            return redirect("admin:integrations_notice_changelist")
        planned = history.order_site_test()
        for notice in planned:
            log_action(request, notice, f"test by {notice.channel}")
        ways = ", ".join(str(notice.get_channel_display()) for notice in planned)
        if planned:
            told = f"A test is on its way by {ways}. The list says what became of it."
            messages.success(request, told)
        else:
            messages.warning(request, "There was a test a moment ago. Wait a minute.")
        return redirect("admin:integrations_notice_changelist")

    @admin.display(description="what")
    def what(self, notice: Notice) -> str:
        """Name the incident; what a digest tells is its user's own."""
        return notice.incident.title if notice.incident else ""

    @admin.display(description="to")
    def reader(self, notice: Notice) -> str:
        """Name the user by their address."""
        return name_of(notice.user) or "operators"

    @admin.display(description="result")
    def result(self, notice: Notice) -> SafeString:
        """Render what became of it."""
        tone = TONES.get(Notice.State(notice.state), "")
        return badge(notice.get_state_display(), tone)

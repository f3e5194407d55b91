"""Show incidents, and the messages that told of them."""

from django.contrib import admin
from django.utils.safestring import SafeString

from integrations.admin.base import (
    BoundedPaginator,
    ReadOnlyAdmin,
    ReadOnlyInline,
    badge,
    name_of,
)
from integrations.models import Incident, Notice

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
    list_filter = ("kind", "severity")
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

"""List the edits on their way to a provider, without what was typed."""

from django.contrib import admin

from integrations.admin.base import BoundedPaginator, ReadOnlyAdmin
from integrations.models import Edit


@admin.register(Edit)
class EditAdmin(ReadOnlyAdmin):
    """List edits by how far they are; their values are their users' own."""

    list_display = (
        "created_at",
        "connection",
        "verb",
        "state",
        "reason",
        "attempts",
        "due_at",
        "ended_at",
    )
    list_filter = ("state", "verb", "reason")
    list_select_related = ("connection",)
    search_fields = ("connection__account_name", "=correlation_id")
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = (
        "connection",
        "collection",
        "item",
        "verb",
        "state",
        "reason",
        "attempts",
        "failures",
        "correlation_id",
        "due_at",
        "created_at",
        "sent_at",
        "ended_at",
        "lease_until",
    )

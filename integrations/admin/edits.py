"""Show what users change at their providers: single edits, and those of many rows."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.admin.base import (
    BoundedPaginator,
    ReadOnlyAdmin,
    badge,
    link_to,
    name_of,
)
from integrations.admin.filters import ProviderFilter
from integrations.admin.related import of
from integrations.models import BulkEdit, Collection, Connection, Edit, Item
from integrations.models.messages import wording

DASH = SafeString("-")
TONES = {
    Edit.State.SAVED: "ok",
    Edit.State.REFUSED: "bad",
    Edit.State.CONFLICT: "warn",
    Edit.State.CANCELLED: "idle",
}


class ThroughFilter(ProviderFilter):
    """Filter by the provider of the connection that a row is sent through."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(connection__provider=value) if value else queryset


class WhoAndWhere(ReadOnlyAdmin):
    """Name the user and the connection of each row."""

    show_full_result_count = False
    paginator = BoundedPaginator
    ordering = ("-id",)

    @admin.display(description="by", ordering="created_by")
    def who(self, row: Edit | BulkEdit) -> str:
        """Name the user by their address."""
        return name_of(row.created_by)

    @admin.display(description="connection")
    def where(self, row: Edit | BulkEdit) -> SafeString:
        """Link to the connection that it is sent through."""
        return link_to(Connection, row.connection_id, row.connection)

    @admin.display(description="collection")
    def into(self, row: Edit | BulkEdit) -> SafeString:
        """Link to the collection of what is changed."""
        return link_to(Collection, row.collection_id, row.collection)


@admin.register(Edit)
class EditAdmin(WhoAndWhere):
    """List edits with what became of them; their values are their users' own."""

    list_display = (
        "created_at",
        "verb",
        "outcome",
        "what",
        "where",
        "who",
        "attempts",
        "correlation_id",
    )
    list_filter = (
        of(Connection, "connection"),
        of(Collection, "collection"),
        ThroughFilter,
        "state",
        "verb",
        "reason",
    )
    list_select_related = ("connection", "created_by", "item")
    search_fields = ("=uuid", "=remote_id", "=correlation_id", "=bulk_edit__uuid")
    search_help_text = "The whole id of an edit, an item there, a bulk edit or a call."
    exclude = (
        "lease_id",
        "connection",
        "collection",
        "item",
        "change",
        "undoes",
        "bulk_edit",
        "values",
        "base",
        "theirs",
        "refused",
    )
    readonly_fields = ("where", "into", "what", "why", "many", "taken_back")

    @admin.display(description="outcome", ordering="state")
    def outcome(self, edit: Edit) -> SafeString:
        """Render the state as a badge."""
        tone = TONES.get(Edit.State(edit.state), "busy")
        return badge(edit.get_state_display(), tone, state=edit.state)

    @admin.display(description="item")
    def what(self, edit: Edit) -> SafeString:
        """Link to the item, or give the id that it has at its provider."""
        if edit.item is None:
            return format_html("{}", edit.remote_id or "-")
        return link_to(Item, edit.item.pk, edit.item.name or "Untitled")

    @admin.display(description="why")
    def why(self, edit: Edit) -> str:
        """Give what it waits for, or why it was refused, in words."""
        return wording.reason_text(edit.why) or "-"

    @admin.display(description="bulk edit")
    def many(self, edit: Edit) -> SafeString:
        """Link to the many that it is one of."""
        bulk = edit.bulk_edit
        return link_to(BulkEdit, bulk.pk, bulk) if bulk else DASH

    @admin.display(description="takes back")
    def taken_back(self, edit: Edit) -> SafeString:
        """Link to the edit whose values it takes back."""
        return link_to(Edit, edit.undoes.pk, edit.undoes) if edit.undoes else DASH


def _count(edits: QuerySet[Edit]) -> Coalesce:
    """Count for the rows of a page only, which a join would do for all."""
    counted = edits.order_by().values("bulk_edit").annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number")), 0)


@admin.register(BulkEdit)
class BulkEditAdmin(WhoAndWhere):
    """List bulk edits; their rows are edits, found by the id of the bulk edit."""

    list_display = ("created_at", "field", "where", "who", "confirmed_at", "rows_done")
    list_filter = (
        of(Connection, "connection"),
        of(Collection, "collection"),
        ThroughFilter,
    )
    list_select_related = ("connection", "created_by")
    search_fields = ("=uuid",)
    search_help_text = "The whole id of a bulk edit."
    exclude = ("rows", "value", "connection", "collection", "undoes")
    readonly_fields = ("where", "into", "rows_done")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkEdit]:
        edits = Edit.objects.filter(bulk_edit=OuterRef("pk"))
        rows = super().get_queryset(request).defer("rows")
        return rows.annotate(number=_count(edits), waiting=_count(edits.open()))

    @admin.display(description="rows done")
    def rows_done(self, bulk: Any) -> str:
        """Tell of how many rows the outcome is known."""
        return f"{bulk.number - bulk.waiting:,} of {bulk.number:,}"

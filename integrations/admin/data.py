"""Show what is stored: collections with their completeness, items with their past."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.admin import actions
from integrations.admin.base import (
    BoundedPaginator,
    ReadOnlyAdmin,
    ReadOnlyInline,
    badge,
)
from integrations.admin.filters import DeletedFilter, ProviderFilter, TypeFilter
from integrations.models import Collection, Item, ItemChange
from integrations.models.item import ItemQuerySet
from integrations.services.items import search

COMPLETENESS_TONES = {
    "complete": "ok",
    "partial": "warn",
    "capped": "warn",
    "held": "warn",
    "no_permission": "bad",
}


def pretty(value: Any) -> SafeString:
    """Show JSON so that a user can read it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html("<pre>{}</pre>", text)


@admin.register(Collection)
class CollectionAdmin(ReadOnlyAdmin):
    """List collections with how much of them is proven to be here."""

    list_display = (
        "name",
        "connection",
        "item_type",
        "stored_count",
        "remote_count",
        "completeness_badge",
        "reason_text",
        "last_full_refresh_at",
    )
    list_filter = ("completeness", "reason", "item_type")
    list_select_related = ("connection",)
    search_fields = ("name", "remote_id", "connection__account_name")
    show_full_result_count = False
    paginator = BoundedPaginator
    exclude = ("schema", "details")
    actions: Any = ("approve_deletions", "discard_deletions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return super().get_queryset(request).defer("schema", "details")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to change, which no form here uses."""
        return request.user.has_perm("integrations.change_collection")

    @admin.display(description="completeness", ordering="completeness")
    def completeness_badge(self, collection: Collection) -> SafeString:
        """Render the completeness as a badge."""
        tone = COMPLETENESS_TONES.get(collection.completeness, "idle")
        return badge(collection.get_completeness_display(), tone)

    @admin.action(description="Approve held deletions", permissions=["operate"])
    def approve_deletions(
        self, request: HttpRequest, queryset: QuerySet[Collection]
    ) -> None:
        """Delete the items that a full refresh did not find."""
        actions.run_on_each(
            request, queryset, "approve deletions", actions.approve_deletions
        )

    @admin.action(description="Discard held deletions", permissions=["operate"])
    def discard_deletions(
        self, request: HttpRequest, queryset: QuerySet[Collection]
    ) -> None:
        """Discard the held deletions: the items stay."""
        actions.run_on_each(
            request, queryset, "discard deletions", actions.discard_deletions
        )


class ItemChangeInline(ReadOnlyInline):
    """List what changed in an item."""

    model = ItemChange
    fields = ("at", "kind", "run", "fields_changed")
    readonly_fields = fields
    show_change_link = False

    @admin.display(description="fields")
    def fields_changed(self, change: ItemChange) -> SafeString:
        """Show the old and new values."""
        return pretty(change.fields)


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin):
    """List items; the search is the product's own."""

    list_display = (
        "name",
        "type",
        "provider",
        "connection",
        "owner",
        "is_there",
        "remote_updated_at",
    )
    list_filter = (ProviderFilter, TypeFilter, DeletedFilter)
    list_select_related = ("connection", "owner")
    # Only so that there is a search box; get_search_results does the work.
    search_fields = ("name",)
    search_help_text = "Every word must match; the beginning of a word is enough."
    show_full_result_count = False
    paginator = BoundedPaginator
    ordering = ("-id",)
    exclude = ("properties", "children", "digest")
    readonly_fields = ("all_properties", "all_children")
    inlines = (ItemChangeInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        return super().get_queryset(request).defer("properties", "children")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[ItemQuerySet, bool]:
        found: Any = queryset
        return search.matching(found, search_term), False

    @admin.display(description="there", boolean=True)
    def is_there(self, item: Item) -> bool:
        """Tell whether the item still exists at the provider."""
        return not item.is_deleted

    @admin.display(description="properties")
    def all_properties(self, item: Item) -> SafeString:
        """Show the properties as they came."""
        return pretty(item.properties)

    @admin.display(description="children")
    def all_children(self, item: Item) -> SafeString:
        """Show the ids of the children as they came."""
        return pretty(item.children)

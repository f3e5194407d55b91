"""Show what is stored: collections with their completeness, items with their past."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.admin import actions
from integrations.admin.base import (
    BoundedPaginator,
    LatestInline,
    ReadOnlyAdmin,
    badge,
    name_of,
    pretty,
)
from integrations.admin.buttons import ActionButtons
from integrations.admin.filters import (
    DeletedFilter,
    FoundFilter,
    ProviderFilter,
    TypeFilter,
    first_values,
)
from integrations.admin.related import LeadsToLists, of
from integrations.models import Collection, Connection, Item, ItemChange, SpotCheck
from integrations.models.items.item import ItemQuerySet
from integrations.services.connections.staff import acts
from integrations.services.items.search.anybodys import find_anybodys

COMPLETENESS_TONES = {
    "complete": "ok",
    "partial": "warn",
    "capped": "warn",
    "held": "warn",
    "no_permission": "bad",
}


@admin.register(Collection)
class CollectionAdmin(ActionButtons, LeadsToLists, ReadOnlyAdmin):
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
        "links_read_at",
    )
    list_filter = (
        of(Connection, "connection"),
        "completeness",
        "reason",
        first_values("item_type"),
    )
    list_select_related = ("connection",)
    search_fields = ("name", "remote_id", "connection__account_name")
    show_full_result_count = False
    paginator = BoundedPaginator
    exclude = ("schema", "definitions", "details")
    readonly_fields = ("lists",)
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

    @admin.action(description="Approve held deletions…", permissions=["operate"])
    def approve_deletions(
        self, request: HttpRequest, queryset: QuerySet[Collection]
    ) -> HttpResponse | None:
        """Ask once more, then delete the items that a full refresh did not find."""
        if actions.CONFIRMED in request.POST:
            seen = {row.pk: _seen_generation(request, row) for row in queryset}
            act = acts.APPROVE_DELETIONS
            actions.perform(request, queryset, act, generations=seen)
            return None
        act, title = acts.APPROVE_DELETIONS, "Approve held deletions"
        return actions.confirm(
            self, request, queryset, act, action="approve_deletions", title=title
        )

    @admin.action(description="Discard held deletions", permissions=["operate"])
    def discard_deletions(
        self, request: HttpRequest, queryset: QuerySet[Collection]
    ) -> None:
        """Discard the held deletions: the items stay."""
        actions.perform(request, queryset, acts.DISCARD_DELETIONS)


def _seen_generation(request: HttpRequest, collection: Collection) -> int:
    """Return which hold staff were shown; -1 for what no page says."""
    seen = request.POST.get(f"generation_{collection.pk}", "")
    return int(seen) if seen.isascii() and seen.isdigit() else -1


@admin.register(SpotCheck)
class SpotCheckAdmin(ReadOnlyAdmin):
    """List the spot checks of collections with what they found."""

    list_display = (
        "began_at",
        "collection",
        "connection",
        "checked",
        "differing",
        "missing",
        "population",
        "requests",
        "ended_at",
    )
    list_filter = (
        of(Connection, "collection__connection"),
        of(Collection, "collection"),
        FoundFilter,
    )
    list_select_related = ("collection__connection",)
    search_fields = ("collection__name", "collection__connection__account_name")
    show_full_result_count = False
    paginator = BoundedPaginator
    ordering = ("-began_at",)

    @admin.display(description="connection")
    def connection(self, check: SpotCheck) -> str:
        """Name the account that the collection is in."""
        return str(check.collection.connection)


class ItemChangeInline(LatestInline):
    """List what changed last in an item."""

    model = ItemChange
    of = "item"
    order_by = "-at"
    verbose_name_plural = "latest changes"
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
        "collection",
        "connection",
        "owner_address",
        "is_there",
        "remote_updated_at",
    )
    list_filter = (
        of(Connection, "connection"),
        of(Collection, "collection"),
        ProviderFilter,
        TypeFilter,
        DeletedFilter,
    )
    list_select_related = ("connection", "owner", "collection")
    # Only so that there is a search box; get_search_results does the work.
    search_fields = ("name",)
    search_help_text = "Every word must match; the beginning of a word is enough."
    show_full_result_count = False
    paginator = BoundedPaginator
    ordering = ("-id",)
    exclude = ("digest", "remote_url", "sort_name")
    readonly_fields = ("remote_page",)
    inlines = (ItemChangeInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        heavy = ("collection__schema", "collection__details", "collection__checkpoint")
        rows = super().get_queryset(request)
        return rows.defer("properties", "children", *heavy)

    @admin.display(description="owner", ordering="owner__email")
    def owner_address(self, item: Item) -> str:
        """Name the owner by their address."""
        return name_of(item.owner)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[ItemQuerySet, bool]:
        found: Any = queryset
        if search_term.strip():
            found = found.filter(pk__in=find_anybodys(search_term))
        return found, False

    @admin.display(description="there", boolean=True)
    def is_there(self, item: Item) -> bool:
        """Tell whether the item still exists at the provider."""
        return not item.is_deleted

    @admin.display(description="at the provider")
    def remote_page(self, item: Item) -> SafeString:
        """Link to the item where it comes from."""
        if not item.remote_url.startswith("https:"):
            return format_html("{}", item.remote_url or "-")
        return format_html(
            '<a href="{0}" rel="noreferrer">{0}</a>',
            item.remote_url,
        )

"""Share what the admin's pages have in common: facts to read, nothing to type."""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.admin.log import AuditedAdmin
from integrations.services.common.proof import RecentProof

# The colours of the stock admin's own messages, so that dark mode has them too.
TONE_CLASSES = {"ok": "success", "warn": "warning", "bad": "error"}


def badge(word: str, tone: str, state: str = "", code: str = "") -> SafeString:
    """Render a condition as a word with a colour beside it."""
    return format_html(
        '<span class="mooring-badge {}" data-state="{}" data-code="{}">{}</span>',
        TONE_CLASSES.get(tone, tone),
        state,
        code,
        word,
    )


def name_of(user: User | None) -> str:
    """Call a user by their address; user names are made up at sign-up."""
    return (user.email or user.get_username()) if user else ""


def pretty(value: Any) -> SafeString:
    """Render JSON so that it can be read: texts as a list, nothing as a dash."""
    if value in ({}, [], None):
        return format_html("{}", "-")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return format_html("{}", ", ".join(value))
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="mooring-json">{}</pre>', text)


def link_to(model: type[models.Model], pk: object, text: object) -> SafeString:
    """Render a link to the admin's page of a row, or the text if it has none."""
    if not admin.site.is_registered(model):
        return format_html("{}", text)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"  # noqa: SLF001 (the documented name)
    return format_html('<a href="{}">{}</a>', reverse(name, args=(pk,)), text)


def proof_of(request: HttpRequest) -> RecentProof:
    """Return the proof of who asks: nobody is here without a second factor."""
    return RecentProof(user=cast(User, request.user))


class BoundedPaginator(Paginator):
    """Count only as far as anyone turns pages; a table may hold millions."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or the limit when there are more."""
        return min(self._counted, self.LIMIT)

    @property
    def count_text(self) -> str:
        """Return the number of rows in words that are true of more than the limit."""
        is_more = self._counted > self.LIMIT
        return f"{self.count:,}{'+' if is_more else ''}"

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return rows.order_by()[: self.LIMIT + 1].count()
        return len(rows)


class GuardedAdmin(AuditedAdmin):
    """Look up nothing in an address but the filters that the list itself shows.

    The stock admin takes any lookup of any column, hidden ones too: whoever may only
    view could spell out a secret by its first letters, or hang a worker by a regular
    expression.
    """

    def lookup_allowed(
        self, lookup: str, value: str, request: HttpRequest | None = None
    ) -> bool:
        return lookup in self._own_lookups(request)

    def _own_lookups(self, request: HttpRequest | None) -> Iterator[str]:
        filters = self.get_list_filter(request) if request else self.list_filter
        for each in filters:
            if isinstance(each, str):
                yield from (each, f"{each}__exact", f"{each}__isnull")
                yield f"{each}__id__exact"
            elif isinstance(each, type) and issubclass(each, admin.SimpleListFilter):
                yield str(each.parameter_name)


class ReadOnlyAdmin(GuardedAdmin):
    """Show rows that only the product itself writes; JSON so that it can be read."""

    actions: Any = None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [self._readable(name) for name in super().get_fields(request, obj)]

    def _readable(self, name: Any) -> Any:
        columns = {column.name: column for column in self.opts.fields}
        if not isinstance(columns.get(name), models.JSONField):
            return name
        words = str(columns[name].verbose_name)
        return admin.display(description=words)(lambda row: pretty(getattr(row, name)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """List related rows that only the product itself writes, the latest few."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> bool:
        return False


class LatestInline(ReadOnlyInline):
    """List the latest rows; an inline has no slice of its own."""

    MOST = 10
    # The column that names what the page is about, and the one that dates a row.
    of = "connection"
    order_by = ""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        shown = rows.filter(**{self.of: match.kwargs.get("object_id") if match else 0})
        latest = shown.order_by(self.order_by).values("pk")[: self.MOST]
        return rows.filter(pk__in=latest).order_by(self.order_by)

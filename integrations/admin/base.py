"""Share what the admin's pages have in common: facts to read, nothing to type."""

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

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


class BoundedPaginator(Paginator):
    """Count only as far as anyone turns pages; a table may hold millions."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or the limit when there are more."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return rows.order_by()[: self.LIMIT].count()
        return len(rows)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Show rows that only the product itself writes."""

    actions: Any = None

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

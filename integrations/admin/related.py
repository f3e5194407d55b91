"""Lead from a row to the lists of what hangs on it, and narrow those lists to it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from integrations.models.uuids import read_uuid


class OfFilter(admin.SimpleListFilter):
    """Narrow a list to one row that it hangs on; offered only by that row's page."""

    # The model of the row, and the column that leads to it.
    of: type[Model]
    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value() or ""
        return [(value, self._name(value))] if value else []

    def _name(self, value: str) -> str:
        key = read_uuid(value)
        row = self.of._default_manager.filter(pk=key).first() if key else None  # noqa: SLF001 (the documented name)
        return str(row) if row else value[:40]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        key = read_uuid(self.value() or "")
        return queryset.filter(**{self.column: key}) if key else queryset.none()


class SubjectFilter(OfFilter):
    """Narrow the audit to what it says of one row, whose key it has as a text."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        key = read_uuid(self.value() or "")
        return queryset.filter(subject=str(key)) if key else queryset.none()


def of(model: type[Model], column: str) -> type[OfFilter]:
    """Return the filter of a list by a row of a model, called as the model is."""
    name = str(model._meta.model_name)  # noqa: SLF001 (the documented name)
    facts = {"of": model, "column": column, "parameter_name": name, "title": name}
    kind = SubjectFilter if column == "subject" else OfFilter
    return type("Of", (kind,), facts)


class LeadsToLists(ModelAdmin):
    """Show on the page of a row links to all lists that have a filter by it."""

    @admin.display(description="lists of it")
    def lists(self, row: Model) -> SafeString:
        """Render a link to each list of what hangs on the row."""
        links = (
            (f"{reverse(name)}?{urlencode({parameter: row.pk})}", text)
            for name, parameter, text in self._lists()
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', links) or SafeString("-")

    def _lists(self) -> Iterator[tuple[str, str, str]]:
        for model, each in self.admin_site._registry.items():  # noqa: SLF001 (the only list of them)
            meta = model._meta  # noqa: SLF001 (the documented name)
            name = f"admin:{meta.app_label}_{meta.model_name}_changelist"
            for known in each.list_filter:
                if parameter := _parameter(known, self.model):
                    plural = str(meta.verbose_name_plural).capitalize()
                    yield name, parameter, plural


def _parameter(known: Any, model: type[Model]) -> str:
    """Return by which parameter a filter narrows to a row of a model, if it does."""
    is_ours = isinstance(known, type) and issubclass(known, OfFilter)
    return str(known.parameter_name) if is_ours and known.of is model else ""

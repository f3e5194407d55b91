"""Offer the actions of a list as buttons on the page of one row."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST


class ActionButtons(admin.ModelAdmin):
    """Run a list's action on the one row that is shown, and come back to it.

    The actions are the list's own, so what they ask of permissions and what they
    log is the same from either place.
    """

    change_form_template = "admin/integrations/change_form_with_buttons.html"

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act_view))
        name = self._name("act").removeprefix("admin:")
        return [path("<path:object_id>/act/", act, name=name), *super().get_urls()]

    def _name(self, page: str) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        offered: dict[str, Any] = self.get_actions(request)
        context = {
            **(extra_context or {}),
            "buttons": [{"name": n, "label": offered[n][2]} for n in offered],
            "act_url": reverse(self._name("act"), args=(object_id,)),
        }
        return super().change_view(request, object_id, form_url, context)

    def act_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Run one action on one row."""
        row = self.get_object(request, object_id)
        if row is None:
            return redirect("admin:index")
        action = self.get_actions(request).get(request.POST.get("action", ""))
        if action is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        run: Any = action[0]
        answer: HttpResponseBase | None = run(
            self, request, self.get_queryset(request).filter(pk=row.pk)
        )
        if answer is None and self.get_object(request, object_id) is None:
            # Some acts are the end of a row.
            return redirect(self._name("changelist"))
        return answer or redirect(self._name("change"), object_id)

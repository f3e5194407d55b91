"""Do to rows what staff choose from a list: queued, logged, reported."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from integrations.admin.base import proof_of
from integrations.services.connections.staff.acting import Act, Actor

# What the page that asks once more sends, when the answer is yes.
CONFIRMED = "confirmed"


def confirm(
    admin: "ModelAdmin[Any]",
    request: HttpRequest,
    chosen: "QuerySet[Any]",
    act: Act,
    *,
    action: str,
    title: str,
) -> TemplateResponse:
    """Ask once more before an act that cannot be undone, and show what it is about.

    The page is the template of the action's name in the folder of the model.
    """
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "warning": act.warning,
        "action": action,
        "rows": chosen,
        "opts": admin.opts,
    }
    template = f"admin/integrations/{admin.opts.model_name}/{action}.html"
    return TemplateResponse(request, template, context)


def perform(
    request: HttpRequest, chosen: Iterable[Model], act: Act, **choices: Any
) -> None:
    """Do an act to each row, and report the counts."""
    actor = Actor(
        user=cast(User, request.user),
        request=request,
        proof=proof_of(request),
        choices=choices,
    )
    counts: dict[str, int] = {}
    for row in list(chosen):
        outcome = act.perform(row, actor).text
        counts[outcome] = counts.get(outcome, 0) + 1
    for outcome, count in counts.items():
        messages.info(request, f"{act.name.capitalize()}: {count} {outcome}.")

"""Do to rows what staff choose from a list: queued, logged, reported."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest

from integrations.admin.base import proof_of
from integrations.services.connections.staff.acting import Act, Actor


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

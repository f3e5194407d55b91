"""Let a person decide about deletions that were too many to be believed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integrations.models import Collection
from integrations.services import audit, sweeping
from integrations.views.access import person


@require_POST
def collection_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hide the items that a full reading did not find."""
    collection = _get_held(request, pk)
    hidden = sweeping.approve_held(collection)
    audit.record(
        "deletions.approved", user=person(request), subject=pk, request=request
    )
    messages.success(request, f"{collection}: {hidden:,} items are marked as gone.")
    return redirect(collection.connection)


@require_POST
def collection_discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep the items that a full reading did not find."""
    collection = _get_held(request, pk)
    sweeping.discard_held(collection)
    audit.record(
        "deletions.discarded", user=person(request), subject=pk, request=request
    )
    messages.success(request, f"{collection}: the items stay, and are looked up again.")
    return redirect(collection.connection)


def _get_held(request: HttpRequest, pk: UUID) -> Collection:
    own = Collection.objects.filter(connection__owner=person(request))
    return get_object_or_404(
        own.select_related("connection").exclude(held_deletions={}), pk=pk
    )

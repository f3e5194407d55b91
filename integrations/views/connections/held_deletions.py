"""Approve or discard deletions that were too many to be applied by themselves."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from integrations.models import Collection
from integrations.models.messages.wording import count_text
from integrations.services.common import audit
from integrations.services.sync.deletions import held_deletions
from integrations.views.access import UserRequest, get_collection

# Python refuses to read numbers of thousands of digits.
MOST_DIGITS = 12
NO_HOLD = -1


@require_POST
def collection_approve(request: UserRequest, pk: UUID) -> HttpResponse:
    """Approve held deletions: the items are soft-deleted."""
    collection = get_collection(request, pk)
    deleted = held_deletions.approve(collection, generation=_decided_about(request))
    if deleted is None:
        return _too_late(request, collection)
    audit.record("deletions.approved", user=request.user, subject=pk, request=request)
    marked = count_text(deleted, "item", verb=("is", "are"))
    messages.success(request, f"{collection}: {marked} marked as deleted.")
    return redirect(collection.connection)


@require_POST
def collection_discard(request: UserRequest, pk: UUID) -> HttpResponse:
    """Discard held deletions: the items stay."""
    collection = get_collection(request, pk)
    if not held_deletions.discard(collection, generation=_decided_about(request)):
        return _too_late(request, collection)
    audit.record("deletions.discarded", user=request.user, subject=pk, request=request)
    messages.success(request, f"{collection}: the items stay, and are looked up again.")
    return redirect(collection.connection)


def _decided_about(request: UserRequest) -> int | None:
    """Return which hold the user saw; a form without one means the present one.

    Nonsense is none that there ever was.
    """
    sent = request.POST.get("generation", "")
    if not sent:
        return None
    is_number = sent.isascii() and sent.isdecimal() and len(sent) < MOST_DIGITS
    return int(sent) if is_number else NO_HOLD


def _too_late(request: UserRequest, collection: Collection) -> HttpResponse:
    messages.warning(
        request,
        f"{collection}: what waited there has changed or is being read again,"
        " and nothing was done. Look at it once more.",
    )
    return redirect(collection.connection)

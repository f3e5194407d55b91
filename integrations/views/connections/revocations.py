"""Show a user the grants that could not be ended for them, until they have done it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integrations.models import FailedRevocation
from integrations.providers import SPECS
from integrations.services.grants import failed_revocations
from integrations.views.access import UserRequest


def failed_revocations_of(user: User) -> list[dict[str, Any]]:
    """Return what is shown of each: where it is, and where it can be ended."""
    return [_shown(failed) for failed in failed_revocations.shown_to(user)]


def _shown(failed: FailedRevocation) -> dict[str, Any]:
    spec = SPECS.get(failed.provider)
    return {
        "pk": failed.pk,
        "provider": spec.name if spec else failed.provider.title(),
        "account": failed.account_name,
        "url": spec.manage_url_of(failed.account_id) if spec else "",
        "is_uninstall": failed.is_uninstall,
        "is_not_offered": failed.error == failed_revocations.NOT_OFFERED,
    }


@require_POST
def revocation_dismiss(request: UserRequest, pk: UUID) -> HttpResponse:
    """Forget one that its owner has ended at the provider."""
    failed = get_object_or_404(FailedRevocation, pk=pk, owner=request.user)
    failed_revocations.dismiss(failed, actor=request.user)
    messages.success(request, "Good. We do not ask about it any more.")
    return redirect("integrations:connection-list")

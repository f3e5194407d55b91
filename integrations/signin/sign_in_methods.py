"""Page of the ways to sign in that a password reset has turned off."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from integrations.admin_site import has_passed_second_factor
from integrations.models import SuspendedSignInMethod
from integrations.services.connections import sign_in_methods as service
from integrations.views.access import UserRequest, proof_required

PROVIDER = SuspendedSignInMethod.Kind.PROVIDER
PAGE = "integrations:sign-in-methods"
REPLACED = "You have set up a new one of this kind. Remove that one first."
OLD_FACTOR_FIRST = (
    "Turn on one of the second factors from before the password reset and use it "
    "first, or ask another administrator to delete them."
)


def must_pass_old_factor(request: HttpRequest, user: User) -> bool:
    """Tell whether staff have yet to use a second factor from before a reset.

    Otherwise whoever reads their mail would get into the administration, by a reset
    and a second factor of their own.
    """
    factors = service.suspended(user).exclude(kind=PROVIDER)
    return user.is_staff and not has_passed_second_factor(request) and factors.exists()


@require_safe
def sign_in_methods(request: UserRequest) -> HttpResponse:
    """Show what is off, each with the buttons that it has."""
    context = {
        "methods": service.suspended(request.user),
        "may_delete": not must_pass_old_factor(request, request.user),
    }
    return render(request, "account/sign_in_methods.html", context)


@require_POST
@proof_required
def resume(request: UserRequest, pk: UUID) -> HttpResponse:
    """Turn one of them on again."""
    method = get_object_or_404(service.suspended(request.user), pk=pk)
    try:
        service.resume(method, proof=request.proof)
    except service.AlreadyReplacedError:
        messages.warning(request, REPLACED, extra_tags="already_replaced")
    else:
        messages.success(request, f"{method} is on again.", extra_tags="resumed")
    return redirect(PAGE)


@require_POST
@proof_required
def discard(request: UserRequest, pk: UUID) -> HttpResponse:
    """Delete one of them for good."""
    factors = service.suspended(request.user).exclude(kind=PROVIDER)
    method = get_object_or_404(factors, pk=pk)
    if must_pass_old_factor(request, request.user):
        messages.warning(request, OLD_FACTOR_FIRST, extra_tags="old_factor_first")
        return redirect(PAGE)
    service.discard(method, proof=request.proof)
    messages.success(request, f"{method} is deleted.", extra_tags="deleted")
    return redirect(PAGE)

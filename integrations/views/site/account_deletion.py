"""Delete an account, after a proof of who asks and a confirmation."""

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.forms import DeleteAccountForm
from integrations.models import Connection
from integrations.providers import SPECS
from integrations.services.common.errors import LastAdministratorError
from integrations.services.connections import account_deletion
from integrations.services.connections.counts import with_item_count
from integrations.views.access import UserRequest, proof_required

LAST_ADMINISTRATOR = (
    "You are the only administrator of this site. Make somebody else one first."
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proof_required
def account_delete(request: UserRequest) -> HttpResponse:
    """Show what goes with the account, then shut it and begin to erase it."""
    user = User.objects.get(username=request.user.get_username())
    address = user.email or user.get_username()
    sent = request.POST if request.method == "POST" else None
    form = DeleteAccountForm(sent, expected=address)
    if not form.is_valid():
        connections = with_item_count(Connection.objects.owned_by(user))
        context = {
            "form": form,
            "address": address,
            "connections": connections,
            "untold": _untold(connections),
        }
        status = 400 if form.is_bound else 200
        return render(request, "account/delete.html", context, status=status)
    try:
        account_deletion.erase(user, proof=request.proof)
    except LastAdministratorError:
        messages.error(request, LAST_ADMINISTRATOR)
        return redirect("integrations:account-delete")
    # Nobody any more: the account may be gone before its sign-out could be noted.
    request.user = AnonymousUser()  # type: ignore[assignment]  # from here on
    logout(request)
    messages.success(
        request, "Your account is shut, and what it held is being erased. Goodbye."
    )
    return redirect("integrations:home")


def _untold(connections: Iterable[Connection]) -> str:
    """Return the names of the providers that cannot be told that a grant has ended."""
    specs = [SPECS.get(each.provider) for each in connections if each.is_connected]
    names = {spec.name for spec in specs if spec is not None and not spec.revoke_path}
    return " and ".join(sorted(names))

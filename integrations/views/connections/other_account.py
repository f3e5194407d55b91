"""Ask about a reconnection that came back with another account."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from integrations.models import Connection
from integrations.services.connections import disconnect
from integrations.views.access import UserRequest, get_connection, proof_required


@require_http_methods(["GET", "HEAD", "POST"])
def connection_other_account(
    request: UserRequest, pk: UUID, wanted: UUID
) -> HttpResponse:
    """Accept both accounts, or disconnect the new one."""
    new, old = get_connection(request, pk), get_connection(request, wanted)
    if request.method != "POST":
        context = {"connection": new, "wanted": old}
        return render(request, "connections/connection_other_account.html", context)
    if request.POST.get("choice") == "remove" and new.is_connected:
        return _remove(request, new, old)
    messages.success(request, f"{new} stays beside {old}.")
    return redirect(new)


@proof_required
def _remove(request: UserRequest, new: Connection, old: Connection) -> HttpResponse:
    disconnect.disconnect(
        new, actor=request.user, keep_items=False, proof=request.proof
    )
    messages.info(request, f"{new} is disconnected again; {old} is as it was.")
    return redirect(old)

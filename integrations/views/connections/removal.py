"""Remove a disconnected connection, after asking."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from integrations.models import Connection
from integrations.services.connections import disconnect
from integrations.services.items.own_columns import store as own_columns
from integrations.views.access import UserRequest, get_connection, proof_required


@require_http_methods(["GET", "HEAD", "POST"])
def connection_remove(request: UserRequest, pk: UUID) -> HttpResponse:
    """Say what goes and ask, then delete a disconnected connection for good."""
    connection = get_connection(request, pk)
    if connection.is_connected:
        messages.info(request, f"{connection} is connected: disconnect it first.")
        return redirect(connection)
    if not connection.is_removable:
        messages.info(request, f"{connection} is being removed already.")
        return redirect("integrations:connection-list")
    if request.method == "POST":
        return _remove(request, connection)
    context = {
        "connection": connection,
        "own_value_count": own_columns.count_values(connection),
    }
    return render(request, "connections/connection_remove.html", context)


@proof_required
def _remove(request: UserRequest, connection: Connection) -> HttpResponse:
    name = str(connection)
    if not disconnect.remove(
        connection,
        proof=request.proof,
        delete_own_columns=bool(request.POST.get("own_columns")),
    ):
        messages.info(request, f"{name} has been connected again meanwhile.")
        return redirect(connection)
    if connection.is_moved:
        messages.success(request, f"The items of {name} are erased here.")
    elif Connection.objects.filter(pk=connection.pk).exists():
        messages.success(request, f"{name} is being removed. It goes by itself.")
    else:
        messages.success(request, f"{name} is removed.")
    return redirect("integrations:connection-list")

"""Pause a connection, and decide what becomes of changes that wait in it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from integrations.forms import DISCARD, WaitingEditsForm
from integrations.services.connections import settings as service
from integrations.services.writing import waiting as waiting_changes
from integrations.views.access import UserRequest, get_connection


@require_POST
def connection_pause(request: UserRequest, pk: UUID) -> HttpResponse:
    """Stop reading a connection; ask first what becomes of changes that wait."""
    connection = get_connection(request, pk)
    if not connection.is_syncable:
        return redirect(connection)
    waiting = waiting_changes.count(connection)
    form = WaitingEditsForm(request.POST, waiting=waiting)
    if not form.is_valid():
        context = {"connection": connection, "waiting_edits": waiting}
        return render(request, "connections/connection_pause.html", context)
    service.pause(connection, actor=request.user)
    if form.cleaned_data["edits"] == DISCARD:
        waiting_changes.discard(connection, user=request.user)
    messages.success(request, f"{connection} is paused. Its items stay here.")
    return redirect(connection)

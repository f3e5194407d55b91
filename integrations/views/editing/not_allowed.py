"""Answer who would change what cannot be changed now, and lead on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from integrations.models import Collection
from integrations.views.access import UserRequest


def not_allowed(request: UserRequest, collection: Collection) -> HttpResponse:
    """Lead to where what is missing is given: a grant, a permission, or the switch."""
    connection = collection.connection
    address = connection.get_absolute_url()
    if not connection.is_connected:
        text = f"{connection} is disconnected. Reconnect it to change anything there."
        messages.warning(request, text, extra_tags="not_connected")
        return redirect(address)
    code, text = "editing_off", f"Switch on editing for {connection} first."
    if connection.is_editing:
        code, name = "not_permitted", connection.provider_name
        text = f"{name} does not permit to change {connection}. Ask for it first."
    messages.warning(request, text, extra_tags=code)
    return redirect(f"{address}#editing")

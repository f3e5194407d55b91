"""Let a user see the keyboard shortcuts, and switch them off."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from integrations.forms import KeyboardForm
from integrations.models.accounts.preferences import preferences_of
from integrations.views.access import UserRequest


@require_http_methods(["GET", "HEAD", "POST"])
def keyboard(request: UserRequest) -> HttpResponse:
    """Show the shortcuts, and set whether there are any."""
    chosen = preferences_of(request.user)
    chosen.user = request.user
    if request.method == "POST":
        KeyboardForm(request.POST, instance=chosen).save()
        text = "on" if chosen.has_shortcuts else "off"
        messages.success(request, f"Keyboard shortcuts are {text}.")
        return redirect("integrations:keyboard")
    context = {"form": KeyboardForm(instance=chosen)}
    return render(request, "account/keyboard.html", context)

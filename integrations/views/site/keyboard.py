"""Let a user see the keyboard shortcuts, and switch them off."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from integrations.forms import KeyboardForm
from integrations.models.accounts.preferences import preferences_of
from integrations.views.access import UserRequest


@require_http_methods(["GET", "HEAD", "POST"])
def keyboard(request: UserRequest) -> HttpResponse:
    """Show the shortcuts, and set whether there are any.

    A page asks for what its dialog shows of them when somebody opens that.
    """
    if request.headers.get("HX-Target") == "shortcuts":
        return _answer(request, "partials/shortcuts_dialog.html")
    chosen = preferences_of(request.user)
    chosen.user = request.user
    if request.method == "POST":
        KeyboardForm(request.POST, instance=chosen).save()
        text = "on" if chosen.has_shortcuts else "off"
        messages.success(request, f"Keyboard shortcuts are {text}.")
        return redirect("integrations:keyboard")
    return _answer(request, "account/keyboard.html", form=KeyboardForm(instance=chosen))


def _answer(request: UserRequest, template: str, **context: object) -> HttpResponse:
    """Return one of two answers that have one address."""
    response = render(request, template, context)
    patch_vary_headers(response, ("HX-Target",))
    return response

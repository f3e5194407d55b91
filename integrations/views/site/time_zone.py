"""Let a user choose the time zone that every time is shown in."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from integrations.forms import TimeZoneForm
from integrations.models import Preferences
from integrations.models.accounts.preferences import to_zone
from integrations.views.access import UserRequest

# Written by static/js/site.js.
ZONE_COOKIE = "tz"


def browser_zone(request: HttpRequest) -> ZoneInfo | None:
    """Return the time zone that the browser has told, if any."""
    return to_zone(request.COOKIES.get(ZONE_COOKIE, ""))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def time_zone(request: UserRequest) -> HttpResponse:
    """Show and set the time zone of the account."""
    stored = Preferences.objects.filter(user=request.user).first()
    form = TimeZoneForm(
        request.POST if request.method == "POST" else None,
        browser=browser_zone(request),
        initial={"time_zone": stored.time_zone if stored else ""},
    )
    if request.method == "POST" and form.is_valid():
        Preferences.objects.update_or_create(
            user=request.user, defaults={"time_zone": form.cleaned_data["time_zone"]}
        )
        messages.success(request, "The time zone is saved.")
        return redirect("integrations:time-zone")
    status = 400 if form.is_bound else 200
    context = {"form": form, "now": timezone.now()}
    return render(request, "account/time_zone.html", context, status=status)

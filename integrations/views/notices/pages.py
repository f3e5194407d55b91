"""Let a user choose what they are mailed of, and see what they were."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from integrations.forms import NoticeForm
from integrations.models import NoticeSettings
from integrations.services.notices import addresses, history, quiet
from integrations.views import paging
from integrations.views.access import UserRequest
from integrations.views.site.time_zone import browser_zone


def settings_of(request: UserRequest) -> NoticeSettings:
    """Return what the user has chosen, and the zone that their browser tells."""
    stored = NoticeSettings.objects.filter(user=request.user).first()
    chosen = stored or NoticeSettings(user=request.user)
    zone = browser_zone(request)
    if zone is not None:
        chosen.browser_zone = zone.key
    return chosen


def save(form: NoticeForm) -> None:
    """Save what a form asks for and the zone; the others may have changed meanwhile."""
    chosen, columns = form.instance, [*form.cleaned_data, "browser_zone"]
    values = {name: getattr(chosen, name) for name in columns}
    NoticeSettings.objects.update_or_create(user=chosen.user, defaults=values)


def how_mailed(user: User) -> dict[str, bool]:
    """Return whether mail leaves the site, and whether it goes to the user."""
    is_proven = bool(user.email) and not addresses.unproven([user.pk])
    return {"is_mail_delivered": settings.IS_MAIL_DELIVERED, "is_proven": is_proven}


@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: UserRequest) -> HttpResponse:
    """Show and set what the user is mailed of, and when."""
    chosen = settings_of(request)
    sent = request.POST if request.method == "POST" else None
    form = NoticeForm(sent, instance=chosen)
    if sent is not None and form.is_valid():
        save(form)
        messages.success(request, "Saved.")
        return redirect("integrations:notices")
    context = {
        **paging.make_context(request.GET, history.told(request.user)),
        "form": form,
        "zone": quiet.zone_for(settings_of(request)).key,
        "now": timezone.now(),
        **how_mailed(request.user),
    }
    status = 400 if form.is_bound else 200
    return render(request, "notices/notices.html", context, status=status)


@require_POST
def notice_test(request: UserRequest) -> HttpResponse:
    """Send the user a test mail."""
    if not request.user.email:
        messages.error(request, "Your account has no e-mail address.")
    elif addresses.unproven([request.user.pk]):
        told = "Your e-mail address is not verified, so nothing is mailed to it."
        messages.error(request, told)
    elif history.order_test(request.user):
        told = f"A test mail is on its way to {request.user.email}."
        messages.success(request, f"{told} Below you see whether it was sent.")
    else:
        messages.warning(request, "There was a test a moment ago. Wait a minute.")
    return redirect("integrations:notices")

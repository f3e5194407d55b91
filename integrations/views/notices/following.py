"""Let a user follow items and views, and choose when a digest tells of them."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from integrations.forms import DigestForm
from integrations.models import Item, SavedView
from integrations.services.items.saved_views import store
from integrations.services.notices import quiet
from integrations.services.notices.following import follows as service
from integrations.views.access import UserRequest
from integrations.views.items.origins import page_of
from integrations.views.notices.pages import how_mailed, settings_of

UNFOLLOW = "unfollow"


@require_http_methods(["GET", "HEAD", "POST"])
def following(request: UserRequest) -> HttpResponse:
    """Show what the user follows, and set when its digest is mailed."""
    chosen = settings_of(request)
    sent = request.POST if request.method == "POST" else None
    form = DigestForm(sent, instance=chosen)
    if sent is not None and form.is_valid():
        service.choose(form.save(commit=False))
        messages.success(request, "Saved.")
        return redirect("integrations:following")
    stored = settings_of(request)
    context = {
        "form": form,
        "rows": list(service.followed(request.user)),
        "next_at": stored.digest_due_at,
        "zone": quiet.zone_for(stored).key,
        "now": timezone.now(),
        **how_mailed(request.user),
    }
    status = 400 if form.is_bound else 200
    return render(request, "notices/following.html", context, status=status)


@require_POST
def item_follow(request: UserRequest, pk: UUID) -> HttpResponse:
    """Follow an item of the user's own, or no more."""
    item = get_object_or_404(Item.objects.owned_by(request.user), uuid=pk)
    return _change(request, item)


@require_POST
def view_follow(request: UserRequest, pk: UUID) -> HttpResponse:
    """Follow a saved view that the user may open, or no more."""
    view = get_object_or_404(store.visible_to(request.user), pk=pk)
    return _change(request, view)


def _change(request: UserRequest, target: Item | SavedView) -> HttpResponse:
    name = str(target)
    if request.POST.get("action") == UNFOLLOW:
        service.unfollow(request.user, target)
        messages.success(request, f"You no longer follow “{name}”.")
        return redirect(_back(request, target))
    try:
        service.follow(request.user, target)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, f"You follow “{name}”. {_how_told(request.user)}")
    return redirect(_back(request, target))


def _how_told(user: User) -> str:
    mailed = how_mailed(user)
    if not service.has_digest(user):
        return "Your digest is off, so nothing is mailed: see Following in your menu."
    if not mailed["is_proven"]:
        return "Nothing is mailed until you have an e-mail address that is verified."
    if not mailed["is_mail_delivered"]:
        return "This site has no mail server: Notices says what would be mailed."
    return "Its changes are mailed to you; Following in your menu says when."


def _back(request: UserRequest, target: Item | SavedView) -> str:
    """Return the page of ours that the form stood on, else that of the target."""
    told = str(request.POST.get("back", ""))
    is_ours = url_has_allowed_host_and_scheme(told, allowed_hosts=None)
    if is_ours and told.startswith("/"):
        return told
    if isinstance(target, Item):
        return page_of(request, target)
    return target.get_absolute_url()

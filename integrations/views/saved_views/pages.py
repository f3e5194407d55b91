"""Make, change, copy and delete saved views."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from integrations.forms import SavedViewForm, ViewNameForm
from integrations.models import SavedView, ViewFeed
from integrations.services.items.saved_views import fitting, store
from integrations.views.access import UserRequest
from integrations.views.saved_views.lists import find_list

LACKING = (
    "Nothing was saved: this list lacks a filter that was asked for."
    " Go on without that filter first."
)


def get_view(request: UserRequest, pk: UUID) -> SavedView:
    """Return a view of the user's own, or answer 404."""
    return get_object_or_404(SavedView, pk=pk, owner=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def view_create(request: UserRequest) -> HttpResponse:
    """Keep what a list shows under a name, but for one that lacks a filter.

    A view of that one would show rows that nobody asked for, and say nothing of it.
    """
    found = find_list(request)
    form = ViewNameForm(
        request.POST if request.method == "POST" else None,
        initial={"name": request.GET.get("name", "")},
    )
    if request.method == "POST" and form.is_valid() and not found.left_out:
        name = form.cleaned_data["name"]
        try:
            view = store.create(request.user, found.collection, name, found.taken)
        except ValidationError as refused:
            form.add_error("name", refused)
        else:
            messages.success(request, f"The view “{view}” is saved.")
            return redirect(view)
    whole = urlencode({"back": found.whole_url, "name": form["name"].value() or ""})
    context = {
        "form": form,
        "back": found.url,
        "collection": found.collection,
        "left_out": found.left_out,
        "without_url": f"{reverse('integrations:view-create')}?{whole}",
        "not_kept": found.not_kept,
    }
    status = 400 if form.is_bound else 200
    return render(request, "saved_views/view_create.html", context, status=status)


@require_POST
def view_save(request: UserRequest, pk: UUID) -> HttpResponse:
    """Keep what the list shows now in the view that is open."""
    view, found = get_view(request, pk), find_list(request)
    if not fitting.is_of_list(view, found.collection):
        messages.error(request, "This view is of another list, so nothing was saved.")
        return redirect(found.url)
    if found.left_out:
        messages.error(request, LACKING, extra_tags="left_out")
        return redirect(found.url)
    try:
        store.overwrite(view, found.taken)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(found.url)
    messages.success(request, f"The view “{view}” is saved.")
    return redirect(view)


@require_http_methods(["GET", "HEAD", "POST"])
def view_edit(request: UserRequest, pk: UUID) -> HttpResponse:
    """Rename a view, let its list open with it, share it."""
    view = get_view(request, pk)
    form = SavedViewForm(
        request.POST if request.method == "POST" else None,
        initial={
            "name": view.name,
            "is_default": view.is_default,
            "is_shared": view.is_shared,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            store.change(view, user=request.user, **form.cleaned_data)
        except ValidationError as refused:
            is_raced = refused.code == store.DEFAULT_TAKEN_CODE
            form.add_error("is_default" if is_raced else "name", refused)
        else:
            messages.success(request, f"The view “{view}” is saved.")
            return redirect("integrations:view-edit", view.pk)
    stored = get_view(request, pk)
    context = {
        "form": form,
        "view": stored,
        "feed": ViewFeed.objects.filter(view=stored).first(),
        "link": request.build_absolute_uri(stored.get_absolute_url()),
    }
    status = 400 if form.is_bound else 200
    return render(request, "saved_views/view_edit.html", context, status=status)


@require_POST
def view_duplicate(request: UserRequest, pk: UUID) -> HttpResponse:
    """Make a copy of a view."""
    try:
        copy = store.duplicate(get_view(request, pk))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("integrations:view-edit", pk)
    messages.success(request, f"This is “{copy}” now. Give it a name of its own.")
    return redirect("integrations:view-edit", copy.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def view_delete(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask, then delete a view; the items that it showed stay."""
    view = get_view(request, pk)
    if request.method != "POST":
        return render(request, "saved_views/view_delete.html", {"view": view})
    found = [] if view.is_of_all_items else fitting.find_collections(view, request.user)
    view.delete()
    messages.success(request, f"The view “{view}” is deleted.")
    if found:
        return redirect("integrations:table", found[0].pk)
    return redirect("integrations:item-list")

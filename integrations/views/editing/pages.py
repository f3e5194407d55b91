"""Edit, create and archive items, and show what becomes of it."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from integrations.models import Collection, Edit, Item
from integrations.models.uuids import read_uuid
from integrations.services.common.errors import ConnectorError
from integrations.services.items import described
from integrations.services.items.relations import links
from integrations.services.writing import conflicts, editing, outbox, waiting
from integrations.services.writing.outbox import EditingOffError, NothingToUndoError
from integrations.services.writing.undo import discarding, undo_one
from integrations.views.access import UserRequest, get_collection, get_connection
from integrations.views.editing import status
from integrations.views.editing.form import ItemForm
from integrations.views.editing.not_allowed import not_allowed
from integrations.views.editing.shown import Shown, StaleFormError
from integrations.views.items.origins import onward, origin_of, page_of
from integrations.views.items.parts.values import show

FORM = ["GET", "HEAD", "POST"]
MINE = "mine"
STALE = "The form was too old: look at the values and save again."


def _item(request: UserRequest, pk: UUID) -> Item:
    """Return an item of the user's own that may be edited, or answer 404."""
    own = Item.objects.owned_by(request.user).live()
    rows = own.select_related("connection", "collection__connection")
    item = get_object_or_404(rows, uuid=pk)
    item.collection.connection = item.connection
    if not editing.is_writable(item.collection):
        raise Http404("nothing to edit")
    return item


def _edit(request: UserRequest, pk: UUID) -> Edit:
    rows = Edit.objects.filter(connection__owner=request.user).select_related(
        "connection", "collection__connection", "item__collection__connection"
    )
    return get_object_or_404(rows, uuid=pk)


@require_http_methods(FORM)
def item_edit(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show an item's values in a form, and take what was changed."""
    item = _item(request, pk)
    if not editing.can_write(item.collection):
        return not_allowed(request, item.collection)
    earlier = _corrected(request, item.collection, item)
    try:
        form = _form(request, item.collection, outbox.shown_values(item), earlier)
    except StaleFormError:
        messages.warning(request, STALE, extra_tags="stale_form")
        return redirect(onward(origin_of(request, item), "item-edit", item.uuid))
    if request.method == "POST" and form.is_valid():
        return _take_update(request, item, form, earlier)
    context = {"item": item, "read_only": _read_only(item)}
    context |= {"origin": origin_of(request, item), "cancel": page_of(request, item)}
    return _show_form(request, item.collection, form, earlier, context)


def _take_update(
    request: UserRequest, item: Item, form: ItemForm, earlier: Edit | None
) -> HttpResponse:
    changes, key, user = form.changes(), form.cleaned_data["key"], request.user
    # It is sent after both: no worker ends an edit whose place is not its own yet.
    with transaction.atomic():
        edit = outbox.update(item, changes, form.shown.values, user=user, key=key)
        _settle(request, earlier, edit)
    if edit is None:
        messages.info(request, "Nothing was changed.", extra_tags="unchanged")
        return redirect(page_of(request, item))
    return redirect(f"{page_of(request, item)}#edits")


@require_http_methods(FORM)
def item_create(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show an empty form, and take a new item."""
    collection = get_collection(request, pk)
    if not editing.is_writable(collection):
        raise Http404("nothing to create")
    if not editing.can_write(collection):
        return not_allowed(request, collection)
    earlier = _corrected(request, collection)
    try:
        form = _form(request, collection, {}, earlier, is_new=True)
    except StaleFormError:
        messages.warning(request, STALE, extra_tags="stale_form")
        return redirect("integrations:item-create", collection.pk)
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"]
        with transaction.atomic():
            edit = outbox.create(collection, form.changes(), user=request.user, key=key)
            _settle(request, earlier, edit)
        return redirect(edit)
    context = {"cancel": collection.connection.get_absolute_url()}
    return _show_form(request, collection, form, earlier, context)


def _corrected(
    request: UserRequest, collection: Collection, item: Item | None = None
) -> Edit | None:
    """Return the refused edit that this form corrects, if the address names one."""
    key = read_uuid(request.GET.get("correct", ""))
    if key is None:
        return None
    rows = Edit.objects.filter(connection__owner=request.user, collection=collection)
    return rows.filter(uuid=key, state=Edit.State.REFUSED, item=item).first()


def _settle(request: UserRequest, earlier: Edit | None, edit: Edit | None) -> None:
    if earlier is not None:
        conflicts.correct(earlier, edit, user=request.user)


def _form(
    request: UserRequest,
    collection: Collection,
    values: Any,
    earlier: Edit | None,
    *,
    is_new: bool = False,
) -> ItemForm:
    """Return the form; raise StaleFormError for one that was altered."""
    writer = editing.writer_of(collection.connection)
    if writer is None:
        raise Http404("nothing writes there")
    fields = editing.fields_of(collection)
    if request.method == "POST":
        shown = Shown.read(request.POST.get("base", ""))
    else:
        shown = Shown.now({name: values.get(name) for name in fields}, fields)
    return ItemForm(
        request.POST if request.method == "POST" else None,
        writer=writer,
        fields=fields,
        shown=shown,
        typed=earlier.values if earlier else None,
        refused=earlier.refused if earlier else None,
        is_new=is_new,
    )


def _show_form(
    request: UserRequest,
    collection: Collection,
    form: ItemForm,
    earlier: Edit | None,
    context: dict[str, Any],
) -> HttpResponse:
    opened = request.GET.get("field", "")
    context |= {
        "connection": collection.connection,
        "collection": collection,
        "form": form,
        "sections": form.sections(opened),
        "other_refusals": form.other_refusals(),
        "earlier": earlier,
        "cancel_url": context["cancel"],
    }
    code = 400 if form.is_bound else 200
    return render(request, "editing/item_form.html", context, status=code)


def _read_only(item: Item) -> list[dict[str, Any]]:
    """Return the values of an item that nobody can write."""
    writable = editing.fields_of(item.collection)
    try:
        fields = described.describe(item.collection, item.properties, item=item.pk)
    except ConnectorError:
        return []
    fixed = [field for field in fields if field.name not in writable]
    linked = links.find(item, fixed)
    return [
        {"label": field.label, "value": show(field.value, linked)} for field in fixed
    ]


@require_http_methods(FORM)
def item_archive(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask, then take the archiving of an item."""
    item = _item(request, pk)
    if not editing.can_write(item.collection):
        return not_allowed(request, item.collection)
    if request.method == "POST":
        key = _key(request)
        outbox.archive(item, user=request.user, key=key)
        return redirect(f"{page_of(request, item)}#edits")
    context = {"item": item, "connection": item.connection, "key": uuid4()}
    context["origin"] = origin_of(request, item)
    return render(request, "editing/item_archive.html", context)


def _key(request: UserRequest) -> UUID:
    return read_uuid(request.POST.get("key", "")) or uuid4()


@require_safe
def edit_detail(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show how an edit goes, and what there is to decide."""
    return render(request, "editing/edit_detail.html", _context(request, pk))


@require_safe
def edit_live(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show what has changed on an open page of an edit."""
    context = {**_context(request, pk), "is_live": True}
    return render(request, "editing/edit_live.html", context)


def _context(request: UserRequest, pk: UUID) -> dict[str, Any]:
    edit = _edit(request, pk)
    shown = status.put_in_words(edit, request.user)
    origin = origin_of(request, edit.item) if edit.item else None
    return {
        "shown": shown,
        "edit": edit,
        "connection": edit.connection,
        "key": uuid4(),
        "origin": origin,
        "live_url": onward(origin, "edit-live", edit.uuid),
        "live_seconds": status.SECONDS_BUSY if edit.is_open else 0,
    }


def _after(request: UserRequest, edit: Edit) -> str:
    return page_of(request, edit.item) if edit.item else edit.get_absolute_url()


@require_POST
def edit_decide(request: UserRequest, pk: UUID) -> HttpResponse:
    """Send what the user still wants of an edit that met other values."""
    edit = _edit(request, pk)
    mine = {
        name: value
        for name, value in edit.values.items()
        if request.POST.get(f"choice.{name}") == MINE
    }
    try:
        conflicts.decide(edit, mine, user=request.user, key=_key(request))
    except EditingOffError:
        return not_allowed(request, edit.collection)
    except NothingToUndoError:
        messages.info(request, "This was decided already.", extra_tags="decided")
    return redirect(f"{_after(request, edit)}#edits")


@require_POST
def edit_discard(request: UserRequest, pk: UUID) -> HttpResponse:
    """Discard an edit that is not being sent now."""
    edit = _edit(request, pk)
    if discarding.cancel(edit, user=request.user):
        text = "The change is discarded."
        if edit.is_open and edit.may_have_arrived:
            text = "The change is not sent again; whether it arrived is looked for."
        messages.success(request, text, extra_tags="discarded")
    else:
        text = "The change is being sent now, or was ended already."
        messages.info(request, text, extra_tags="not_discarded")
    if edit.item is not None:
        return redirect(page_of(request, edit.item))
    return redirect(edit.connection)


@require_POST
def edit_undo(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take the user's own latest edit back."""
    edit = _edit(request, pk)
    try:
        undo_one.undo(edit, user=request.user, key=_key(request))
    except (NothingToUndoError, EditingOffError):
        text = "It cannot be undone any more: something newer is there."
        messages.warning(request, text, extra_tags="nothing_to_undo")
    return redirect(f"{_after(request, edit)}#edits")


@require_POST
def connection_editing(request: UserRequest, pk: UUID) -> HttpResponse:
    """Switch editing on or off; the provider is asked on the next page."""
    connection = get_connection(request, pk)
    on = request.POST.get("on") == "1"
    if on and not editing.is_offered(connection):
        raise Http404("nothing to edit")
    has_to_ask = editing.switch(connection, on=on, actor=request.user)
    if has_to_ask and connection.is_connected:
        path = reverse("integrations:connect", args=(connection.provider,))
        return redirect(f"{path}?connection={connection.pk}")
    if on:
        waiting.wake(connection)
    text = "Editing is on." if on else "Editing is off."
    messages.success(request, text, extra_tags="editing_on" if on else "editing_off")
    return redirect(f"{connection.get_absolute_url()}#editing")


@require_POST
def connection_discard_edits(request: UserRequest, pk: UUID) -> HttpResponse:
    """Discard all changes that a connection has not sent yet."""
    connection = get_connection(request, pk)
    waiting.discard(connection, user=request.user)
    text = status.discarded_text(connection)
    messages.success(request, text, extra_tags="discarded")
    return redirect(f"{connection.get_absolute_url()}#editing")
